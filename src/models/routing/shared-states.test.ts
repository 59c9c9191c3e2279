import { describe, expect, test } from 'bun:test'
import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import { laneFor } from '../../testing/route-targets.ts'
import { LaneTable } from './lanes.ts'
import { SharedStates } from './shared-states.ts'

const NOW_MS = 1_795_000_000_000
const RULES = { failures: 1, share: 0.1, pauseMs: 5000, longestPauseMs: 60_000 }

/** Gateways that hear each other. `aheadMs`: how far their clocks are ahead of the first one's. */
function replicas(count: number, aheadMs = 0) {
  const all = Array.from({ length: count }, (_, index) => {
    const lanes = new LaneTable(() => RULES)
    return { lanes, states: new SharedStates(lanes, `gateway ${index}`), now: (ms = NOW_MS) => ms + (index === 0 ? 0 : aheadMs) }
  })
  /** Each says what it knows, in turn. */
  const talk = (ms = NOW_MS) => {
    for (const one of all) for (const other of all) other.states.hear(one.states.tell(one.now(ms)), other.now(ms))
  }
  return { all, talk }
}

function fail(lanes: LaneTable, code: ErrorCode, extra: object = {}, nowMs = NOW_MS): void {
  lanes.end(lanes.begin(laneFor('a'), nowMs), { type: 'bad', error: new GatewayError(code, 'No.', extra) }, nowMs)
}

const restingOf = (lanes: LaneTable, nowMs = NOW_MS) => lanes.restingOf(laneFor('a'), nowMs)

describe('what one replica learns of a provider', () => {
  test.each<[what: string, code: ErrorCode, extra: object, why: RegExp, untilMs: number | undefined]>([
    ['an open circuit', 'provider_error', { providerStatus: 500 }, /circuit is open after provider_error/, 5000],
    ['a rate limit', 'provider_rate_limited', { retryAfterSeconds: 30 }, /rate limit/, 30_000],
    ['a parked key', 'provider_auth', { providerStatus: 401 }, /its key is parked/, undefined],
    ['a key that may not use the model', 'provider_auth', { providerStatus: 403 }, /its key is parked/, undefined],
  ])('the others hear of: %s, by their own clock', (_what, code, extra, why, untilMs) => {
    const { all, talk } = replicas(2, 60_000)
    const [first, second] = all
    if (first === undefined || second === undefined) throw new Error('there are two')
    fail(first.lanes, code, extra)
    talk()
    const resting = restingOf(second.lanes, second.now())
    expect(resting?.why).toMatch(why)
    expect(resting?.untilMs).toBe(untilMs === undefined ? undefined : second.now() + untilMs)
  })

  test('is over for all of them when it is over for the one who knew', () => {
    const { all, talk } = replicas(3)
    const [first, second, third] = all.map(({ lanes }) => lanes)
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three')
    fail(first, 'provider_auth', { providerStatus: 401 })
    fail(first, 'provider_error', { providerStatus: 500 })
    talk()
    talk()
    expect([second, third].map((lanes) => restingOf(lanes)?.cause)).toEqual(['state', 'state'])
    // A call that names the model directly succeeds.
    first.end(first.begin(laneFor('a'), NOW_MS), { type: 'good', measured: {} }, NOW_MS)
    talk()
    talk()
    expect([first, second, third].map((lanes) => restingOf(lanes))).toEqual([undefined, undefined, undefined])
  })

  test('is not taken from one that learned it by itself', () => {
    const { all, talk } = replicas(2)
    const [first, second] = all.map(({ lanes }) => lanes)
    if (first === undefined || second === undefined) throw new Error('there are two')
    fail(second, 'provider_rate_limited', { retryAfterSeconds: 60 })
    fail(first, 'provider_rate_limited', { retryAfterSeconds: 30 })
    talk()
    first.reset('a')
    talk()
    expect(restingOf(second)?.untilMs).toBe(NOW_MS + 60_000)
  })

  test('is told to one that comes later', () => {
    const { all, talk } = replicas(1)
    const [first] = all
    if (first === undefined) throw new Error('there is one')
    fail(first.lanes, 'provider_auth', { providerStatus: 401 })
    talk()
    const lanes = new LaneTable(() => RULES)
    const newcomer = new SharedStates(lanes, 'newcomer')
    expect(first.states.hear(newcomer.hello(), NOW_MS)).toBe(true)
    newcomer.hear(first.states.tell(NOW_MS), NOW_MS)
    expect(restingOf(lanes)?.cause).toBe('state')
  })

  test('is forgotten by all when somebody takes the provider back into use', () => {
    const { all, talk } = replicas(2)
    const [first, second] = all
    if (first === undefined || second === undefined) throw new Error('there are two')
    fail(first.lanes, 'provider_auth', { providerStatus: 401 })
    talk()
    second.lanes.reset('a')
    first.states.hear(second.states.reset('a'), NOW_MS)
    talk()
    expect([restingOf(first.lanes), restingOf(second.lanes)]).toEqual([undefined, undefined])
  })

  test.each(['', '{', '7', '{"type":"states"}', '{"type":"states","version":1,"from":"x","atMs":1,"parkedKeys":{},"lanes":[]}'])(
    'is not heard in %p',
    (text) => {
      const lanes = new LaneTable(() => RULES)
      expect(new SharedStates(lanes, 'own').hear(text, NOW_MS)).toBe(false)
      expect([lanes.all(), lanes.parkedKeys.size]).toEqual([[], 0])
    },
  )
})
