import { expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { onceQuiet } from './give-back-memory.ts'

test('what waits for quiet is done once, a second after the start', async () => {
  const world = fakeWorld()
  let done = 0
  onceQuiet(
    world,
    () => false,
    () => done++,
  )
  await world.advance(999)
  expect(done).toBe(0)
  await world.advance(1)
  expect(done).toBe(1)
  await world.advance(60_000)
  expect(done).toBe(1)
})

test('it waits while calls run', async () => {
  const world = fakeWorld()
  let [done, isBusy] = [0, true]
  onceQuiet(
    world,
    () => isBusy,
    () => done++,
  )
  await world.advance(3000)
  expect(done).toBe(0)
  isBusy = false
  await world.advance(1000)
  expect(done).toBe(1)
})

test('a process that is busy from its start keeps its warm code', async () => {
  const world = fakeWorld()
  let [done, isBusy] = [0, true]
  onceQuiet(
    world,
    () => isBusy,
    () => done++,
  )
  await world.advance(20_000)
  isBusy = false
  await world.advance(60_000)
  expect(done).toBe(0)
})

test('what was called off is not done', async () => {
  const world = fakeWorld()
  let done = 0
  const callOff = onceQuiet(
    world,
    () => false,
    () => done++,
  )
  callOff()
  await world.advance(20_000)
  expect(done).toBe(0)
})
