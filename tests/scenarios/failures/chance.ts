import {
  type Answer,
  type FakeUpstream,
  fakeUpstream,
  READ_PAUSE,
  resetBeforeHead,
  type Step,
  send,
} from '../../../src/testing/fake-upstream.ts'
import { replyHead } from '../../../src/testing/upstream-replies.ts'
import { refuse, report, type Wire, well } from './wires.ts'

/** Draws that are the same each time. Source: mulberry32, https://github.com/bryc/code/blob/master/jshash/PRNGs.md (public domain, read 2026-11-21). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of a list. */
export function drawn<One>(list: readonly [One, ...One[]], random: () => number): One {
  return list[Math.floor(random() * list.length)] ?? list[0]
}

const late = (answer: Answer, ms: number): Answer => {
  return (request) => [{ type: 'pause', ms }, ...answer(request)]
}

/** A stream up to its first content, and what comes then. */
function broken(wire: Wire, then: readonly Step[]): Answer {
  const head = replyHead(200, { 'content-type': wire.contentType, connection: 'close' })
  return () => [send(Buffer.concat([head, ...wire.frames.slice(0, wire.contentFrame + 1)])), ...then]
}

/** A provider of a wire whose every answer is drawn: well, slow, refused, cut, stalled. */
export function moodyProvider(wire: Wire, random: () => number): Promise<FakeUpstream> {
  const whole = moodsOf(wire, false)
  const streamed = [
    ...moodsOf(wire, true),
    report(wire, 500),
    broken(wire, [READ_PAUSE, { type: 'reset' }]),
    broken(wire, [{ type: 'pause', ms: 10 }, { type: 'close' }]),
    broken(wire, [{ type: 'pause', ms: 10 }, send(wire.report(503, {})), { type: 'close' }]),
    broken(wire, [{ type: 'stall' }]),
  ] as const
  return fakeUpstream((request) => {
    const isStream = request.path.includes('stream') || request.body.includes('"stream":true')
    return drawn(isStream ? [streamed[0] ?? resetBeforeHead(), ...streamed] : whole, random)(request)
  })
}

function moodsOf(wire: Wire, isStream: boolean): readonly [Answer, ...Answer[]] {
  const good = well(wire, isStream)
  const refusals = [500, 529, 429, 400].map((status) => refuse(wire, status))
  return [good, good, good, late(good, 15), late(good, 40), late(refuse(wire, 503), 20), resetBeforeHead(), ...refusals]
}
