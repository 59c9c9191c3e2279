import { expect, test } from 'bun:test'
import { factsFor, laneFor, measure, modelFor, routeFor } from '../../testing/route-targets.ts'
import { choose } from './choose.ts'
import { encodeStates, restoreStates } from './kept-states.ts'
import { LaneTable } from './lanes.ts'

const NOW = 1_000_000
const DAY_MS = 86_400_000
const newLanes = () => new LaneTable(() => ({ failures: 2, share: 0.5, pauseMs: 1000, longestPauseMs: 8000 }))

function measured(): LaneTable {
  const lanes = newLanes()
  measure(lanes, 'a', { firstTokenMs: 4000, tokensPerSecond: 10 }, { firstTokenMs: 1000, tokensPerSecond: 12 }, NOW)
  measure(lanes, 'b', { firstTokenMs: 100 }, { firstTokenMs: 100 }, NOW)
  return lanes
}

test('what was written down of how fast targets are is known again, and chosen by', () => {
  const again = newLanes()
  expect(restoreStates(again, encodeStates(measured(), NOW))).toBe(true)
  const { samples, recent, usual, atMs } = again.stateOf(laneFor('a')).performance
  expect({ samples, recent, usual, atMs }).toEqual({
    samples: 100,
    recent: { firstTokenMs: 4000, tokensPerSecond: 10 },
    usual: { firstTokenMs: 1000, tokensPerSecond: 12 },
    atMs: NOW,
  })
  for (const strategy of ['fastest', 'priority'] as const) {
    const route = routeFor([modelFor('a'), modelFor('b')], { strategy })
    const { order } = choose(route, factsFor(), { lanes: again, nowMs: NOW + 1, random: () => 0.5 })
    expect([strategy, order.map(({ name }) => name)]).toEqual([strategy, ['b', 'a']])
  }
})

test('what is a day old is not written down, and of many targets those that were used last', () => {
  const later = newLanes()
  restoreStates(later, encodeStates(measured(), NOW + DAY_MS))
  expect(later.all()).toEqual([])
  const many = newLanes()
  for (let index = 0; index < 600; index++) {
    const lane = laneFor(`m${index}`)
    many.end(many.begin(lane, NOW), { type: 'good', measured: { firstTokenMs: 1 } }, NOW)
  }
  const kept = newLanes()
  restoreStates(kept, encodeStates(many, NOW))
  expect(kept.all().map(({ lane }) => lane.provider)).toEqual(Array.from({ length: 500 }, (_, index) => `m${599 - index}`))
})

test.each(['', '{}', '{"version":1,"parkedKeys":{},"lanes":[]}', '{"version":2,"parkedKeys":{"a":"nonsense"},"lanes":[]}'])(
  '%s is none of ours',
  (text) => {
    const lanes = newLanes()
    expect([restoreStates(lanes, text), lanes.all().length, lanes.parkedKeys.size]).toEqual([false, 0, 0])
  },
)
