import { describe, expect, test } from 'bun:test'
import { accessSection } from './access-config.ts'
import { loadConfig } from './config/load.ts'
import { formatProblem } from './config/problems.ts'
import { compileLedgerRules } from './ledger-rules.ts'
import { moneySection } from './money-config.ts'

function load(text: string) {
  return loadConfig(text, {
    file: '/s.yaml',
    shownAs: 's.yaml',
    sections: [accessSection, moneySection],
    readEnv: () => 'secret-of-a-test',
    readFile: () => '',
  })
}

function rulesOf(text: string) {
  const result = load(text)
  if (result.type === 'rejected') throw new Error(result.problems.map(formatProblem).join('\n'))
  const { access, money } = result.snapshot.config
  return compileLedgerRules(access, money)
}

describe('bad budgets and limits are refused, with what to write instead', () => {
  test.each<[string, string]>([
    ['{ usd: -1, per: day }', 'budgets[0].usd: -1 is not an amount; write US dollars with at most nine decimals, such as 0.25'],
    ['{ usd: 0.0000000001, per: day }', 'is not an amount; write US dollars with at most nine decimals'],
    ['{ usd: "1e30", per: day }', '"1e30" is too much; amounts are counted in billionths of a dollar, up to 9007199.254740991'],
    ['{ usd: 9007200, per: day }', '9007200 is too much'],
    ['{ usd: .inf, per: day }', 'is not an amount'],
    ['{ tokens: 1.5, per: day }', 'is not a count; write a whole number'],
    ['{ tokens: -5, per: day }', 'is not a count'],
    ['{ per: day }', 'budgets[0]: needs exactly one of usd, tokens and calls'],
    ['{ usd: 1, calls: 1, per: day }', 'needs exactly one of usd, tokens and calls'],
    ['{ usd: 1 }', 'budgets[0].per: is required'],
    ['{ usd: 1, per: year }', 'budgets[0].per:'],
    ['{ usd: 1, per: day, zone: Mars/Phobos }', '"Mars/Phobos" is not a time zone; write one of the IANA database'],
    ['{ usd: 1, per: total, zone: Europe/Zurich }', 'goes with a calendar period only'],
    ['{ usd: 1, per: total, window: rolling }', 'a total does not roll'],
    ['{ usd: 1, per: day, window: rolling, zone: UTC }', 'goes with a calendar period only'],
    ['{ usd: 1, per: day, mode: strict, unpriced: allow }', 'a strict budget cannot allow what has no price'],
    ['{ usd: 1, per: day, models: [] }', 'is an empty list'],
    ['{ usd: 1, per: day, alertAt: [0] }', 'is too little'],
    ['{ usd: 1, per: day, mod: hard }', 'budgets[0].mod: unknown key; did you mean "mode"?'],
  ])('budgets: [ %s ]', (budget, message) => {
    const result = load(`access: { budgets: [ ${budget} ] }\n`)
    expect(result.type).toBe('rejected')
    if (result.type === 'rejected') expect(result.problems.map(formatProblem).join('\n')).toContain(message)
  })

  test.each<[string, string]>([
    ['{ requests: 5 }', 'needs per: second, minute, hour or day'],
    ['{ concurrent: 5, per: minute }', 'does not go with concurrent'],
    ['{ requests: 5, tokens: 5, per: minute }', 'needs exactly one of requests, tokens and concurrent'],
    ['{ requests: -5, per: minute }', 'is not a count'],
    ['{ requests: 5, per: minute, providers: [] }', 'is an empty list'],
    ['{ requests: 5, per: minute, models: [] }', 'is an empty list'],
  ])('limits: [ %s ]', (limit, message) => {
    const result = load(`access: { teams: { a: { limits: [ ${limit} ] } } }\n`)
    expect(result.type).toBe('rejected')
    if (result.type === 'rejected') expect(result.problems.map(formatProblem).join('\n')).toContain(message)
  })

  test.each(['everybody', 'team:', 'each', 'each organisation', 'label:feature', 'label:a=b,c', 'key:a b'])('of: %s', (of) => {
    const result = load(`access: { accounts: [ { of: "${of}", budgets: [ { usd: 1, per: day } ] } ] }\n`)
    expect(result.type).toBe('rejected')
    if (result.type === 'rejected')
      expect(result.problems.map(formatProblem).join('\n')).toContain('is no account; write organisation, team:NAME')
  })
})

test('zero is a budget: nothing may be spent', () => {
  expect(rulesOf('access: { budgets: [ { usd: 0, per: day } ] }\n').accounts[0]?.budgets[0]).toMatchObject({
    unit: 'usd',
    limit: 0,
    mode: 'hard',
  })
})

test('budgets and limits of all accounts become rules', () => {
  const rules = rulesOf(`
access:
  organisation: acme
  budgets: [ { usd: 100, per: month, mode: soft } ]
  teams:
    a: { limits: [ { requests: 600, per: minute, wait: 2s } ] }
    b: {}
  accounts:
    - { of: each key, team: a, budgets: [ { tokens: 2k, per: hour, zone: Europe/Zurich } ] }
    - { of: "label:feature=search", budgets: [ { calls: 3, per: day, window: rolling, models: ["b*", a], providers: [p] } ] }
    - { of: each run, limits: [ { concurrent: 2 } ] }
money: { zone: Asia/Tokyo, onCrash: release }
`)
  expect(rules.onCrash).toBe('release')
  expect(rules.accounts).toMatchObject([
    {
      kind: 'organisation',
      name: 'acme',
      budgets: [{ limit: 100_000_000_000, period: { type: 'calendar', unit: 'month', zone: 'Asia/Tokyo' }, alertAt: [80, 100] }],
    },
    { kind: 'team', name: 'a', limits: [{ unit: 'requests', limit: 600, perMs: 60_000, waitMs: 2000, queue: 100 }] },
    // An hour is one of UTC in every zone.
    { kind: 'key', team: 'a', budgets: [{ unit: 'tokens', limit: 2000, period: { unit: 'hour', zone: 'UTC' } }] },
    {
      kind: 'label',
      label: 'feature',
      name: 'search',
      budgets: [{ unit: 'calls', period: { type: 'rolling', unit: 'day' }, scope: { name: 'models=a|b*;providers=p' } }],
    },
    { kind: 'run', limits: [{ unit: 'concurrent', limit: 2 }] },
  ])
  expect(rules.accounts[2]?.name).toBeUndefined()
  const scope = rules.accounts[3]?.budgets[0]?.scope
  expect([scope?.matches('bee', 'p'), scope?.matches('a', 'p'), scope?.matches('c', 'p'), scope?.matches('a', 'q')]).toEqual([
    true,
    true,
    false,
    false,
  ])
})
