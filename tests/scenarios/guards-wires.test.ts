import { describe, expect, test } from 'bun:test'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { isObject } from '../../src/core/json.ts'
import { chatAnswer } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

const MAIL = 'ada.lovelace@example.com'
const CARD = '4111 1111 1111 1111'
const PIECES = ['I wrote to [EM', 'AIL_1] and not to bob@exa', 'mple.org, of ', '4111 1111 11', '11 1111.']
const TOOL_CALL = { id: 'call_1', name: 'send_mail', arguments: '{"to":"[EMAIL_1]","cc":"bob@example.org"}' }

/** A wire of callers: how a question is asked in it, and where its answers have their text. */
interface Wire {
  readonly name: string
  readonly path: string
  readonly streamPath?: string
  readonly body: (text: string) => JsonObject
  readonly streamField: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  /** The text of a whole reply, or of a frame. */
  readonly textOf: (value: JsonObject) => string
  readonly callOf: (value: JsonObject) => string
}

function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((each, step) => {
    if (Array.isArray(each)) return each[Number(step)] as Json
    return isObject(each) ? each[step] : undefined
  }, value)
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const WIRES: readonly Wire[] = [
  {
    name: 'openai-chat',
    path: '/v1/chat/completions',
    body: (content) => ({ model: 'mini', messages: [{ role: 'user', content }] }),
    streamField: { stream: true },
    textOf: (value) => text(at(value, 'choices', 0, 'message', 'content')) + text(at(value, 'choices', 0, 'delta', 'content')),
    callOf: (value) =>
      text(at(value, 'choices', 0, 'message', 'tool_calls', 0, 'function', 'arguments')) +
      text(at(value, 'choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments')),
  },
  {
    name: 'anthropic-messages',
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: (content) => ({ model: 'mini', max_tokens: 100, messages: [{ role: 'user', content: [{ type: 'text', text: content }] }] }),
    streamField: { stream: true },
    textOf: (value) => text(at(value, 'content', 0, 'text')) + text(at(value, 'delta', 'text')),
    callOf: (value) => {
      const blocks = at(value, 'content')
      const input = Array.isArray(blocks) ? at(blocks.at(-1), 'input') : undefined
      return (input === undefined ? '' : JSON.stringify(input)) + text(at(value, 'delta', 'partial_json'))
    },
  },
  {
    name: 'openai-responses',
    path: '/v1/responses',
    body: (content) => ({ model: 'mini', input: content }),
    streamField: { stream: true },
    textOf: (value) =>
      value.type === 'response.output_text.delta'
        ? text(value.delta)
        : value.object === 'response'
          ? text(at(value, 'output', 0, 'content', 0, 'text'))
          : '',
    callOf: (value) => {
      if (value.type === 'response.function_call_arguments.delta') return text(value.delta)
      const output = value.object === 'response' ? at(value, 'output') : undefined
      return Array.isArray(output) ? text(at(output.at(-1), 'arguments')) : ''
    },
  },
  {
    name: 'gemini',
    path: '/v1beta/models/mini:generateContent',
    streamPath: '/v1beta/models/mini:streamGenerateContent?alt=sse',
    body: (content) => ({ contents: [{ role: 'user', parts: [{ text: content }] }] }),
    streamField: {},
    textOf: (value) => text(at(value, 'candidates', 0, 'content', 'parts', 0, 'text')),
    callOf: (value) => {
      const parts = at(value, 'candidates', 0, 'content', 'parts')
      const args = Array.isArray(parts) ? at(parts.at(-1), 'functionCall', 'args') : undefined
      return args === undefined ? '' : JSON.stringify(args)
    },
  },
]

function guarded(guards: object) {
  return { guards, access: { teams: { support: { guards: Object.keys(guards) } } }, bodies: { store: 'full' } }
}

const values = (streamed: string) => [...streamed.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as JsonObject)

