import { expect, test } from 'bun:test'
import { askedWaitSeconds } from './retry-after.ts'

/** Our clock; that of the provider is two minutes behind. */
const NOW_MS = Date.UTC(2026, 10, 21, 12, 2, 0)
const THERE = { date: 'Sat, 21 Nov 2026 12:00:00 GMT' }
const A_WEEK = 604_800

const ROWS: readonly (readonly [what: string, headers: Record<string, string>, seconds: number | undefined])[] = [
  ['nothing', {}, undefined],
  ['seconds', { 'retry-after': '7' }, 7],
  ['no seconds', { 'retry-after': '0' }, 0],
  ['seconds with white space', { 'retry-after': ' 30 ' }, 30],
  ['half seconds, as some proxies write', { 'retry-after': '1.5' }, 1.5],
  ['more than a week', { 'retry-after': '9999999' }, A_WEEK],
  ['a word', { 'retry-after': 'soon' }, undefined],
  ['a negative number', { 'retry-after': '-1' }, undefined],
  ['an exponent', { 'retry-after': '1e3' }, undefined],
  ['nothing at all', { 'retry-after': '' }, undefined],
  ['a date, by the clock of the provider', { ...THERE, 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30],
  ['a date, by ours', { 'retry-after': 'Sat, 21 Nov 2026 12:02:45 GMT' }, 45],
  ['a date by ours, where that of the answer is none', { date: 'today', 'retry-after': 'Sat, 21 Nov 2026 12:02:45 GMT' }, 45],
  ['a date of RFC 850', { ...THERE, 'retry-after': 'Saturday, 21-Nov-26 12:00:30 GMT' }, 30],
  ['a date of asctime', { ...THERE, 'retry-after': 'Sat Nov 21 12:00:30 2026' }, 30],
  ['a date that is over', { ...THERE, 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 0],
  ['a date in another century', { ...THERE, 'retry-after': 'Fri, 31 Dec 2199 23:59:59 GMT' }, A_WEEK],
  ['a date that is none', { 'retry-after': 'Sat, 41 Nov 2026 12:00:30 GMT' }, undefined],
  ['milliseconds', { 'retry-after-ms': '1234', 'retry-after': '2' }, 1.234],
  ['milliseconds of Azure', { 'x-ms-retry-after-ms': '250' }, 0.25],
  ['milliseconds that are none', { 'retry-after-ms': 'x', 'retry-after': '2' }, 2],
  ['OpenAI, requests used up', openai({ requests: ['0', '6m0s'], tokens: ['9000', '1h'] }), 360],
  ['OpenAI, tokens used up', openai({ requests: ['12', '1s'], tokens: ['0', '20ms'] }), 0.02],
  ['OpenAI, both used up', openai({ requests: ['0', '8.64s'], tokens: ['0', '1m12.5s'] }), 72.5],
  ['OpenAI, a day', openai({ requests: ['0', '1d2h3m4s'], tokens: ['1', '1s'] }), 93_784],
  ['OpenAI, nothing used up', openai({ requests: ['1', '6m0s'], tokens: ['5', '1s'] }), undefined],
  ['Azure where it does not know', openai({ requests: ['-1', '0'], tokens: ['-1', '0'] }), undefined],
  ['Azure, in seconds', openai({ requests: ['0', '17'], tokens: ['3', '1'] }), 17],
  ['Cerebras', { 'x-ratelimit-remaining-tokens-minute': '0', 'x-ratelimit-reset-tokens-minute': '11.38' }, 11.38],
  ['OpenRouter', { ...THERE, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.UTC(2026, 10, 21, 12, 1, 0)) }, 60],
  [
    'seconds since the epoch',
    { ...THERE, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.UTC(2026, 10, 21, 12, 1, 0) / 1000) },
    60,
  ],
  ['Anthropic, requests used up', anthropic({ requests: ['0', '2026-11-21T12:00:40Z'], tokens: ['7', '2026-11-21T13:00:00Z'] }), 40],
  ['Anthropic, input tokens used up', anthropic({ 'input-tokens': ['0', '2026-11-21T13:00:10+01:00'] }), 10],
  ['a reset that is none', openai({ requests: ['0', '6 minutes'], tokens: ['0', ''] }), undefined],
  ['Retry-After besides a reset', { ...openai({ requests: ['0', '6m0s'], tokens: ['0', '1s'] }), 'retry-after': '3' }, 3],
]

test.each(ROWS)('a rate limit that says %s', (_what, headers, seconds) => {
  const asked = askedWaitSeconds({ status: 429, headers: new Headers(headers) }, NOW_MS)
  if (seconds === undefined) expect(asked).toBeUndefined()
  else expect(asked).toBeCloseTo(seconds, 6)
})

test('the limits of a provider say nothing of another failure; its Retry-After does', () => {
  const limits = openai({ requests: ['0', '6m0s'], tokens: ['0', '1s'] })
  expect(askedWaitSeconds({ status: 503, headers: new Headers(limits) }, NOW_MS)).toBeUndefined()
  expect(askedWaitSeconds({ status: 503, headers: new Headers({ ...limits, 'retry-after': '3' }) }, NOW_MS)).toBe(3)
})

type Limits = Readonly<Record<string, readonly [left: string, reset: string]>>

function openai(limits: Limits): Record<string, string> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([of, [left, reset]]) => [
      [`x-ratelimit-remaining-${of}`, left],
      [`x-ratelimit-reset-${of}`, reset],
    ]),
  )
}

function anthropic(limits: Limits): Record<string, string> {
  return {
    ...THERE,
    ...Object.fromEntries(
      Object.entries(limits).flatMap(([of, [left, reset]]) => [
        [`anthropic-ratelimit-${of}-remaining`, left],
        [`anthropic-ratelimit-${of}-reset`, reset],
      ]),
    ),
  }
}
