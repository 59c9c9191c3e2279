import { expect, test } from 'bun:test'
import { Timers } from './timers.ts'

/** Waits for real: the one thing that a test of real timers must do. Bounded. */
async function until(isDone: () => boolean): Promise<void> {
  const endMs = performance.now() + 5000
  while (!isDone() && performance.now() < endMs) await Bun.sleep(5)
}

test('a long timer fires once, and not before its time', async () => {
  const timers = new Timers(() => performance.now())
  const startMs = performance.now()
  const fired: number[] = []
  timers.after(250, () => fired.push(performance.now() - startMs))
  await until(() => fired.length > 0)
  await Bun.sleep(60)
  expect(fired).toHaveLength(1)
  expect(fired[0]).toBeGreaterThanOrEqual(250)
})

test('a cancelled timer does not fire, and cancelling again or late does nothing', async () => {
  const timers = new Timers(() => performance.now())
  const fired: string[] = []
  const cancel = timers.after(220, () => fired.push('cancelled'))
  timers.after(220, () => fired.push('kept'))
  cancel()
  cancel()
  const late = timers.after(220, () => fired.push('late'))
  await until(() => fired.length === 2)
  late()
  expect(fired.sort()).toEqual(['kept', 'late'])
})

test('a timer may set and cancel others of the same tick while it runs', async () => {
  const timers = new Timers(() => performance.now())
  const fired: string[] = []
  const cancels = [1, 2, 3].map((number) =>
    timers.after(230, () => {
      fired.push(`timer ${number}`)
      for (const cancel of cancels) cancel()
      timers.after(110, () => fired.push('next'))
    }),
  )
  await until(() => fired.length === 2)
  expect(fired).toEqual([expect.stringMatching(/^timer \d$/), 'next'])
})

test('after a jump of the clock everything that is due fires, in the order of its time', async () => {
  let nowMs = 1000
  const timers = new Timers(() => nowMs)
  const fired: number[] = []
  for (const ms of [90_000, 300, 5000]) timers.after(ms, () => fired.push(ms))
  nowMs = 1_000_000
  await until(() => fired.length === 3)
  expect(fired).toEqual([300, 5000, 90_000])
})
