import { expect, test } from 'bun:test'
import type { CallEnded } from '../../core/events.ts'
import { openTestControl, readAnswer, type TestControl, testCall } from '../../testing/open-test-control.ts'

const SEARCH = { organisation: 'acme', team: 'search', user: 'ada', keyId: 'k2', labels: {} }

async function controlWith(calls: readonly [Partial<CallEnded>, number?][]): Promise<TestControl> {
  const control = openTestControl()
  const events = calls.flatMap(([facts, ageMs]) => testCall(control.world, facts, ageMs))
  await Promise.all(events.map((event) => control.store.log.append(event)))
  return control
}

async function spend(control: TestControl, query: string): Promise<string> {
  const response = await control.send('GET', `/api/v1/spend?${query}`)
  expect(response.status).toBe(200)
  return response.text()
}

test('spend is split by team and model unless asked otherwise, dearest first, to the last digit', async () => {
  const control = await controlWith([[{ costNanoUsd: 1 }], [{ costNanoUsd: 2 }], [{ principal: SEARCH, costNanoUsd: 123 }]])
  const text = await spend(control, '')
  expect(text).toContain('"costUsd":0.000000123,')
  const counts = { cachedInputTokens: 0, cacheWriteTokens: 0, unpricedCalls: 0 }
  expect(JSON.parse(text)).toEqual([
    { team: 'search', model: 'mini', calls: 1, inputTokens: 10, outputTokens: 5, ...counts, costUsd: 1.23e-7, costNanoUsd: '123' },
    { team: 'support', model: 'mini', calls: 2, inputTokens: 20, outputTokens: 10, ...counts, costUsd: 3e-9, costNanoUsd: '3' },
  ])
})

test('what cost the same stands in the order of its names, whatever came first; what is not known stands before them', async () => {
  const subjects = ['b', 'a', 'c', undefined, 'B']
  const control = await controlWith(
    subjects.map((subject) => [
      { costNanoUsd: subject === 'c' ? 2 : 1, ...(subject === undefined ? { provider: undefined } : { subject }) },
    ]),
  )
  const models = JSON.parse(await spend(control, 'by=model')).map(({ model }: { model: string | null }) => model)
  expect(models).toEqual(['c', null, 'B', 'a', 'b'])
})

test('any dimension splits and filters, labels too', async () => {
  const control = await controlWith([[{ costNanoUsd: 5 }], [{ principal: SEARCH, costNanoUsd: 7 }]])
  expect(JSON.parse(await spend(control, 'by=user,day'))).toMatchObject([
    { user: 'ada', day: '2026-11-21', costNanoUsd: '7' },
    { user: null, day: '2026-11-21', costNanoUsd: '5' },
  ])
  expect(JSON.parse(await spend(control, 'by=model&team=support'))).toMatchObject([{ model: 'mini', costNanoUsd: '5' }])
  expect(JSON.parse(await spend(control, 'by=label:feature'))).toMatchObject([{ 'label:feature': 'search', costNanoUsd: '5' }])
  expect(JSON.parse(await spend(control, 'by=team&label:feature=search'))).toMatchObject([{ team: 'support', costNanoUsd: '5' }])
  expect(JSON.parse(await spend(control, 'by=team&team=nobody'))).toEqual([])
})

test('a span of time counts whole hours', async () => {
  const hourMs = 3_600_000
  const control = await controlWith([[{ costNanoUsd: 1 }], [{ costNanoUsd: 10 }, 2 * hourMs], [{ costNanoUsd: 100 }, 40 * 24 * hourMs]])
  const costs = async (query: string) =>
    JSON.parse(await spend(control, `by=team&${query}`)).map(({ costNanoUsd }: { costNanoUsd: string }) => costNanoUsd)
  expect(await costs('')).toEqual(['111'])
  expect(await costs('since=1h')).toEqual(['1'])
  expect(await costs('since=2026-11-21&until=2026-11-21T11:30')).toEqual(['10'])
  expect(await costs('month=this')).toEqual(['11'])
  expect(await costs('month=last')).toEqual(['100'])
  expect(await costs('month=2026-09')).toEqual([])
})

test('CSV has a line of names', async () => {
  const control = await controlWith([[{ costNanoUsd: 12_500 }], [{ costNanoUsd: undefined, isUnpriced: true, subject: 'new' }]])
  expect(await spend(control, 'by=model&format=csv')).toBe(
    [
      'model,calls,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,unpricedCalls,costUsd',
      'mini,1,10,0,0,5,0,0.0000125',
      'new,1,10,0,0,5,1,',
      '',
    ].join('\r\n'),
  )
})

test.each([
  ['by=team,modl', 'by', 'Spend cannot be split by "modl"; did you mean "model"?'],
  [
    'by=',
    'by',
    'Spend cannot be split by ""; write any of organisation, team, user, key, provider, model, route, target, layer, outcome, hour, day, month or label:NAME.',
  ],
  [
    'by=label:',
    'by',
    'Spend cannot be split by "label:"; write any of organisation, team, user, key, provider, model, route, target, layer, outcome, hour, day, month or label:NAME.',
  ],
  ['tema=x', 'tema', 'There is no parameter "tema"; did you mean "team"?'],
  ['month=next', 'month', 'month is "next"; write this, last or a month such as 2026-11.'],
  ['format=xml', 'format', 'format must be one of json, csv.'],
])('the query %s is refused', async (query, param, message) => {
  expect<unknown>(await readAnswer(openTestControl().send('GET', `/api/v1/spend?${query}`))).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request', param, message } },
  })
})

test('spend can be dropped and rebuilt from the log', async () => {
  const control = await controlWith([[{ costNanoUsd: 5 }]])
  const before = await spend(control, '')
  expect(await (await control.send('POST', '/api/v1/spend/rebuild')).json()).toEqual({ rebuilt: true })
  expect(await spend(control, '')).toBe(before)
})

test('a filter may be a pattern, and a label goes with every dimension', async () => {
  const claude = { provider: 'p', subject: 'claude-a' }
  const control = await controlWith([
    [{ ...claude, costNanoUsd: 5 }],
    [{ ...claude, subject: 'claude-b', costNanoUsd: 7 }, 3_600_000],
    [{ provider: 'p', subject: 'gpt', costNanoUsd: 100 }],
    [{ ...claude, principal: SEARCH, costNanoUsd: 1000 }],
  ])
  expect(JSON.parse(await spend(control, 'by=team&model=claude*&team=support&month=this'))).toMatchObject([
    { team: 'support', calls: 2, costNanoUsd: '12' },
  ])
  const [line] = JSON.parse(await spend(control, 'by=team&model=claude*&team=support'))
  expect(line).not.toHaveProperty('model')
  expect(JSON.parse(await spend(control, 'by=user,provider,day&label:feature=s*'))).toMatchObject([{ provider: 'p', costNanoUsd: '112' }])
})
