import { describe, expect, test } from 'bun:test'
import { type Answer, chatStream, errorReply, resetBeforeHead } from '../../src/testing/fake-upstream.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import { startRouted } from './routed.ts'
import { ASKING_WIRES, type AskingWire } from './wires/asking.ts'

async function call({ dataUrl, key }: Scenario, wire: AskingWire, stream: boolean) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const response = await fetch(`${dataUrl}${wire.path(stream)}`, { method: 'POST', headers, body: JSON.stringify(wire.body(stream)) })
  return { status: response.status, text: await response.text() }
}

const EARLY: Readonly<Record<string, Answer>> = {
  'a 500': errorReply({ status: 500 }),
  'a reset': resetBeforeHead(),
  'an error in the stream': chatStream({ pieces: ['never'], errorFrame: { at: 1, error: { message: 'No.' } } }),
}

describe.each(Object.entries(ASKING_WIRES))('a caller of the wire %s', (_name, wire) => {
  test.each(Object.entries(EARLY))('does not see %s of the first target', async (what, answer) => {
    await using routed = await startRouted()
    routed.at('first').answer(answer)
    for (const stream of what === 'an error in the stream' ? [true] : [false, true]) {
      const { status, text } = await call(routed.scenario, wire, stream)
      expect(status).toBe(200)
      expect(text).toContain('Hello there.')
      expect(text).not.toContain('never')
      if (stream) expect(text).toContain(wire.end)
      await routed.scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second', isStream: stream })
    }
  })

  test('is told of a stream that breaks after its first content, and gets no good end', async () => {
    await using routed = await startRouted()
    routed.at('first').answer(chatStream({ pieces: ['Half', ' of it'], cut: { afterFrames: 2, by: 'reset' } }))
    const { status, text } = await call(routed.scenario, wire, true)
    expect(status).toBe(200)
    expect(text).toContain('Half')
    expect(text).not.toContain(wire.end)
    expect(text).toMatch(/error/)
    expect(routed.at('second').requests).toHaveLength(0)
    await routed.scenario.expectCall({ outcome: 'broken', attempts: 1, errorCode: 'provider_truncated' })
  })

  test('is told in its own words that no target can serve it', async () => {
    await using routed = await startRouted({ models: { first: { can: { context: 1 } }, second: { can: { context: 1 } } } })
    const { status, text } = await call(routed.scenario, wire, false)
    expect(status).toBe(400)
    expect(text).toContain('No target of the route \\"smart\\" can serve this request: first: its context is 1 tokens')
  })
})
