import { describe, expect, test } from 'bun:test'
import { createTaskOwners } from '../../src/control/task-owners.ts'
import type { Principal } from '../../src/core/call.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { EventReader, TaskOwners } from '../../src/core/ports.ts'
import { openMemoryStore } from '../../src/storage/memory/store.ts'
import { type FakeWorld, fakeWorld } from '../../src/testing/fake-world.ts'

const ANN: Principal = { organisation: 'acme', team: 'support', user: 'ann', keyId: 'k1', labels: {} }
const ANN_ELSEWHERE: Principal = { ...ANN, keyId: 'k2' }
const BOB: Principal = { organisation: 'acme', team: 'support', user: 'bob', keyId: 'k3', labels: {} }
const A_KEY: Principal = { organisation: 'acme', team: 'support', keyId: 'k4', labels: {} }
const AGENT = 'researcher'

/** One log; what is asked of it is counted, and it may be away. */
function sharedLog() {
  const world = fakeWorld()
  const store = openMemoryStore({ world, version: '0.0.0-test', lastResort: () => {}, report: () => {} })
  const state = { reads: 0, away: false }
  const reader: EventReader = {
    read: async (query) => {
      state.reads++
      if (state.away) throw new GatewayError('store_unavailable', 'The database does not answer.')
      return store.reader.read(query)
    },
    readCall: (callId) => store.reader.readCall(callId),
    end: () => store.reader.end(),
  }
  const open = (more: { isShared?: boolean; maxHeld?: number } = {}) => createTaskOwners({ world, log: store.log, reader, ...more })
  return { world, store, state, open }
}

const ref = (taskId: string, contextId?: string) => ({ agent: AGENT, taskId, contextId })

/** The answer, with what it waits for in this time. */
async function after<Value>(world: FakeWorld, answer: Value | Promise<Value>, ms = 1000): Promise<Value> {
  const pending = Promise.resolve(answer)
  pending.catch(() => {})
  await world.advance(ms)
  return pending
}

const ask = (owners: TaskOwners, world: FakeWorld, who: Principal, id: string) => after(world, owners.ofTask(who, AGENT, id))

describe('a task', () => {
  test('is its beginner’s: by the user, else by the key', async () => {
    const { world, open } = sharedLog()
    const owners = open()
    expect(await owners.claim(ANN, 'call_1', ref('task-1', 'context-1'))).toBe(true)
    expect(await owners.claim(A_KEY, 'call_2', ref('task-2'))).toBe(true)
    for (const who of [ANN, ANN_ELSEWHERE]) expect(await ask(owners, world, who, 'task-1')).toBe('own')
    expect(await ask(owners, world, BOB, 'task-1')).toBe('foreign')
    expect(await ask(owners, world, { ...A_KEY, keyId: 'k5' }, 'task-2')).toBe('foreign')
    expect(await ask(owners, world, ANN, 'task-9')).toBe('unknown')
    expect(owners.ofTask(ANN, 'another', 'task-1')).toBe('unknown')
    expect(owners.ofContext(BOB, AGENT, 'context-1')).toBe('foreign')
  })

  test('of somebody else cannot be claimed, nor its conversation, and nothing of the attempt stays', async () => {
    const { world, open } = sharedLog()
    const owners = open()
    await owners.claim(ANN, 'call_1', ref('task-1', 'context-1'))
    expect(await owners.claim(BOB, 'call_2', ref('task-1'))).toBe(false)
    expect(await owners.claim(BOB, 'call_2', ref('task-2', 'context-1'))).toBe(false)
    expect(await ask(owners, world, BOB, 'task-2')).toBe('unknown')
  })

  test('that cannot be written down is nobody’s', async () => {
    const { world, store, open } = sharedLog()
    const owners = open()
    await owners.claim(ANN, 'call_1', ref('task-1'))
    store.journal.failure = new Error('the disk is full')
    const refused = await after(
      world,
      Promise.resolve(owners.claim(ANN, 'call_2', ref('task-2'))).catch((thrown: unknown) => thrown),
    )
    expect(refused).toMatchObject({ code: 'log_unavailable' })
    store.journal.failure = undefined
    expect(await after(world, owners.claim(BOB, 'call_3', ref('task-2')))).toBe(true)
  })

  test('is known after a restart, past what memory holds too, and a guess is searched for once', async () => {
    const { world, state, open } = sharedLog()
    const before = open()
    for (let number = 1; number <= 40; number++) await before.claim(ANN, 'call_1', ref(`task-${number}`))
    const owners = open({ maxHeld: 10 })
    expect(await owners.claim(BOB, 'call_2', ref('task-40'))).toBe(false)
    expect(await ask(owners, world, ANN, 'task-1')).toBe('own')
    expect(await ask(owners, world, BOB, 'task-2')).toBe('foreign')
    expect(await ask(owners, world, BOB, 'guess')).toBe('unknown')
    const { reads } = state
    expect(owners.ofTask(BOB, AGENT, 'guess')).toBe('unknown')
    expect(state.reads).toBe(reads)
  })

  test('that two gateways claimed at the same moment is of the one whose claim was written first, after a restart too', async () => {
    const { world, store, open } = sharedLog()
    const claim = { type: 'task.claimed', atMs: world.now(), agent: AGENT, taskId: 'task-1' } as const
    await Promise.all([
      store.log.append({ ...claim, callId: 'call_1', principal: ANN }),
      store.log.append({ ...claim, callId: 'call_2', principal: BOB }),
    ])
    const owners = open()
    expect(await ask(owners, world, ANN, 'task-1')).toBe('own')
    expect(await ask(owners, world, BOB, 'task-1')).toBe('foreign')
  })
})

