import { describe, expect, test } from 'bun:test'
import type { Json } from '../../src/core/json.ts'
import { type Answer, chatStream } from '../../src/testing/fake-upstream.ts'
import { ask, chat } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'
import { ASKING_WIRES } from './wires/asking.ts'

const CONTINUE = { onBrokenStream: 'continue' }
const ABLE = { models: { first: { can: { prefill: true } }, second: { can: { prefill: true } } } }
const USAGE = { inputTokens: 10, outputTokens: 3 }

/** Says a beginning, and breaks. */
function broken(...pieces: readonly string[]): Answer {
  return chatStream({ pieces, cut: { afterFrames: 1 + pieces.length, by: 'reset' } })
}

function start(more: object = {}): Promise<Routed> {
  return startRouted({ route: CONTINUE, ...ABLE, ...more })
}

/** What the client of the chat wire has read. */
function textOf(frames: string): string {
  return [...frames.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, piece]) => JSON.parse(piece ?? '""') as string).join('')
}

describe('a route that goes on where a stream breaks', () => {
  test('has another target finish the text, and says so in the receipt', async () => {
    await using routed = await start()
    const { scenario } = routed
    routed.at('first').answer(broken('The answer ', 'is '))
    routed.at('second').answer(chatStream({ pieces: ['forty-', 'two.'], usage: USAGE }))
    const reply = await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(reply.status).toBe(200)
    expect(textOf(reply.text)).toBe('The answer is forty-two.')
    expect(reply.text.trimEnd()).toEndWith('data: [DONE]')
    expect(reply.text.match(/"role":"assistant"/g)).toHaveLength(1)
    expect(routed.at('second').requests[0]?.jsonObject().messages).toEqual([
      ...(chat().messages as Json[]),
      { role: 'assistant', content: 'The answer is' },
    ])
    const ended = await scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second', costNanoUsd: 50_000 })
    expect(ended.attemptLog).toMatchObject([
      { model: 'first', outcome: 'broken', errorCode: 'provider_truncated' },
      { model: 'second', outcome: 'ok', why: 'continues after provider_truncated' },
    ])
  })

  test('leaves out what the second target repeats', async () => {
    await using routed = await start()
    routed.at('first').answer(broken('Once upon a time there was'))
    routed.at('second').answer(chatStream({ pieces: ['a time there was a king.'] }))
    const reply = await ask(routed.scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(textOf(reply.text)).toBe('Once upon a time there was a king.')
  })

  test('does the same for a caller of the Messages wire', async () => {
    await using routed = await start()
    routed.at('first').answer(broken('Half of '))
    routed.at('second').answer(chatStream({ pieces: ['it all.'] }))
    const { dataUrl, key } = routed.scenario
    const body = { model: 'smart', max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'Go.' }] }
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
    const text = await (await fetch(`${dataUrl}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) })).text()
    expect([...text.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, piece]) => piece).join('')).toBe('Half of it all.')
    expect(text.match(/event: message_start/g)).toHaveLength(1)
    expect(text.match(/event: message_stop/g)).toHaveLength(1)
    expect(text).not.toContain('event: error')
  })

  test.each<[what: string, options: object, answer: Answer, body: object]>([
    [
      'there is a tool call',
      {},
      chatStream({ content: 'I ask.', toolCalls: [{ id: 'c', name: 'f', arguments: '{"a":1}' }], cut: { afterFrames: 3, by: 'reset' } }),
      {},
    ],
    ['JSON was asked for', {}, broken('{"a":'), { response_format: { type: 'json_object' } }],
    ['several answers were asked for', {}, broken('One'), { n: 2 }],
    [
      'no other target goes on with a text',
      { models: { first: { can: { prefill: true } }, second: { can: { prefill: false } } } },
      broken('One'),
      {},
    ],
    ['the route did not opt in', { route: {} }, broken('One'), {}],
  ])('ends with an error where %s', async (_what, options, answer, body) => {
    await using routed = await start(options)
    routed.at('first').answer(answer)
    const reply = await ask(routed.scenario, { body: chat({ model: 'smart', stream: true, ...body }) })
    expect(reply.text).toContain('"code":"provider_truncated"')
    expect(reply.text).not.toContain('[DONE]')
    expect(routed.at('second').requests).toHaveLength(0)
    await routed.scenario.expectCall({ outcome: 'broken', attempts: 1 })
  })

  const JSON_ASKED: Readonly<Record<string, object>> = {
    'openai-chat': { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } } },
    'openai-responses': { text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' } } } },
    'anthropic-messages': { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    gemini: { generationConfig: { responseMimeType: 'application/json' } },
  }
  const CALLING = chatStream({
    content: 'I ask.',
    toolCalls: [{ id: 'c', name: 'f', arguments: '{"a":1}' }],
    cut: { afterFrames: 3, by: 'reset' },
  })

  test.each(Object.entries(ASKING_WIRES))('ends with an error for a tool call or JSON in the wire %s', async (name, wire) => {
    for (const [answer, more] of [
      [CALLING, {}],
      [broken('{"a":'), JSON_ASKED[name] ?? {}],
    ] as const) {
      await using routed = await start()
      routed.at('first').answer(answer)
      const reply = await ask(routed.scenario, { path: wire.path(true), body: { ...wire.body(true), ...more } })
      expect([reply.status, reply.text.includes(wire.end), /error/.test(reply.text)]).toEqual([200, false, true])
      expect(routed.at('second').requests).toHaveLength(0)
      await routed.scenario.expectCall({ outcome: 'broken', attempts: 1, errorCode: 'provider_truncated' })
    }
  })

  test('ends with an error where the second target breaks too', async () => {
    await using routed = await start()
    routed.at('first').answer(broken('One '))
    routed.at('second').answer(broken('two '))
    const reply = await ask(routed.scenario, { body: chat({ model: 'smart', stream: true }) })
    expect(textOf(reply.text)).toBe('One two ')
    expect(reply.text).toContain('"code":"provider_truncated"')
    expect(reply.text).not.toContain('[DONE]')
    await routed.scenario.expectCall({ outcome: 'broken', attempts: 2, errorCode: 'provider_truncated' })
  })
})
