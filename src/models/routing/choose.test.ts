import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../core/errors.ts'
import { factsFor, laneFor, measure, modelFor, routeFor } from '../../testing/route-targets.ts'
import type { Price } from '../prices/types.ts'
import { choose } from './choose.ts'
import { compileCondition } from './conditions.ts'
import { LaneTable } from './lanes.ts'
import type { Choice, RequestFacts, Route } from './types.ts'

const RULES = { failures: 2, share: 0.5, pauseMs: 1000, longestPauseMs: 8000 }
const NOW = 1_000_000

function newLanes(): LaneTable {
  return new LaneTable(() => RULES)
}

function chosen(route: Route, facts: RequestFacts = factsFor(), more: { lanes?: LaneTable; random?: () => number } = {}): Choice {
  return choose(route, facts, { lanes: more.lanes ?? newLanes(), nowMs: NOW, random: more.random ?? (() => 0.5) })
}

function namesOf({ order }: Choice): readonly string[] {
  return order.map(({ name }) => name)
}

/** US dollars per million tokens. */
function price(input: number, output: number): Price {
  return { input: input * 1e9, output: output * 1e9, version: 't' }
}

/** How often each target came first, drawing 1,000 times evenly. */
function firsts(route: Route, facts: (index: number) => RequestFacts = () => factsFor()): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let index = 0; index < 1000; index++) {
    // Two draws a choice, spread over the square.
    const draws = [(index + 0.5) / 1000, ((index * 617) % 1000) / 1000]
    const [first] = namesOf(chosen(route, facts(index), { random: () => draws.shift() ?? 0.5 }))
    counts[first ?? '-'] = (counts[first ?? '-'] ?? 0) + 1
  }
  return counts
}

/** How many of 10,000 calls went to the canary first. */
function countCanary(route: Route, facts: (index: number) => RequestFacts, random: () => number): number {
  const lanes = newLanes()
  let count = 0
  for (let index = 0; index < 10_000; index++) {
    if (chosen(route, facts(index), { lanes, random }).order[0] === c) count++
  }
  return count
}

