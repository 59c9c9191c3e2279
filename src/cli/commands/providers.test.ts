import { expect, test } from 'bun:test'
import { openTestControl } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

type ProviderStates = NonNullable<NonNullable<Parameters<typeof openTestControl>[0]>['providers']>

const REPORTS: ReturnType<ProviderStates['list']> = [
  {
    provider: 'one',
    key: 1,
    model: 'small',
    state: 'ready',
    inFlight: 2,
    recentFailures: 0,
    recentSuccesses: 9,
    firstTokenMs: 120,
    tokensPerSecond: 80.5,
  },
  {
    provider: 'one',
    key: 2,
    model: 'small',
    state: 'open',
    why: 'its circuit is open after provider_error',
    untilMs: 1_795_000_000_000,
    inFlight: 0,
    recentFailures: 0,
    recentSuccesses: 0,
  },
]

function control() {
  const resets: string[] = []
  const reset = (name: string) => {
    resets.push(name)
    return name === 'one' ? 2 : undefined
  }
  return { resets, opened: openTestControl({ providers: { list: () => REPORTS, reset } }) }
}

test('providers prints the states as a table, and as JSON', async () => {
  const { opened } = control()
  const { out, exitCode } = await runCli(opened, ['providers'])
  expect(exitCode).toBe(0)
  expect(out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'PROVIDER | KEY | MODEL | STATE | RUNNING | FAILURES | FIRST TOKEN | TOKENS/S | WHY',
    'one | 1 | small | ready | 2 | 0 | 120 ms | 80.5',
    'one | 2 | small | open | 0 | 0 | - | - | its circuit is open after provider_error (until 2026-11-18T11:06:40.000Z)',
    '',
  ])
  const json = await runCli(opened, ['providers', '--json'])
  expect(JSON.parse(json.out)).toMatchObject([
    { provider: 'one', state: 'ready' },
    { key: 2, state: 'open', until: '2026-11-18T11:06:40.000Z' },
  ])
})

test('providers reset takes a provider back into use, and refuses one that nobody knows', async () => {
  const { opened, resets } = control()
  expect(await runCli(opened, ['providers', 'reset', 'one'])).toMatchObject({
    exitCode: 0,
    err: '2 of the ways to models of one are in use again.\n',
  })
  expect((await runCli(opened, ['providers', 'reset', 'nobody'])).exitCode).toBe(1)
  expect(resets).toEqual(['one', 'nobody'])
})
