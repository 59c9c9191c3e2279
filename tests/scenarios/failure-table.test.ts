import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Action, FAILURES, type FailureName } from '../../src/models/routing/failures.ts'
import { type DeafHost, deafHost } from '../../src/testing/deaf-host.ts'
import { chatAnswer, closedPort, type FakeUpstream, fakeUpstream, NO_HOST } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'
import { FAILURES_WALL, type Failure } from './failures-wall.ts'

// One gateway for the whole table. Each failure has providers of its own, so that what is learned of one says nothing of another.

const CELLS = ['key', 'target', 'larger', 'retry'] as const
type Cell = (typeof CELLS)[number]
const MODES = ['whole', 'stream'] as const
const NAMES = Object.keys(FAILURES_WALL)

let upstream: FakeUpstream
let scenario: Scenario
let deaf: DeafHost
/** Speaks, and no TLS. */
let plain: ReturnType<typeof listenPlainly>
const folder = mkdtempSync(join(tmpdir(), 'signalbox-failures-'))

/** `3-target-stream`: the failure of this index in this cell. */
function idOf(index: number, cell: Cell, mode: string): string {
  return `${index}-${cell}-${mode}`
}

function failureAt(index: number): Failure {
  const failure = FAILURES_WALL[NAMES[index] ?? '']
  if (failure === undefined) throw new Error(`There is no failure ${index}.`)
  return failure
}

beforeAll(async () => {
  deaf = await deafHost()
  plain = listenPlainly()
  upstream = await fakeUpstream((request) => {
    const [, name = ''] = request.path.split('/')
    const [index, cell, , role] = name.split('-')
    const isBad = role === 'bad' && !(cell === 'key' && request.header('authorization') === 'Bearer key-b')
    return (isBad ? (failureAt(Number(index)).answer ?? chatAnswer()) : chatAnswer())(request)
  })
  for (const key of ['key-a', 'key-b']) writeFileSync(join(folder, key), key, { mode: 0o600 })
  const closed = await closedPort()
  const hosts = {
    nowhere: `http://${NO_HOST}`,
    closed: `http://127.0.0.1:${closed}`,
    deaf: `http://127.0.0.1:${deaf.port}`,
    plain: `https://127.0.0.1:${plain.port}`,
  }
  const models = { providers: {} as Record<string, object>, models: [] as object[], routes: [] as object[] }
  const add = (name: string, more: { baseUrl: string; apiKey: unknown; timeouts?: object }, context: number) => {
    models.providers[name] = { wire: 'openai-chat', ...more }
    models.models.push({ name, provider: name, can: { context } })
  }
  for (const [index, name] of NAMES.entries()) {
    const { at, timeouts } = FAILURES_WALL[name] ?? {}
    for (const cell of CELLS) {
      for (const mode of MODES) {
        const id = idOf(index, cell, mode)
        const apiKey = cell === 'key' ? ['file:key-a', 'file:key-b'] : 'file:key-a'
        add(
          `${id}-bad`,
          {
            baseUrl: `${at === undefined ? upstream.origin : hosts[at]}/${id}-bad`,
            apiKey,
            ...(timeouts === undefined ? {} : { timeouts }),
          },
          8000,
        )
        const others =
          cell === 'target'
            ? [['small', 4000]]
            : cell === 'larger'
              ? [
                  ['small', 4000],
                  ['large', 100_000],
                ]
              : []
        for (const [role, context] of others)
          add(`${id}-${role}`, { baseUrl: `${upstream.origin}/${id}-${role}`, apiKey: 'file:key-a' }, Number(context))
        const targets = ['bad', ...others.map(([role]) => role)].map((role) => ({ model: `${id}-${role}` }))
        models.routes.push({ name: id, targets, retries: { max: cell === 'retry' ? 1 : 0, base: '1ms' } })
      }
    }
  }
  scenario = await startScenario({ baseUrl: upstream.baseUrl, folder, config: { models } })
})

afterAll(async () => {
  await scenario.close()
  await upstream.close()
  deaf[Symbol.dispose]()
  plain.stop(true)
  rmSync(folder, { recursive: true })
})

function listenPlainly() {
  return Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') } })
}

interface Seen {
  readonly status: number
  readonly attempts: number
  readonly provider: string
}

async function call(id: string, mode: string): Promise<Seen> {
  const { status, headers } = await ask(scenario, { body: chat({ model: id, stream: mode === 'stream' }) })
  return { status, attempts: Number(headers.get('x-signalbox-attempts')), provider: headers.get('x-signalbox-provider') ?? '' }
}

/** What was done after a failure (every action that its cell shows), and what was learned of the way that failed. */
async function outcomeOf(index: number, mode: string): Promise<{ readonly actions: readonly Action[]; readonly lane: string }> {
  const target = await call(idOf(index, 'target', mode), mode)
  // Asked at once: a rate limit that the provider names is soon over.
  const lane = await laneAfter(index, mode)
  const [key, larger, retry] = await Promise.all((['key', 'larger', 'retry'] as const).map((cell) => call(idOf(index, cell, mode), mode)))
  const seen: Action[] = []
  if (key?.attempts === 2) seen.push('next-key')
  if (target?.status === 200) seen.push('next-target')
  if (larger?.status === 200 && larger.provider.endsWith('-large')) seen.push('larger-target')
  if (retry?.attempts === 2) seen.push('retry-same')
  return { actions: seen, lane }
}

async function laneAfter(index: number, mode: string): Promise<string> {
  const { body } = await scenario.control<{ providers: { provider: string; state: string; recentFailures: number }[] }>(
    'GET',
    '/api/v1/providers',
  )
  const lane = body.providers.find(({ provider }) => provider === `${idOf(index, 'target', mode)}-bad`)
  if (lane?.state !== 'ready') return lane?.state ?? '-'
  return lane.recentFailures > 0 ? 'failure' : 'none'
}

const LANE_STATE = { failure: 'failure', cool: 'limited', 'park-key': 'parked', 'park-model': 'parked', none: 'none' } as const

describe('after a failure, before anything was accepted', () => {
  const cases = NAMES.flatMap((name, index) =>
    MODES.filter((mode) => (FAILURES_WALL[name]?.only ?? mode) === mode).map((mode) => [name, mode, index] as const),
  )

  test.each(cases)('%s, %s: what the table says is done, and nothing else', async (_name, mode, index) => {
    const row = FAILURES[failureAt(index).row]
    const actions: readonly Action[] = row.actions
    const outcome = await outcomeOf(index, mode)
    expect({ ...outcome, actions: outcome.actions.toSorted() }).toEqual({ actions: actions.toSorted(), lane: LANE_STATE[row.lane] })
  })

  test('every row of the table was brought about, but for what a wire cannot carry, and what our own limits refuse (limits-of-providers.test.ts)', () => {
    const seen = new Set<FailureName>(Object.values(FAILURES_WALL).map(({ row }) => row))
    const rows = Object.keys(FAILURES) as FailureName[] // its own keys
    expect(rows.filter((row) => !seen.has(row))).toEqual(['not_carried', 'no_room'])
  })
})
