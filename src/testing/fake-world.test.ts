import { expect, test } from 'bun:test'
import { GatewayError } from '../core/errors.ts'
import { timeOfId } from '../core/world.ts'
import { FAKE_START_MS, fakeWorld } from './fake-world.ts'
import { openTestCall } from './open-test-call.ts'

test('timers run in the order of their times, each at its own time', async () => {
  const world = fakeWorld({ startMs: 1000 })
  const seen: string[] = []
  world.after(30, () => seen.push(`late ${world.now()}`))
  world.after(10, () => {
    seen.push(`early ${world.now()}`)
    world.after(5, () => seen.push(`nested ${world.now()}`))
  })
  const cancel = world.after(20, () => seen.push('cancelled'))
  cancel()
  await world.advance(29)
  expect(seen).toEqual(['early 1010', 'nested 1015'])
  await world.advance(1)
  expect(seen).toEqual(['early 1010', 'nested 1015', 'late 1030'])
  expect([world.now(), world.monotonicMs(), world.pendingTimers]).toEqual([1030, 30, 0])
})

test('what a timer sets off settles before the next timer runs', async () => {
  const world = fakeWorld()
  const seen: string[] = []
  const { signal } = new AbortController()
  const sleeper = async () => {
    await world.sleep(10, signal)
    seen.push('woke')
    await world.sleep(10, signal)
    seen.push('woke again')
  }
  void sleeper()
  world.after(15, () => seen.push('between'))
  await world.advance(20)
  expect(seen).toEqual(['woke', 'between', 'woke again'])
})

test('a sleep that is aborted rejects with the reason and leaves no timer', async () => {
  const world = fakeWorld()
  const controller = new AbortController()
  const reason = new GatewayError('shutting_down', 'The gateway stops.')
  const sleeping = world.sleep(1000, controller.signal)
  controller.abort(reason)
  expect(await sleeping.catch((thrown: unknown) => thrown)).toBe(reason)
  expect(await world.sleep(1, controller.signal).catch((thrown: unknown) => thrown)).toBe(reason)
  expect(world.pendingTimers).toBe(0)
})

test('ids have the shape of real ones, sort by time, and are the same in every run', () => {
  const world = fakeWorld()
  const ids = Array.from({ length: 100 }, () => world.id('call'))
  expect(new Set(ids).size).toBe(100)
  expect([...ids].sort()).toEqual(ids)
  expect(timeOfId(ids[0] ?? '')).toBe(FAKE_START_MS)
  expect(fakeWorld().id('call')).toBe(ids[0] ?? '')
})

test('the same seed gives the same chance, spread over [0, 1)', () => {
  const draw = (seed: number) => {
    const world = fakeWorld({ seed })
    return Array.from({ length: 1000 }, () => world.random())
  }
  const drawn = draw(7)
  expect(draw(7)).toEqual(drawn)
  expect(draw(8)).not.toEqual(drawn)
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...drawn)).toBeLessThan(1)
  expect(drawn.reduce((sum, value) => sum + value) / drawn.length).toBeCloseTo(0.5, 1)
  expect(fakeWorld().randomHex(16)).toMatch(/^[0-9a-f]{32}$/)
})

test('the end of a turn comes after the promises of that turn', async () => {
  const world = fakeWorld()
  const seen: string[] = []
  world.atEndOfTurn(() => seen.push('end of turn'))
  void Promise.resolve().then(() => seen.push('promise'))
  await world.settle()
  expect(seen).toEqual(['promise', 'end of turn'])
})

test('a turn that is ended by hand runs what was there, and keeps what comes meanwhile for the next', () => {
  const world = fakeWorld({ endOfTurn: 'by-hand' })
  const seen: string[] = []
  world.atEndOfTurn(() => {
    seen.push('first')
    world.atEndOfTurn(() => seen.push('second'))
  })
  expect(seen).toEqual([])
  world.endTurn()
  expect(seen).toEqual(['first'])
  world.endTurn()
  expect(seen).toEqual(['first', 'second'])
})

test('a world without a network says so', async () => {
  const { signal } = new AbortController()
  const failed = await fakeWorld()
    .fetch('http://127.0.0.1:1/', { method: 'GET', headers: {}, signal })
    .catch((thrown: unknown) => thrown)
  expect(String(failed)).toContain('gave its fakeWorld no fetch')
})

test('a test call has the id of its record, and its record counts the starts', async () => {
  const call = openTestCall({ principal: { organisation: 'acme', team: 'support', labels: {} }, facts: { wire: 'openai-chat' } })
  expect(call.id).toBe(call.record.callId)
  expect(call.record.facts).toEqual({ principal: call.principal, prompt: {}, attempts: 0, wire: 'openai-chat' })
  await Promise.all([call.record.start(), call.record.start()])
  expect([call.record.startCalls, call.record.isStarted]).toEqual([2, true])
  const reason = new GatewayError('key_revoked', 'This key was revoked.')
  call.abort(reason)
  expect(call.signal.reason).toBe(reason)
})
