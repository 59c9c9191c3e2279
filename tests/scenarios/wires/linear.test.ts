import { expect, test } from 'bun:test'
import { dialects } from '../../../src/models/dialects/index.ts'
import type { NeutralMessage, NeutralRequest } from '../../../src/models/neutral/request.ts'
import { testTarget } from '../../../src/testing/dialect-goldens.ts'

/** Eight times the input: linear work takes about eight times as long, quadratic work sixty-four. Between them is room for a noisy machine. */
const TIMES = 8
const AT_MOST = 30
const callers = Object.values(dialects).filter(({ endpoints, isForCallersOnly }) => endpoints.length > 0 && !isForCallersOnly)
const providers = Object.values(dialects).filter(({ isForCallersOnly }) => !isForCallersOnly)

function request(turns: number): NeutralRequest {
  const text = 'Grüezi, "wie" geht es?\n'.repeat(200)
  const messages = Array.from({ length: turns }, (_, turn): readonly NeutralMessage[] => [
    {
      role: 'user',
      content: [
        { type: 'text', text },
        ...(turn === 0
          ? [{ type: 'image' as const, source: { type: 'base64' as const, mediaType: 'image/png', data: 'A'.repeat(4000 * turns) } }]
          : []),
      ],
    },
    { role: 'assistant', content: [{ type: 'tool-call', id: `call_${turn}`, name: 'f', arguments: '{"x":1}' }] },
    { role: 'user', content: [{ type: 'tool-result', callId: `call_${turn}`, name: 'f', content: [{ type: 'text', text }] }] },
    { role: 'assistant', content: [{ type: 'text', text }] },
  ]).flat()
  return { messages, tools: [{ name: 'f', schema: { type: 'object' } }], maxOutputTokens: 100, losses: [] }
}

function leastMicros(run: () => void): number {
  run()
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const before = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(before)
      return user + system
    }),
  )
}

function bodyOf(wire: (typeof callers)[number], turns: number): Uint8Array {
  return new TextEncoder().encode(wire.writeRequest(request(turns), false, testTarget({ wire: wire.wire, id: 'm' })).text)
}

test.each(
  callers.flatMap((caller) =>
    providers.filter(({ wire }) => wire !== caller.wire).map((provider) => ({ caller, provider, from: caller.wire, to: provider.wire })),
  ),
)(
  'a request from $from to $to costs as much more as it is longer',
  ({ caller, provider }) => {
    const [short, long] = [bodyOf(caller, 30), bodyOf(caller, 30 * TIMES)]
    const translate = (body: Uint8Array) => () => {
      const decoded = caller.decodeRequest(body, { maxDepth: 64 }, { headers: new Headers(), url: 'http://127.0.0.1/', model: 'm' })
      provider.writeRequest(decoded.neutral(), false, testTarget({ wire: provider.wire, id: 'm' }))
    }
    expect(leastMicros(translate(long)) / Math.max(1, leastMicros(translate(short)))).toBeLessThan(AT_MOST)
  },
  30_000,
)
