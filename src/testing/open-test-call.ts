import { type Call, type CallStart, openCall, type Principal } from '../core/call.ts'
import type { CallFacts, LayerName } from '../core/events.ts'
import { type FakeRecord, fakeRecord } from './fake-record.ts'
import { type FakeWorld, fakeWorld } from './fake-world.ts'

/** What a test wants to say of its call; the rest is ordinary. */
export interface TestCallOptions extends Partial<Omit<CallStart, 'world' | 'record' | 'layer'>> {
  readonly layer?: LayerName
  readonly world?: FakeWorld
  readonly record?: FakeRecord
  /** Facts that stand in the record already. Not to be given together with `record`. */
  readonly facts?: Partial<CallFacts>
  /** As if `authenticate` had let it in. Left out: anonymous. */
  readonly principal?: Principal
  readonly parentId?: string
}

/** A call whose world and record a test can look into. */
export interface TestCall extends Call {
  readonly world: FakeWorld
  readonly record: FakeRecord
}

/** Begins a call for a test, in a fake world of its own unless one is given. */
export function openTestCall(options: TestCallOptions = {}): TestCall {
  const { layer = 'models', world = fakeWorld(), record, facts, principal, parentId, ...start } = options
  const known = principal === undefined ? {} : { principal }
  const own = record ?? fakeRecord({ callId: world.id('call'), facts: { ...known, ...facts } })
  const trace = start.trace ?? { traceId: world.randomHex(16), spanId: world.randomHex(8), isSampled: true }
  const call = openCall({ ...start, layer, world, record: own, trace })
  return { ...call, ...known, ...(parentId === undefined ? {} : { parentId }), world, record: own }
}
