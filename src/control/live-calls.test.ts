import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/errors.ts'
import type { LiveCall } from '../core/ports.ts'
import { LiveCallTable } from './live-calls.ts'

function liveCall(callId: string, keyId: string, abort: (reason: GatewayError) => void = () => {}): LiveCall {
  const principal = { organisation: 'acme', keyId, labels: {} }
  return { callId, facts: { principal, prompt: {}, attempts: 0 }, startedAtMs: 1, abort }
}

describe('the live-call table', () => {
  test('knows what runs, oldest first', () => {
    const table = new LiveCallTable()
    const [first, second, third] = [liveCall('call_1', 'k1'), liveCall('call_2', 'k1'), liveCall('call_3', 'k1')]
    for (const call of [first, second, third]) table.add(call)
    table.remove(second)
    table.remove(liveCall('call_9', 'k1'))
    expect(table.list().map(({ callId }) => callId)).toEqual(['call_1', 'call_3'])
    expect(table.size).toBe(2)
  })

  test('aborts what matches, with the reason, also when each removes itself', () => {
    const table = new LiveCallTable()
    const reasons: GatewayError[] = []
    const reason = new GatewayError('key_revoked', 'Key k1 was revoked.')
    for (const [id, key] of [
      ['call_1', 'k1'],
      ['call_2', 'k2'],
      ['call_3', 'k1'],
    ] as const) {
      const call = liveCall(id, key, (given) => {
        reasons.push(given)
        table.remove(call)
      })
      table.add(call)
    }
    expect(table.abort(({ facts }) => facts.principal.keyId === 'k1', reason)).toBe(2)
    expect(reasons).toEqual([reason, reason])
    expect(table.list().map(({ callId }) => callId)).toEqual(['call_2'])
  })
})
