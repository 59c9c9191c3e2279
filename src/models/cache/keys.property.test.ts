import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openTestCall } from '../../testing/open-test-call.ts'
import { dialectOf } from '../dialects/index.ts'
import { planCache, textOfTargets } from './plan.ts'
import type { CacheScope } from './settings.ts'
import type { CacheWish } from './wish.ts'

/** Texts that would pass for the end of one piece and the beginning of the next, if pieces were only put together. */
const NASTY = [
  '',
  'a',
  'a,b',
  'a:b',
  '1:a',
  '"',
  '","',
  '\\',
  '\u0000',
  '|',
  '\n',
  'é',
  'e\u0301',
  '😀',
  '\ud800',
  '["team"',
  'null',
  'undefined',
  '0',
  'A',
]
const text = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NASTY) }, fc.string({ unit: 'grapheme', maxLength: 4 }))
const maybe = fc.option(text, { nil: undefined })

interface Asked {
  readonly organisation: string
  readonly team: string | undefined
  readonly user: string | undefined
  readonly keyId: string | undefined
  readonly scope: CacheScope
  readonly model: string
  readonly provider: string
  readonly system: string
  readonly question: string
  readonly tool: string | undefined
  readonly temperature: number
}

const asked: fc.Arbitrary<Asked> = fc.record({
  organisation: text,
  team: maybe,
  user: maybe,
  keyId: maybe,
  scope: fc.constantFrom('principal', 'team', 'organisation'),
  model: fc.constantFrom('m', 'm:m', '1:m'),
  provider: fc.constantFrom('p', '1:p', 'p1:m'),
  system: text,
  question: text,
  tool: maybe,
  temperature: fc.constantFrom(0, 1, 0.5),
})

function bodyOf({ model, system, question, tool, temperature }: Asked): object {
  return {
    model,
    temperature,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
    ...(tool === undefined
      ? {}
      : { tools: [{ type: 'function', function: { name: 'f', description: tool, parameters: { type: 'object' } } }] }),
  }
}

function planOf({ organisation, team, user, keyId, scope, provider }: Asked, body: string, wish: Partial<CacheWish> = {}) {
  const request = dialectOf('openai-chat').decodeRequest(
    new TextEncoder().encode(body),
    { maxDepth: 256 },
    { headers: new Headers(), url: 'http://127.0.0.1/' },
  )
  const principal = {
    organisation,
    labels: {},
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    ...(keyId === undefined ? {} : { keyId }),
  }
  const settings = { ttlMs: 1000, scope, replay: 'instant', maxAnswerBytes: 1000 } as const
  const targets = textOfTargets([{ provider, id: 'm', wire: 'openai-chat', url: 'http://127.0.0.1/' }])
  return planCache(
    openTestCall({ principal }),
    { request, targets, settings, wish: { isOff: false, isRefresh: false, ...wish } },
    () => undefined,
  )
}

function keysOf(each: Asked, body = JSON.stringify(bodyOf(each))): readonly string[] {
  const plan = planOf(each, body)
  return plan === undefined ? [] : [plan.exactKey, ...plan.otherKeys()]
}

/** Who shares answers with this one, in words of the documentation: written apart from the code. */
function sharers({ organisation, team, user, keyId, scope }: Asked): readonly unknown[] {
  if (scope === 'organisation') return ['all', organisation]
  if (scope === 'team' && team !== undefined) return ['team', organisation, team]
  if (user !== undefined) return ['user', organisation, team ?? '', user]
  return ['key', organisation, team ?? '', keyId ?? '']
}

function isSame(left: Asked, right: Asked): boolean {
  const identity = (each: Asked) => JSON.stringify([sharers(each), each.provider, bodyOf(each)])
  return identity(left) === identity(right)
}

