import { describe, expect, test } from 'bun:test'
import { admits, type Circuit, CLOSED, onAbandoned, onFailure, onSent, onSuccess } from './circuit.ts'
import { backoffMs, earn, FULL_BUDGET, spend } from './retry.ts'

const RULES = { failures: 3, share: 0.5, pauseMs: 1000, longestPauseMs: 3000 }

function failed(circuit: Circuit, times: number, nowMs = 0): Circuit {
  return Array.from({ length: times }).reduce<Circuit>((now) => onFailure(now, RULES, nowMs, 'provider_error'), circuit)
}

describe('a circuit', () => {
  test('opens at so many failures, not before', () => {
    expect(failed(CLOSED, 2).type).toBe('closed')
    expect(failed(CLOSED, 3)).toEqual({ type: 'open', untilMs: 1000, pauses: 1, why: 'provider_error' })
  })

  test('stays closed while most calls go well', () => {
    const busy = Array.from({ length: 10 }).reduce<Circuit>((circuit) => onSuccess(circuit, 0), CLOSED)
    expect(failed(busy, 9).type).toBe('closed')
    expect(failed(busy, 10).type).toBe('open')
  })

  test('forgets failures that are long ago', () => {
    expect(failed(failed(CLOSED, 2, 0), 1, 60_000).type).toBe('closed')
  })

  test('lets one probe through after its pause, and no other beside it', () => {
    const open = failed(CLOSED, 3)
    expect(admits(open, 999)).toBe('no')
    expect(admits(open, 1000)).toBe('probe')
    const probing = onSent(open, 1000)
    expect(probing.type).toBe('half-open')
    expect(admits(probing, 1001)).toBe('no')
    expect(onSuccess(probing, 1500).type).toBe('closed')
  })

  test('pauses twice as long after each probe that fails, up to the longest', () => {
    const pauses: number[] = []
    let circuit = failed(CLOSED, 3)
    for (let nowMs = 0; pauses.length < 4; ) {
      if (circuit.type !== 'open') throw new Error('The circuit is not open.')
      pauses.push(circuit.untilMs - nowMs)
      nowMs = circuit.untilMs
      circuit = onFailure(onSent(circuit, nowMs), RULES, nowMs, 'provider_error')
    }
    expect(pauses).toEqual([1000, 2000, 3000, 3000])
  })

  test('lets another probe through where one was broken off or never heard of again', () => {
    const probing = onSent(failed(CLOSED, 3), 1000)
    expect(admits(onAbandoned(probing, 1100), 1100)).toBe('probe')
    expect(admits(probing, 61_000)).toBe('probe')
  })
})

describe('a retry', () => {
  const rules = { max: 5, baseMs: 100, longestMs: 1000, perCall: 0.2 }

  test('waits with full jitter, doubled each time, and never less than the provider asks for', () => {
    expect([0, 1, 2, 3, 4].map((retry) => backoffMs(retry, rules, 0.999))).toEqual([99, 199, 399, 799, 999])
    expect(backoffMs(3, rules, 0)).toBe(0)
    expect(backoffMs(0, rules, 0, 700)).toBe(700)
  })

  test('is paid from a budget that calls fill', () => {
    let budget = FULL_BUDGET
    for (let spent = 0; spent < 10; spent++) budget = spend(budget) ?? { tokens: -1 }
    expect(spend(budget)).toBeUndefined()
    for (let calls = 0; calls < 5; calls++) budget = earn(budget, 0.2)
    expect(spend(budget)?.tokens).toBeCloseTo(0)
    for (let calls = 0; calls < 10_000; calls++) budget = earn(budget, 0.2)
    expect(budget.tokens).toBe(100)
  })
})
