import { expect, test } from 'bun:test'
import { collect, replyOf, transform } from '../../core/stage.ts'
import { openTestCall } from '../../testing/open-test-call.ts'
import { keywordDetector } from './keywords.ts'
import type { ReplyText, ReplyTexts } from './port.ts'
import { guardReply } from './reply.ts'
import type { Action, Guard, JudgeQuestion, Phase, Verdict } from './types.ts'

const FOUND: Verdict = { type: 'found', kind: 'TONE' }
const CLEAN: Verdict = { type: 'clean' }
const COMMON = { phases: new Set<Phase>(['output']), on: undefined, onFailure: 'closed', deadlineMs: 1000, restores: false } as const

const words = (action: Action): Guard => ({
  ...{ ...COMMON, name: 'words', action, spans: [keywordDetector(['falcon'], 'WORD')], wholes: [], judge: undefined },
  source: { type: 'keywords' },
})
const tone: Guard = {
  ...{ ...COMMON, name: 'tone', action: 'flag', spans: [] },
  wholes: [{ type: 'whole', needsEnd: true, check: (text) => (text.includes('rude') ? FOUND : CLEAN) }],
  judge: { type: 'model', model: 'judge', instructions: 'Is it rude?' },
  source: { type: 'test' },
}

/** Parts that are one text each, whole by itself. */
const TEXTS: ReplyTexts<ReplyText> = {
  read: (part) => [part],
  write: (part, [text = '']) => ({ ...part, text }),
  ends: () => [],
  say: (lane, text) => ({ phase: 'output', lane, text }),
}

/** What a reply says first, and what it says again: what of it goes on, what is told of it, and what judges are asked. */
async function guarded(guards: readonly Guard[], said: string, again: Partial<ReplyText>) {
  const call = openTestCall()
  const asked: JudgeQuestion['texts'][] = []
  const ask = async (_call: unknown, _judge: unknown, { texts }: JudgeQuestion) => {
    asked.push(texts)
    return CLEAN
  }
  const parts: readonly ReplyText[] = [
    { phase: 'output', text: said },
    { phase: 'output', text: said, ...again },
  ]
  const reply = transform(replyOf(parts, call.signal), guardReply({ call, guards, judges: { ask } }, TEXTS))
  const out = await collect(reply).then(
    (collected) => collected.parts.map(({ text }) => text),
    ({ code }) => code,
  )
  return { out, told: (call.record.facts.guards ?? []).map(({ did, kinds }) => ({ did, kinds })), asked }
}

test.each<[string, Partial<ReplyText>, number]>([
  ['says again what was said is redacted like it, and told once', { isRepeat: true }, 1],
  ['says something else is told by itself', {}, 2],
])('a text that %s', async (_what, again, count) => {
  const { out, told } = await guarded([words('redact')], 'about falcon', again)
  expect(out).toEqual(['about [WORD]', 'about [WORD]'])
  expect(told).toEqual([{ did: 'redacted', kinds: { WORD: count } }])
})

test('a text is refused for what it says again alone', async () => {
  const call = openTestCall()
  const part: ReplyText = { phase: 'output', text: 'about falcon', isRepeat: true }
  const work = { call, guards: [words('block')], judges: { ask: async () => CLEAN } }
  const refused = collect(transform(replyOf([part], call.signal), guardReply(work, TEXTS)))
  await expect(refused).rejects.toMatchObject({ code: 'guard_blocked' })
  expect(call.record.facts.guards).toMatchObject([{ did: 'blocked', kinds: { WORD: 1 } }])
})

test.each<[string, Partial<ReplyText>, number]>([
  ['again is neither judged nor looked at as a whole', { isRepeat: true }, 1],
  ['beside an answer is neither', { isAside: true }, 1],
  ['as part of an answer is both', {}, 2],
])('what is said %s', async (_what, again, count) => {
  const { told, asked } = await guarded([tone], 'how rude', again)
  expect(told).toEqual([{ did: 'flagged', kinds: { TONE: count } }])
  expect(asked).toEqual(Array.from({ length: count }, () => ['how rude']))
})