/** Two that differ in one place at the most: two at random differ everywhere. */
const pair = fc
  .tuple(
    asked,
    asked,
    fc.constantFrom(
      ...(['organisation', 'team', 'user', 'keyId', 'scope', 'model', 'provider', 'system', 'question', 'tool', 'temperature'] as const),
    ),
  )
  .map(([left, other, field]): readonly [Asked, Asked] => [left, { ...left, [field]: other[field] }])

describe('keys of the cache', () => {
  test('are never shared by two who must not share, nor by two questions', () => {
    fc.assert(
      fc.property(fc.oneof(pair, fc.tuple(asked, asked)), ([left, right]) => {
        const mine = new Set(keysOf(left))
        const shared = keysOf(right).filter((key) => mine.has(key))
        expect(shared.length > 0).toBe(isSame(left, right))
      }),
      { numRuns: 2000 },
    )
  })

  test('of the three kinds are never taken for each other', () => {
    fc.assert(
      fc.property(asked, (each) => {
        expect(keysOf(each).map((key) => key.split(':')[0])).toEqual(['exact', 'canonical', 'neutral'])
      }),
      { numRuns: 200 },
    )
  })
})

const PLAIN: Asked = {
  ...{ organisation: 'acme', team: 'a', user: 'ada', keyId: 'k', scope: 'team', model: 'm', provider: 'p' },
  ...{ system: 's', question: 'q', tool: undefined, temperature: 1 },
}
const whole = (message: string, rest = '') => `{"model":"m","messages":[${message}]${rest}}`
const SAID = '{"role":"user","content":"q"}'

test('what the neutral form cannot say keeps a question from being the same in another wire', () => {
  const kinds = (rest: string) => keysOf(PLAIN, whole(SAID, rest)).map((key) => key.split(':')[0])
  expect(kinds('')).toEqual(['exact', 'canonical', 'neutral'])
  expect(kinds(',"a_field_of_tomorrow":1')).toEqual(['exact', 'canonical'])
})

test.each([
  [undefined, 1000],
  [500, 500],
  [5000, 1000],
])('a caller who wishes for %p ms has an answer kept for %d: never longer than was configured', (ttlMs, kept) => {
  expect(planOf(PLAIN, whole(SAID), ttlMs === undefined ? {} : { ttlMs })?.ttlMs).toBe(kept)
})

describe('the same question in another form', () => {
  test.each([
    ['keys in another order', '{"messages":[{"content":"q","role":"user"}],"model":"m"}'],
    ['spaces', ' { "model" : "m", "messages" : [ {"role": "user" , "content":"q"} ] }\n'],
    ['escapes', '{"model":"m","messages":[{"role":"user","content":"\\u0071"}]}'],
    ['a stream', whole(SAID, ',"stream":true')],
  ])('is equal with %s', (_what, other) => {
    const known = new Set(keysOf(PLAIN, whole(SAID)))
    expect(keysOf(PLAIN, other).some((key) => known.has(key))).toBe(true)
  })

  test('is equal where a number is written otherwise', () => {
    const known = new Set(keysOf(PLAIN, whole(SAID, ',"temperature":1')))
    expect(
      ['1.0', '1e0', '10e-1'].map((number) => keysOf(PLAIN, whole(SAID, `,"temperature":${number}`)).some((key) => known.has(key))),
    ).toEqual([true, true, true])
  })
})

describe('a text that two read as two things is equal only to itself', () => {
  test.each([
    ['a key that stands twice', whole('{"role":"user","content":"evil","content":"q"}')],
    ['a key that stands twice, once with an escape', whole('{"role":"user","\\u0063ontent":"evil","content":"q"}')],
    ['a number with more digits than are kept', whole(SAID, ',"seed":9007199254740993')],
    ['a number beyond all numbers', whole(SAID, ',"seed":1e400')],
    ['a number below all numbers', whole(SAID, ',"seed":1e-400')],
  ])('%s', (_what, body) => {
    expect(keysOf(PLAIN, body).map((key) => key.split(':')[0])).toEqual(['exact'])
  })
})