/** Draws that are the same each time. Source: mulberry32, https://github.com/bryc/code/blob/master/jshash/PRNGs.md (public domain, read 2026-11-21). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const [a, b, c] = [modelFor('a'), modelFor('b'), modelFor('c')]

describe('a target is left out, with the reason,', () => {
  test.each<[why: string, can: object, shape: object]>([
    ['it has no tools', { tools: false }, { hasTools: true }],
    ['it does not read images', { images: false }, { hasImages: true }],
    ['it does not take audio', { audio: false }, { hasAudio: true }],
    ['it does not keep to a JSON schema', { schema: false }, { wantsSchema: true }],
    ['it does not reason', { reasoning: false }, { wantsReasoning: true }],
    ["it does not go on with an assistant's message", { prefill: false }, { hasPrefill: true }],
    ['its context is 50 tokens; the request has at least 60', { context: 50 }, {}],
    ['its context is 100 tokens; the request has at least 60 and may write 50', { context: 100 }, { maxOutputTokens: 50 }],
    ['its output is at most 10 tokens, and 50 are asked for', { output: 10 }, { maxOutputTokens: 50 }],
  ])('because %s', (why, can, shape) => {
    const choice = chosen(routeFor([modelFor('a', { can }), b]), factsFor(shape))
    expect(namesOf(choice)).toEqual(['b'])
    expect(choice.ruledOut).toEqual([{ target: 'a', why, cause: 'request' }])
  })

  test('not where nothing is known of it', () => {
    expect(
      namesOf(chosen(routeFor([a, b]), factsFor({ hasTools: true, hasImages: true, inputTokens: 1e9, leastInputTokens: 1e9 }))),
    ).toEqual(['a', 'b'])
  })

  test('while its circuit is open, and is tried again when the pause is over', () => {
    const lanes = newLanes()
    for (let failures = 0; failures < 2; failures++) fail(lanes, 'a', new GatewayError('provider_error', 'Down.'))
    const choice = chosen(routeFor([a, b]), factsFor(), { lanes })
    expect(namesOf(choice)).toEqual(['b'])
    expect(choice.ruledOut).toEqual([{ target: 'a', why: 'its circuit is open after provider_error', cause: 'state', untilMs: NOW + 1000 }])
    const later = choose(routeFor([a, b]), factsFor(), { lanes, nowMs: NOW + 1000, random: () => 0 })
    expect(namesOf(later)).toEqual(['a', 'b'])
  })

  test('at a rate limit that says how long; one that does not only goes last', () => {
    const lanes = newLanes()
    fail(lanes, 'a', new GatewayError('provider_rate_limited', 'Slow.', { retryAfterSeconds: 20 }))
    fail(lanes, 'b', new GatewayError('provider_rate_limited', 'Slow.'))
    const choice = chosen(routeFor([a, b, c]), factsFor(), { lanes })
    expect(namesOf(choice)).toEqual(['c', 'b'])
    expect(choice.ruledOut).toEqual([
      { target: 'a', why: "the provider's rate limit for it is reached", cause: 'limit', untilMs: NOW + 20_000 },
    ])
  })

  test('only when every key of it rests', () => {
    const lanes = newLanes()
    const two = modelFor('a', { lanes: [laneFor('a', 0, 2), laneFor('a', 1, 2)] })
    fail(lanes, 'a', new GatewayError('provider_auth', 'No.', { providerStatus: 401 }))
    expect(namesOf(chosen(routeFor([two]), factsFor(), { lanes }))).toEqual(['a'])
    lanes.end(
      lanes.begin(laneFor('a', 1, 2), NOW),
      { type: 'bad', error: new GatewayError('provider_auth', 'No.', { providerStatus: 401 }) },
      NOW,
    )
    expect(chosen(routeFor([two]), factsFor(), { lanes }).ruledOut).toEqual([
      { target: 'a', why: 'its key is parked after provider_auth, until it changes or is reset', cause: 'state' },
    ])
  })
})

describe('a clock that is set back by an hour', () => {
  const HOUR = 3_600_000
  const at = (lanes: LaneTable, nowMs: number) => choose(routeFor([a]), factsFor(), { lanes, nowMs, random: () => 0.5 }).ruledOut

  test.each<[what: string, error: GatewayError, untilMs: number]>([
    ['a rate limit', new GatewayError('provider_rate_limited', 'No.', { retryAfterSeconds: 60 }), 60_000],
    ['an open circuit', new GatewayError('provider_error', 'No.'), 1000],
  ])('makes %s no longer', (_what, error, restMs) => {
    const lanes = newLanes()
    for (let failures = 0; failures < 2; failures++) fail(lanes, 'a', error)
    expect(at(lanes, NOW)).toMatchObject([{ target: 'a', untilMs: NOW + restMs }])
    expect(at(lanes, NOW - HOUR)).toMatchObject([{ target: 'a', untilMs: NOW - HOUR + restMs }])
    expect(at(lanes, NOW - HOUR + restMs)).toEqual([])
  })

  test('keeps nobody last who was slow for longer', () => {
    const lanes = newLanes()
    measure(lanes, 'a', { firstTokenMs: 900 }, { firstTokenMs: 100 }, NOW)
    const order = (nowMs: number) => namesOf(choose(routeFor([a, b]), factsFor(), { lanes, nowMs, random: () => 0.5 }))
    expect(order(NOW)).toEqual(['b', 'a'])
    expect(order(NOW - HOUR)).toEqual(['b', 'a'])
    expect(order(NOW - HOUR + 30_000)).toEqual(['a', 'b'])
  })
})

test('a target that is reached twice, through routes in routes or as the canary too, has its first place and one reason', () => {
  const nested = (name: string, targets: Route['targets']): Route['targets'][number] => ({
    ...{ type: 'route', name, strategy: 'priority', targets, stickyBy: [], firstTokenWithinMs: undefined },
    ...{ weight: 1, when: undefined, goodAt: [], scores: {} },
  })
  // Each place has an object of its own, as the configuration compiles it.
  const route = routeFor([nested('inner', [modelFor('a'), modelFor('b')]), modelFor('a'), modelFor('c')])
  expect(namesOf(chosen(route))).toEqual(['a', 'b', 'c'])
  const canary = { target: modelFor('c'), share: 1 }
  expect(namesOf(chosen({ ...route, canary }))).toEqual(['c', 'a', 'b'])
  const lanes = newLanes()
  fail(lanes, 'a', new GatewayError('provider_auth', 'No.', { providerStatus: 401 }))
  expect(chosen(route, factsFor(), { lanes }).ruledOut.map(({ target }) => target)).toEqual(['a'])
})

function fail(lanes: LaneTable, name: string, error: GatewayError): void {
  lanes.end(lanes.begin(laneFor(name), NOW), { type: 'bad', error }, NOW)
}

describe('the strategy', () => {
  test('priority keeps the order of the file', () => {
    expect(chosen(routeFor([b, a]))).toMatchObject({ order: [b, a], why: 'first of those that can serve it' })
  })

  test('weighted draws by weight, and keeps what has none for the last', () => {
    const route = routeFor([modelFor('a', { weight: 3 }), b, modelFor('c', { weight: 0 })], { strategy: 'weighted' })
    const counts = firsts(route)
    expect(counts.a).toBeWithin(700, 800)
    expect(counts.b).toBeWithin(200, 300)
    expect(counts.c).toBeUndefined()
    expect(namesOf(chosen(route)).at(-1)).toBe('c')
  })

  test('cheapest reckons with the shape of this request', () => {
    const route = routeFor([modelFor('in', { price: price(1, 10) }), modelFor('out', { price: price(5, 2) }), modelFor('unpriced')], {
      strategy: 'cheapest',
    })
    expect(namesOf(chosen(route, factsFor({ inputTokens: 100_000, maxOutputTokens: 10 })))).toEqual(['in', 'out', 'unpriced'])
    expect(namesOf(chosen(route, factsFor({ inputTokens: 10, maxOutputTokens: 4000 })))).toEqual(['out', 'in', 'unpriced'])
  })

  test('cheapest with a first token in time puts the late ones last', () => {
    const lanes = newLanes()
    measure(lanes, 'a', { firstTokenMs: 5000 })
    measure(lanes, 'b', { firstTokenMs: 500 })
    const targets = [modelFor('a', { price: price(1, 1) }), modelFor('b', { price: price(2, 2) })]
    expect(namesOf(chosen(routeFor(targets, { strategy: 'cheapest' }), factsFor(), { lanes }))).toEqual(['a', 'b'])
    expect(namesOf(chosen(routeFor(targets, { strategy: 'cheapest', firstTokenWithinMs: 2000 }), factsFor(), { lanes }))).toEqual([
      'b',
      'a',
    ])
  })

  test('fastest goes by first token and tokens a second, and looks at others now and then', () => {
    const lanes = newLanes()
    measure(lanes, 'a', { firstTokenMs: 100, tokensPerSecond: 10 })
    measure(lanes, 'b', { firstTokenMs: 900, tokensPerSecond: 100 })
    const route = routeFor([a, b], { strategy: 'fastest' })
    expect(namesOf(chosen(route, factsFor({ maxOutputTokens: 2 }), { lanes }))).toEqual(['a', 'b'])
    expect(namesOf(chosen(route, factsFor({ maxOutputTokens: 500 }), { lanes }))).toEqual(['b', 'a'])
    expect(chosen(route, factsFor({ maxOutputTokens: 500 }), { lanes, random: () => 0.01 })).toMatchObject({
      order: [a, b],
      why: 'looked at now and then, to know how fast it is',
    })
  })

  test('best goes by the score for the kinds of the task', () => {
    const route = routeFor([modelFor('a', { scores: { code: 5, default: 8 } }), modelFor('b', { scores: { code: 9 } }), modelFor('c')], {
      strategy: 'best',
    })
    expect(namesOf(chosen(route, factsFor({ kinds: ['code'] })))).toEqual(['b', 'a', 'c'])
    expect(namesOf(chosen(route, factsFor({ kinds: ['chat'] })))).toEqual(['a', 'b', 'c'])
  })

  test('least-busy counts calls under way for their weight', () => {
    const lanes = newLanes()
    for (let calls = 0; calls < 3; calls++) lanes.begin(laneFor('a'), NOW)
    lanes.begin(laneFor('b'), NOW)
    expect(namesOf(chosen(routeFor([a, b], { strategy: 'least-busy' }), factsFor(), { lanes }))).toEqual(['b', 'a'])
    const weighted = routeFor([modelFor('a', { weight: 10 }), b], { strategy: 'least-busy' })
    expect(namesOf(chosen(weighted, factsFor(), { lanes }))).toEqual(['a', 'b'])
  })

  test('conditional takes the first whose condition holds', () => {
    const when = compileCondition({ cel: 'principal.team == "research" && request.inputTokens > 50' })
    const eu = compileCondition({ labels: { region: 'eu*' } })
    const route = routeFor([modelFor('a', { when }), modelFor('b', { when: eu }), c], { strategy: 'conditional' })
    const facts = (team: string, labels: Record<string, string> = {}) => factsFor({}, { principal: { organisation: 'acme', team, labels } })
    expect(namesOf(chosen(route, facts('research')))).toEqual(['a', 'c'])
    expect(namesOf(chosen(route, facts('other', { region: 'eu-west' })))).toEqual(['b', 'c'])
    expect(chosen(route, facts('other')).ruledOut.map(({ target }) => target)).toEqual(['a', 'b'])
  })

  test('sticky keeps a conversation at its target, and moves only those of a target that goes', () => {
    const route = routeFor([a, b, c], { strategy: 'sticky' })
    const at = (index: number, targets = route.targets) => namesOf(chosen({ ...route, targets }, factsFor({ opening: `o${index}` })))[0]
    const before = Array.from({ length: 300 }, (_, index) => at(index))
    expect(Array.from({ length: 300 }, (_, index) => at(index))).toEqual(before)
    for (const name of ['a', 'b', 'c']) expect(before.filter((first) => first === name).length).toBeWithin(60, 140)
    const without = Array.from({ length: 300 }, (_, index) => at(index, [a, b]))
    expect(without.filter((first, index) => first !== before[index]).length).toBe(before.filter((first) => first === 'c').length)
  })

  test('auto goes by what targets are good at, then by price for the easy and by the file for the hard', () => {
    const route = routeFor(
      [
        modelFor('big', { price: price(10, 50) }),
        modelFor('small', { price: price(1, 2) }),
        modelFor('coder', { goodAt: ['code'], price: price(5, 5) }),
      ],
      { strategy: 'auto' },
    )
    expect(namesOf(chosen(route, factsFor({ kinds: ['code'] })))[0]).toBe('coder')
    expect(namesOf(chosen(route, factsFor()))[0]).toBe('small')
    expect(namesOf(chosen(route, factsFor({ isHard: true })))[0]).toBe('big')
  })
})

describe('a route', () => {
  test('in a route is ordered by its own strategy, and a model that is reached twice is tried once', () => {
    const inner = { ...routeFor([b, a]), type: 'route', weight: 1, when: undefined, goodAt: [], scores: {} } as const
    expect(namesOf(chosen(routeFor([inner, c, a])))).toEqual(['b', 'a', 'c'])
  })

  test('gives a canary its share', () => {
    const route = routeFor([a], { canary: { target: c, share: 0.1 } })
    expect(firsts(route)).toEqual({ a: 900, c: 100 })
    expect(chosen(route, factsFor(), { random: () => 0.05 })).toMatchObject({ order: [c, a], why: 'the canary has its share' })
  })

  test('gives a canary its share of 10,000 calls, also in a route that is sticky, where a conversation stays on its side', () => {
    const share = 0.05
    // Four standard deviations of 10,000 draws: once in some 16,000 runs it would be wrong, were the draws not the same each time.
    const within = 4 * Math.sqrt(10_000 * share * (1 - share))
    const random = seeded(7)
    const drawn = countCanary(routeFor([a], { canary: { target: c, share } }), () => factsFor(), random)
    expect(Math.abs(drawn - 500)).toBeLessThan(within)
    const sticky = routeFor([a, b], { strategy: 'sticky', canary: { target: c, share } })
    const sides = [0, 1].map(() => countCanary(sticky, (index) => factsFor({ opening: `o${index}` }), random))
    expect(Math.abs((sides[0] ?? 0) - 500)).toBeLessThan(within)
    expect(sides[1]).toBe(sides[0] ?? 0)
    for (const [most, expected] of [
      [0, 0],
      [1, 10_000],
    ] as const) {
      expect(countCanary(routeFor([a], { canary: { target: c, share: most } }), () => factsFor(), random)).toBe(expected)
    }
  })

  test('looks again at what was slower than usual, by one call at a time, and takes it back or leaves it last', () => {
    const lanes = newLanes()
    measure(lanes, 'a', { firstTokenMs: 4000 }, { firstTokenMs: 1000 }, NOW)
    const at = (nowMs: number) => namesOf(choose(routeFor([a, b]), factsFor(), { lanes, nowMs, random: () => 0.5 }))
    expect([at(NOW), at(NOW + 29_999), at(NOW + 30_000)]).toEqual([
      ['b', 'a'],
      ['b', 'a'],
      ['a', 'b'],
    ])
    const probe = lanes.begin(laneFor('a'), NOW + 30_000)
    expect(at(NOW + 30_001)).toEqual(['b', 'a'])
    lanes.end(probe, { type: 'good', measured: { firstTokenMs: 5000 } }, NOW + 35_000)
    expect(at(NOW + 35_001)).toEqual(['b', 'a'])
    for (let calls = 0; calls < 8; calls++) {
      const beganMs = NOW + 70_000 + calls * 60_000
      lanes.end(lanes.begin(laneFor('a'), beganMs), { type: 'good', measured: { firstTokenMs: 900 } }, beganMs + 900)
    }
    expect(at(NOW + 600_000)).toEqual(['a', 'b'])
  })

  test('puts what is slower than usual last', () => {
    const lanes = newLanes()
    measure(lanes, 'a', { firstTokenMs: 4000 }, { firstTokenMs: 1000 })
    measure(lanes, 'b', { tokensPerSecond: 10 }, { tokensPerSecond: 50 })
    const choice = chosen(routeFor([a, b, c]), factsFor(), { lanes })
    expect(namesOf(choice)).toEqual(['c', 'a', 'b'])
    expect(choice.why).toContain('slower than usual')
  })
})
