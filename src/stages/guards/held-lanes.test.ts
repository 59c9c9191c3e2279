import { describe, expect, test } from 'bun:test'
import { openTestCall } from '../../testing/open-test-call.ts'
import { JudgeLane } from './judge-lane.ts'
import type { Action, Guard, Judges, Verdict } from './types.ts'
import { MAX_GATHERED, WholeLane } from './whole-lane.ts'

const FOUND: Verdict = { type: 'found', kind: 'TONE' }
const CLEAN: Verdict = { type: 'clean' }
const PIECE = 'x'.repeat(MAX_GATHERED / 4)
const TOO_MANY = Array.from({ length: 5 }, () => PIECE)

function guardOf(name: string, action: Action): Guard {
  const wholes = [{ type: 'whole', needsEnd: true, check: (text: string) => (text.includes('rude') ? FOUND : CLEAN) }] as const
  const common = { on: undefined, onFailure: 'closed', deadlineMs: 1000, restores: false, spans: [], source: { type: 'test' } } as const
  const judge = { type: 'model', model: 'judge', instructions: 'Is it rude?' } as const
  return { ...common, name, action, phases: new Set(['output']), wholes, judge }
}

const JUDGES: Judges = { ask: async (_call, _judge, { texts }) => (texts.join('').includes('rude') ? FOUND : CLEAN) }

const KINDS = [
  ['detectors', (guards: readonly Guard[]) => lab(guards, (call, asked) => new WholeLane(call, asked, 'output'))],
  ['judges', (guards: readonly Guard[]) => lab(guards, (call, asked) => new JudgeLane(call, JUDGES, asked, 'output'))],
] as const

interface HeldLane {
  push(piece: string): string
  end(piece?: string): string | Promise<string>
}

function lab(guards: readonly Guard[], open: (call: ReturnType<typeof openTestCall>, guards: readonly Guard[]) => HeldLane) {
  const call = openTestCall()
  const lane = open(call, guards)
  /** What goes on while it is said, and at the end; or the code of the refusal. */
  const say = async (pieces: readonly string[]) => {
    const during: string[] = []
    try {
      for (const piece of pieces) during.push(lane.push(piece))
      return { during: during.join(''), end: await lane.end() }
    } catch (thrown) {
      return { during: during.join(''), refused: thrown instanceof Error ? thrown.message : '' }
    }
  }
  return { say, kinds: () => (call.record.facts.guards ?? []).map(({ guard, did, kinds }) => ({ guard, did, kinds })) }
}

describe.each(KINDS)('a text of a stream in front of %s', (_kind, open) => {
  test('is held back whole where one may refuse it', async () => {
    expect(await open([guardOf('tone', 'block')]).say(['be ', 'kind'])).toEqual({ during: '', end: 'be kind' })
    const refused = await open([guardOf('tone', 'block')]).say(['be ', 'ru', 'de'])
    expect(refused).toEqual({
      during: '',
      refused: expect.stringMatching(/^The guard "tone" refused this call: it found TONE in the reply/),
    })
  })

  test('goes on at once where none may, which is told when it is over', async () => {
    const { say, kinds } = open([guardOf('tone', 'flag')])
    expect(await say(['be ', 'ru', 'de'])).toEqual({ during: 'be rude', end: '' })
    expect(kinds()).toEqual([{ guard: 'tone', did: 'flagged', kinds: { TONE: 1 } }])
  })

  test.each([
    ['alone', [guardOf('tone', 'block')]],
    ['behind one that only tells', [guardOf('style', 'flag'), guardOf('tone', 'block')]],
  ])('is refused by the guard that holds it where it is longer than may be held: %s', async (_where, guards) => {
    const { say, kinds } = open(guards)
    expect(await say(TOO_MANY)).toEqual({
      during: '',
      refused: expect.stringMatching(/^The guard "tone" refused .* TOO_LONG in the reply/),
    })
    expect(kinds()).toEqual([{ guard: 'tone', did: 'blocked', kinds: { TOO_LONG: 1 } }])
  })
})
