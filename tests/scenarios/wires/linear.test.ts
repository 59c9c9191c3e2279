import { describe, expect, test } from 'bun:test'
import { encodeMessage } from '../../../src/models/cloud/event-stream.ts'
import type { Dialect } from '../../../src/models/dialect.ts'
import { dialects } from '../../../src/models/dialects/index.ts'
import { SSE } from '../../../src/models/framing.ts'
import type { Content } from '../../../src/models/neutral/content.ts'
import type { NeutralReply, StreamEvent } from '../../../src/models/neutral/reply.ts'
import type { NeutralMessage, NeutralRequest } from '../../../src/models/neutral/request.ts'
import { spreadReply } from '../../../src/models/neutral/spread.ts'
import { countSteps } from '../../../src/testing/count-steps.ts'
import { testTarget } from '../../../src/testing/dialect-goldens.ts'

/*
 * Translators are linear: twice the input is at most twice the work. The work is counted and not timed, so that the same run gives the same number
 * on any machine: an `a + b·n` gives at most twice as much for twice the n, a term of n² gives more.
 */
const callers = Object.values(dialects).filter(({ endpoints }) => endpoints.length > 0)
const providers = Object.values(dialects).filter(({ isForCallersOnly }) => !isForCallersOnly)
const CONTEXT = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'call_1', nowSeconds: 1 }
const PICTURE: Content = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'A'.repeat(400) } }
const TEXT = 'Grüezi, "wie" geht es?\n'.repeat(20)

function targetOf({ wire }: Dialect) {
  return testTarget({ wire, id: 'm' })
}

function request(turns: number): NeutralRequest {
  const messages = Array.from({ length: turns }, (_, turn): readonly NeutralMessage[] => [
    { role: 'user', content: [{ type: 'text', text: TEXT }, PICTURE] },
    { role: 'assistant', content: [{ type: 'tool-call', id: `call_${turn}`, name: `f${turn}`, arguments: '{"x":1}' }] },
    { role: 'user', content: [{ type: 'tool-result', callId: `call_${turn}`, name: `f${turn}`, content: [{ type: 'text', text: TEXT }] }] },
    { role: 'assistant', content: [{ type: 'text', text: TEXT }] },
  ]).flat()
  const tools = Array.from({ length: turns }, (_, turn) => ({ name: `f${turn}`, schema: { type: 'object' } }))
  return { messages, tools, maxOutputTokens: 100, losses: [] }
}

function reply(pieces: number): NeutralReply {
  const content = Array.from({ length: pieces }, (_, at): readonly Content[] => [
    { type: 'text', text: `${TEXT}${at}`, citations: [{ url: 'https://example.com/', title: 'x', from: 0, to: 1 }] },
    { type: 'tool-call', id: `call_${at}`, name: 'f', arguments: JSON.stringify({ text: TEXT }) },
  ]).flat()
  return { candidates: [{ content, stop: { type: 'tool-calls' } }], usage: { inputTokens: 1, outputTokens: 1 }, losses: [] }
}

/** Twice the input costs at most twice the steps, and twice that again. */
function expectLinear(stepsOf: (size: number) => number): void {
  const [one, two, four] = [stepsOf(20), stepsOf(40), stepsOf(80)]
  expect(one).toBeGreaterThan(1000)
  // What grows by the digits of numbers and names that are counted up.
  const slack = 1.01
  expect(two).toBeLessThan(2 * one * slack)
  expect(four).toBeLessThan(2 * two * slack)
}

const pairs = callers.flatMap((caller) =>
  providers.filter(({ wire }) => wire !== caller.wire).map((provider) => ({ caller, provider, from: caller.wire, to: provider.wire })),
)

test('work that grows with the square of its input is told from work that does not', () => {
  const stepsOf = (size: number, each: (list: readonly number[]) => void) =>
    countSteps((counted) => each(counted(Array.from({ length: size }, (_, index) => index))))
  expectLinear((size) => stepsOf(size * 100, (list) => list.map((item) => item + 1)))
  const square = (size: number) => stepsOf(size, (list) => list.filter((item, at) => list.findIndex((other) => other === item) === at))
  expect(square(200) / square(100)).toBeGreaterThan(3)
  const joined = (size: number) => countSteps(() => 'x'.repeat(size).replace(/./g, (_, at: number) => 'y'.repeat(at).toUpperCase()))
  expect(joined(200) / joined(100)).toBeGreaterThan(3)
})

