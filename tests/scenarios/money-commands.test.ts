import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatReply } from '../../src/testing/chat-replies.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const CONFIG = (baseUrl: string) => ({
  access: {
    teams: {
      support: {
        budgets: [
          { usd: 10, per: 'day' },
          { calls: 100, per: 'total', mode: 'soft' },
        ],
      },
    },
  },
  models: {
    providers: { openai: { baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
    models: [{ name: 'mini', provider: 'openai', id: 'gpt-5' }],
  },
})

/** By the table $1.25 and $10 a million: $0.25 and $1. */
const USAGE = { inputTokens: 200_000, outputTokens: 100_000 }
const COST_USD = '1.25'

interface Ran {
  readonly out: string
  readonly err: string
  readonly exitCode: number
}

let scenario: Scenario
let callId: string

/** The program that a person starts, in the folder of the scenario. */
async function signalbox(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    cwd: scenario.folder,
    env: {
      ...{ PATH: process.env.PATH ?? '', BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' },
      ...{ SIGNALBOX_URL: scenario.controlUrl, SIGNALBOX_ADMIN_KEY: scenario.adminKey },
      ...env,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { out, err, exitCode: await child.exited }
}

/** What it prints for scripts. */
async function json<Shape>(...args: readonly string[]): Promise<Shape> {
  const { out, err, exitCode } = await signalbox([...args, '--json'])
  expect([exitCode, err.includes('signalbox ')]).toEqual([0, false])
  return JSON.parse(out)
}

function file(name: string, content: string | object): string {
  writeFileSync(join(scenario.folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return name
}

/** A version with what tells two files of one name apart. */
const OURS = /^table:ours\+[0-9a-f]+$/

/** A table with one price. */
const table = (input: number, version = 'ours') => ({
  format: 'signalbox-prices/1',
  unit: 'USD per million tokens; perCall and toolCall: USD each',
  ...{ version, source: 'a test' },
  providers: { openai: { models: [{ id: 'gpt-5', input, output: 10 }] } },
})

beforeAll(async () => {
  scenario = await startScenario({ config: CONFIG })
  scenario.upstream.answer(chatReply({ content: 'Yes.', usage: USAGE }))
  callId = (await ask(scenario)).callId
  await scenario.expectCall({ outcome: 'ok' })
  mkdirSync(join(scenario.folder, 'a-folder'))
})

afterAll(() => scenario[Symbol.asyncDispose]())

describe('what a person can ask of money', () => {
  test('receipt: the arithmetic and the budgets, for people and for scripts', async () => {
    const receipt = await json<Record<string, unknown>>('receipt', callId)
    expect(receipt).toMatchObject({ call: callId, costUsd: COST_USD, unpriced: false, provider: 'openai', target: 'gpt-5' })
    expect(JSON.stringify(receipt)).toContain('"budgets"')
    const { out, exitCode } = await signalbox(['receipt', callId])
    expect([exitCode, out.includes(`cost: $${COST_USD}\n`)]).toEqual([0, true])
  })

  test('budgets: settled, held, left, reset and forecast', async () => {
    const budgets = await json<readonly Record<string, unknown>[]>('budgets')
    expect(budgets.map(({ balance }) => balance)).toEqual(['usd day team:support', 'calls total team:support'])
    const [day, total] = budgets
    expect(day).toMatchObject({ mode: 'hard', limit: '10', settled: COST_USD, held: '0', left: '8.75', percent: 12.5 })
    const resetsAt = Date.parse(String(day?.resetsAt))
    expect(resetsAt % 86_400_000).toBe(0)
    expect(resetsAt).toBeGreaterThan(Date.now())
    // Less than was spent it cannot be at the end of the day.
    expect(day?.forecast === undefined || Number(day.forecast) >= 1.25).toBe(true)
    expect(total).toMatchObject({ mode: 'soft', unit: 'calls', limit: '100', settled: '1' })
    expect(total).not.toHaveProperty('resetsAt')
    expect(await json<readonly unknown[]>('budgets', '--account', 'team:nobody')).toEqual([])
  })

  test('prices show, diff and update: shown, compared, in force at once', async () => {
    const shown = await json<{ prices: readonly unknown[]; version: string }>('prices', 'show', 'gpt-5', '--provider', 'openai')
    expect(shown).toMatchObject({ version: expect.stringMatching(/^table:/), prices: [{ id: 'gpt-5', input: 1.25, output: 10 }] })
    const dearer = file('dearer.json', table(2.5))
    const differences = await json<readonly object[]>('prices', 'diff', dearer)
    expect(differences).toContainEqual({ provider: 'openai', id: 'gpt-5', kind: 'input', from: '1.25', to: '2.5' })
    // What was compared is not in force.
    expect(await json<object>('prices', 'show', 'gpt-5', '--provider', 'openai')).toEqual(shown)
    expect(await json<object>('prices', 'update', dearer)).toMatchObject({ version: expect.stringMatching(OURS), rows: 1, leftOut: [] })
    expect(await json<object>('prices', 'show', 'gpt-5')).toMatchObject({ version: expect.stringMatching(OURS), prices: [{ input: 2.5 }] })
  })

  test('recost: what would change, then what did, and then nothing', async () => {
    const dearer = file('dearest.json', table(6.25, 'dearest'))
    const expected = { version: expect.stringMatching(/^table:dearest\+[0-9a-f]+$/), calls: 1, corrected: 1, unpriced: 0, deltaUsd: '1' }
    expect(await json<object>('recost', '--since', '1d', '--prices', dearer, '--dry-run')).toMatchObject(expected)
    expect(await json<readonly object[]>('spend', '--by', 'team')).toMatchObject([{ costUsd: 1.25 }])
    expect(await json<object>('recost', '--since', '1d', '--prices', dearer)).toMatchObject(expected)
    expect(await json<readonly object[]>('spend', '--by', 'team')).toMatchObject([{ team: 'support', calls: 1, costUsd: 2.25 }])
    expect(await json<object>('recost', '--since', '1d', '--prices', dearer)).toMatchObject({ corrected: 0, deltaUsd: '0' })
    expect(await json<object>('receipt', callId)).toMatchObject({ costUsd: COST_USD, totalUsd: '2.25' })
  })

  test('reconcile: agrees, drifts beyond what is allowed, and knows no calls of a provider that is none', async () => {
    const day = new Date().toISOString().slice(0, 10)
    const invoice = (usd: string) => file('invoice.csv', `day,model,cost_usd\n${day},gpt-5,${usd}\n`)
    const [line] = await json<readonly { costUsd: number }[]>('spend', '--by', 'target')
    const spent = String(line?.costUsd)
    expect(await json<readonly object[]>('reconcile', invoice(spent))).toMatchObject([
      { day, model: 'gpt-5', unit: 'usd', counted: spent, invoiced: spent, percent: 0 },
    ])
    const drifting = await signalbox(['reconcile', invoice('4'), '--json'])
    expect([drifting.exitCode, JSON.parse(drifting.out)[0].invoiced]).toEqual([1, '4'])
    expect((await signalbox(['reconcile', invoice('4'), '--tolerance', '99'])).exitCode).toBe(0)
    const nobody = await signalbox(['reconcile', invoice('4'), '--provider', 'nobody'])
    expect(nobody.exitCode).toBe(1)
    expect(nobody.err).toContain('No calls of a provider "nobody" were counted in these days')
  })
})

describe('what makes no sense is refused with its place, and changes nothing', () => {
  const negative = () => file('negative.json', table(-1, 'negative'))
  const broken = () => file('broken.json', '{ "format": "signalbox-prices/1",\n  oops')
  test.each<[string, () => readonly string[], number, RegExp]>([
    ['prices diff of no file', () => ['prices', 'diff', 'none.json'], 2, /none\.json cannot be read: there is no such file\./],
    ['prices update of no file', () => ['prices', 'update', 'none.json'], 2, /none\.json cannot be read: there is no such file\./],
    ['prices update of a folder', () => ['prices', 'update', 'a-folder'], 2, /a-folder cannot be read: it is a folder\./],
    ['prices diff of what is no JSON', () => ['prices', 'diff', broken()], 2, /broken\.json: is no JSON/],
    ['prices update of what is no JSON', () => ['prices', 'update', broken()], 2, /broken\.json: is no JSON/],
    ['prices diff of a negative price', () => ['prices', 'diff', negative()], 2, /negative\.json:1:\d+ .*input/],
    ['prices update of a negative price', () => ['prices', 'update', negative()], 2, /negative\.json:1:\d+ .*input/],
    ['prices update without a file', () => ['prices', 'update'], 2, /missing required argument 'file'/],
    ['prices show of a provider that is none', () => ['prices', 'show', '--provider', 'nobody'], 1, /^0 prices of /],
    ['recost without a time', () => ['recost'], 2, /--since/],
    ['recost of a time that is none', () => ['recost', '--since', 'yesterdayish'], 2, /signalbox recost: .*yesterdayish/],
    ['recost by no file', () => ['recost', '--since', '1d', '--prices', 'none.json'], 2, /none\.json cannot be read/],
    ['recost by a negative price', () => ['recost', '--since', '1d', '--prices', negative()], 2, /negative\.json:1:\d+ .*input/],
    ['reconcile of no file', () => ['reconcile', 'none.csv'], 2, /none\.csv cannot be read: there is no such file\./],
    ['reconcile of no CSV', () => ['reconcile', file('prose.csv', 'Dear customer,\nthank you.\n')], 2, /prose\.csv/],
    ['reconcile of no JSON', () => ['reconcile', file('half.json', '{"data": [')], 2, /half\.json: is no JSON/],
    ['reconcile of no page', () => ['reconcile', file('other.json', { total: 5 })], 2, /other\.json: has no list "data"/],
    ['reconcile of nothing', () => ['reconcile', file('empty.json', { data: [] })], 2, /empty\.json holds no usage\./],
    ['reconcile of an absurd amount', () => ['reconcile', file('nan.csv', 'day,model,cost_usd\n2026-11-21,gpt-5,lots\n')], 2, /nan\.csv:2/],
    ['reconcile within minus one percent', () => ['reconcile', 'none.csv', '--tolerance=-1'], 2, /Write a percentage from 0/],
    ['budgets of a mode that is none', () => ['budgets', '--mode', 'mild'], 2, /Allowed choices are soft, hard, strict/],
    ['a receipt of a call that nobody made', () => ['receipt', 'call_none'], 1, /There is no call "call_none"/],
    ['a receipt of nothing', () => ['receipt'], 2, /missing required argument 'call'/],
  ])('%s', async (_what, args, exitCode, said) => {
    const pricesNow = () => scenario.control<{ version: string }>('GET', '/api/v1/prices?model=gpt-5')
    const before = await pricesNow()
    const ran = await signalbox(args())
    expect(ran.err).toMatch(said)
    expect(ran.exitCode).toBe(exitCode)
    expect(ran.err).not.toMatch(/^\s+at /m)
    expect(await pricesNow()).toEqual(before)
  })

  test('where no gateway answers: exit 3', async () => {
    for (const args of [
      ['budgets'],
      ['prices', 'show'],
      ['receipt', 'x'],
      ['recost', '--since', '1d'],
      ['reconcile', file('good.csv', 'day,model,cost_usd\n2026-11-21,gpt-5,1\n')],
    ]) {
      const { exitCode, err } = await signalbox(args, { SIGNALBOX_URL: 'http://127.0.0.1:9' })
      expect([args[0], exitCode]).toEqual([args[0], 3])
      expect(err).toStartWith(`signalbox ${args[0] === 'prices' ? 'prices show' : args[0]}: `)
    }
  })
})