describe.each(WIRES)('guards on $name', (wire) => {
  describe.each([['whole'], ['streamed']] as const)('%s', (how) => {
    const isStream = how === 'streamed'
    const question = (content: string) => ({
      path: isStream ? (wire.streamPath ?? wire.path) : wire.path,
      headers: wire.headers ?? {},
      body: { ...wire.body(content), ...(isStream ? wire.streamField : {}) },
    })
    const read = (
      reply: { readonly text: string; readonly frames: readonly string[]; readonly json: JsonObject },
      of: (value: JsonObject) => string,
    ) => (isStream ? values(reply.text).map(of).join('') : of(reply.json))

    test('redact what goes in, restore it, and redact what comes out', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: {} }) })
      scenario.upstream.answer(chatAnswer({ content: PIECES.join(''), pieces: PIECES, usage: { inputTokens: 10, outputTokens: 3 } }))
      const reply = await ask(scenario, question(`Write to ${MAIL}.`))
      expect(reply.status).toBe(200)
      const sent = scenario.upstream.requests[0]?.body ?? ''
      expect(sent).toContain('Write to [EMAIL_1].')
      expect(sent).not.toContain('ada')
      expect(read(reply, wire.textOf)).toBe(`I wrote to ${MAIL} and not to [EMAIL], of [CARD].`)
      expect(reply.text).not.toContain('bob@')
      expect(reply.text).not.toContain('1111 1111')
      const ended = await scenario.expectCall({ outcome: 'ok', attempts: 1 })
      expect(ended.guards).toEqual([
        { guard: 'pii', phase: 'input', did: 'redacted', kinds: { EMAIL: 1 } },
        { guard: 'pii', phase: 'output', did: 'redacted', kinds: { EMAIL: 1, CARD: 1 } },
      ])
    })

    test('refuse what goes in', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: { action: 'block' } }) })
      const reply = await ask(scenario, question(`My card: ${CARD}`))
      expect(reply.status).toBe(400)
      expect(reply.text).toContain('it found CARD in')
      expect(reply.text).not.toContain('1111 1111')
      expect(scenario.upstream.requests).toHaveLength(0)
      await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked' })
    })

    test('refuse what comes out, before it is said', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: { action: 'block' } }) })
      scenario.upstream.answer(chatAnswer({ content: PIECES.join(''), pieces: PIECES, usage: { inputTokens: 10, outputTokens: 3 } }))
      const reply = await ask(scenario, question('Hello?'))
      expect(reply.status).toBe(isStream ? 200 : 400)
      expect(reply.text).not.toContain('bob@')
      expect(reply.text).toContain('The guard \\"pii\\" refused this call: it found EMAIL in the reply.')
      await scenario.expectCall({ outcome: 'refused', errorCode: 'guard_blocked' })
    })

    test('redact and restore the arguments of tools', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: {} }) })
      scenario.upstream.answer(chatAnswer({ content: 'I send it.', toolCalls: [TOOL_CALL] }))
      const reply = await ask(scenario, question(`Write to ${MAIL}.`))
      expect(JSON.parse(read(reply, wire.callOf))).toEqual({ to: MAIL, cc: '[EMAIL]' })
      expect(reply.text).not.toContain('bob@')
      await scenario.expectCall({ outcome: 'ok' })
    })

    test('see what the escapes of JSON in arguments stand for', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: {} }) })
      const escaped = { ...TOOL_CALL, arguments: '{"to":"[email_1]","cc":"bob\\u0040example.org","of":"caf\\u00e9"}' }
      scenario.upstream.answer(chatAnswer({ content: 'I send it.', toolCalls: [escaped] }))
      const reply = await ask(scenario, question(`Write to ${MAIL}.`))
      expect(JSON.parse(read(reply, wire.callOf))).toEqual({ to: MAIL, cc: '[EMAIL]', of: 'café' })
      await scenario.expectCall({ outcome: 'ok' })
    })

    test('restore placeholders that the model wrote otherwise', async () => {
      await using scenario = await startScenario({ config: guarded({ pii: {} }) })
      const pieces = ['To **[email', ' 1]** and [EMA', 'IL\\_1].']
      scenario.upstream.answer(chatAnswer({ content: pieces.join(''), pieces }))
      const reply = await ask(scenario, question(`Write to ${MAIL}.`))
      expect(read(reply, wire.textOf)).toBe(`To **${MAIL}** and ${MAIL}.`)
      await scenario.expectCall({ outcome: 'ok' })
    })

    test('look at an answer from the cache again, and give it out redacted and restored', async () => {
      const config = (baseUrl: string) => ({
        ...guarded({ pii: {} }),
        models: {
          providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
          models: [{ name: 'mini', provider: 'fake', id: 'fake-model', cache: {} }],
        },
      })
      await using scenario = await startScenario({ config })
      scenario.upstream.answer(chatAnswer({ content: PIECES.join(''), pieces: PIECES }))
      const asked = question(`Write to ${MAIL}.`)
      const replies = [await ask(scenario, asked), await ask(scenario, asked)]
      expect(replies.map(({ headers }) => headers.get('x-signalbox-cache'))).toEqual(['miss', 'hit'])
      expect(scenario.upstream.requests).toHaveLength(1)
      for (const reply of replies) {
        expect(read(reply, wire.textOf)).toBe(`I wrote to ${MAIL} and not to [EMAIL], of [CARD].`)
      }
      const good = [{ type: 'call.started' } as const, { type: 'call.ended', outcome: 'ok' } as const]
      await scenario.expectEvents([...good, ...good])
    })
  })
})