// A wire that no provider speaks writes no requests, and its own are one prompt.
test.each(pairs.filter(({ caller }) => !caller.isForCallersOnly))(
  'a request from $from to $to costs as much more as it is longer',
  ({ caller, provider }) => {
    expectLinear((turns) => {
      const body = new TextEncoder().encode(caller.writeRequest(request(turns), false, targetOf(caller)).text)
      return countSteps((counted) => {
        const decoded = caller.decodeRequest(body, { maxDepth: 64 }, { headers: new Headers(), url: 'http://127.0.0.1/', model: 'm' })
        provider.writeRequest(counted(decoded.neutral()), false, targetOf(provider))
      })
    })
  },
)

describe.each(pairs)('between a caller of $from and a provider of $to', ({ caller, provider }) => {
  test('a whole reply costs as much more as it is longer', () => {
    expectLinear((pieces) => {
      const body = bodyOf(provider, reply(pieces))
      return countSteps((counted) => {
        const neutral = provider.decodeReply(body, targetOf(provider)).neutral?.()
        if (neutral !== undefined) caller.writeReply(counted(neutral), CONTEXT)
      })
    })
  })

  test('a stream costs as much more as it is longer', () => {
    expectLinear((pieces) => {
      const frames = framesOf(provider, pieces)
      return countSteps((counted) => {
        const decoder = provider.decodeStream({ wantsUsage: true }, targetOf(provider))
        const reader = provider.readStream(targetOf(provider))
        const writer = caller.writeStream(CONTEXT)
        for (const frame of frames) {
          decoder.frame(frame)
          for (const event of reader.read(frame)) writer.write(counted(event))
        }
        writer.end()
      })
    })
  })
})

/** A reply as the provider sends it: the one wire that no caller speaks is written here. */
function bodyOf(provider: Dialect, said: NeutralReply): Uint8Array {
  if (provider.endpoints.length > 0) return new TextEncoder().encode(provider.writeReply(said, CONTEXT).text)
  const content = (said.candidates[0]?.content ?? []).flatMap((piece): readonly object[] => {
    if (piece.type === 'text') return [{ text: piece.text }]
    return piece.type === 'tool-call' ? [{ toolUse: { toolUseId: piece.id, name: piece.name, input: JSON.parse(piece.arguments) } }] : []
  })
  return new TextEncoder().encode(JSON.stringify({ output: { message: { role: 'assistant', content } }, stopReason: 'tool_use' }))
}

function framesOf(provider: Dialect, pieces: number): readonly Uint8Array[] {
  const events: readonly StreamEvent[] = spreadReply(reply(pieces))
  if (provider.endpoints.length > 0) {
    const writer = provider.writeStream(CONTEXT)
    const frames = [...events.flatMap((event) => writer.write(event)), ...writer.end()].map(({ bytes }) => bytes)
    return SSE.open(1e9).push(Buffer.concat(frames))
  }
  const splitter = (provider.framing ?? SSE).open(1e9)
  const say = (type: string, data: object) =>
    splitter.push(encodeMessage({ ':message-type': 'event', ':event-type': type }, Buffer.from(JSON.stringify(data))))
  return [
    ...events.flatMap((event) => {
      if (event.type === 'text') return say('contentBlockDelta', { contentBlockIndex: 0, delta: { text: event.text } })
      if (event.type !== 'arguments') return []
      const { index: contentBlockIndex, text: input } = event
      return [
        ...say('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: `t${contentBlockIndex}`, name: 'f' } } }),
        ...say('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } }),
        ...say('contentBlockStop', { contentBlockIndex }),
      ]
    }),
    ...say('messageStop', { stopReason: 'tool_use' }),
  ]
}