describe('a log that others write too', () => {
  test('tells of a task that was begun elsewhere, also one that is written a moment after it is asked for', async () => {
    const { world, open } = sharedLog()
    const [first, second] = [open({ isShared: true }), open({ isShared: true })]
    expect(await ask(second, world, ANN, 'task-1')).toBe('unknown')
    await after(world, first.claim(ANN, 'call_1', ref('task-1')))
    expect(await ask(second, world, ANN, 'task-1')).toBe('own')
    expect(await ask(second, world, BOB, 'task-1')).toBe('foreign')
    const asking = second.ofTask(ANN, AGENT, 'task-2')
    await world.settle()
    await first.claim(ANN, 'call_2', ref('task-2'))
    expect(await after(world, asking)).toBe('own')
  })

  test('takes as long for a task of somebody else as for one that is not there', async () => {
    const { world, open } = sharedLog()
    const owners = open({ isShared: true })
    await after(world, owners.claim(ANN, 'call_1', ref('task-1')))
    for (const id of ['task-1', 'task-9']) {
      let isTold = false
      void Promise.resolve(owners.ofTask(BOB, AGENT, id)).then(() => {
        isTold = true
      })
      await world.advance(299)
      expect(isTold).toBe(false)
      await world.advance(1)
      expect(isTold).toBe(true)
    }
  })

  test('is read once for a list, however long, without waiting', async () => {
    const { world, state, open } = sharedLog()
    const [first, second] = [open({ isShared: true }), open({ isShared: true })]
    await after(world, second.claim(BOB, 'call_1', ref('bobs')))
    await after(world, first.claim(ANN, 'call_2', ref('task-1')))
    const { reads } = state
    const ids = ['task-1', 'bobs', ...Array.from({ length: 1000 }, (_, number) => `other-${number}`)]
    expect(await after(world, second.ownTasks(ANN, AGENT, ids), 0)).toEqual(new Set(['task-1']))
    expect(state.reads).toBe(reads + 1)
  })

  test('keeps what was begun elsewhere from being claimed here', async () => {
    const { world, open } = sharedLog()
    const [first, second] = [open({ isShared: true }), open({ isShared: true })]
    await after(world, second.claim(BOB, 'call_1', ref('task-0')))
    await after(world, first.claim(ANN, 'call_2', ref('task-1', 'context-1')))
    expect(await after(world, second.claim(BOB, 'call_3', ref('task-1')))).toBe(false)
    expect(await after(world, second.claim(BOB, 'call_4', ref('task-2', 'context-1')))).toBe(false)
  })

  test('is read once a second at the most for what is claimed, and not at all for what is known', async () => {
    const { world, state, open } = sharedLog()
    const owners = open({ isShared: true })
    await after(world, owners.claim(ANN, 'call_1', ref('task-0')), 1)
    const { reads } = state
    for (let number = 1; number <= 10; number++) await after(world, owners.claim(ANN, 'call_2', ref(`task-${number}`)), 1)
    expect(state.reads).toBe(reads)
    await world.advance(2000)
    expect(owners.claim(ANN, 'call_3', ref('task-1'))).toBe(true)
    expect(owners.ofTask(ANN, AGENT, 'task-1')).toBe('own')
    expect(state.reads).toBe(reads)
  })

  test('that is away holds up no call that begins a task, and says so to one that asks for a task it does not know', async () => {
    const { world, state, open } = sharedLog()
    const owners = open({ isShared: true })
    state.away = true
    expect(await after(world, owners.claim(ANN, 'call_1', ref('task-1')))).toBe(true)
    expect(owners.ofTask(ANN, AGENT, 'task-1')).toBe('own')
    const refused = await after(
      world,
      Promise.resolve(owners.ofTask(ANN, AGENT, 'task-9')).catch((thrown: unknown) => thrown),
    )
    expect(refused).toMatchObject({ code: 'store_unavailable' })
    state.away = false
    expect(await ask(owners, world, ANN, 'task-9')).toBe('unknown')
  })
})
