import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Action, FAILURES, type FailureName } from '../../src/models/routing/failures.ts'
import { type DeafHost, deafHost } from '../../src/testing/deaf-host.ts'
import { closedPort, type FakeUpstream, fakeUpstream, NO_HOST } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'
import { FAILURES_WALL, type Failure, failuresOf } from './failures/wall.ts'
import { WIRES, type Wire, well } from './failures/wires.ts'

// One gateway a wire. Each failure has providers of its own, so that what is learned of one says nothing of another.

const MODES = ['whole', 'stream'] as const
type Mode = (typeof MODES)[number]

/** The targets that stand behind the one that fails in the route of each cell. Routes that retry and keys that change need none. */
const CELLS = { key: [], target: ['small'], larger: ['small', 'large'], retry: [] } as const
/** The context of each target. */
const CONTEXTS = { bad: 8000, small: 4000, large: 100_000 }
type Cell = keyof typeof CELLS
const CELL_NAMES = Object.keys(CELLS) as readonly Cell[] // its own keys

/** Where providers are that are not reached. */
let hosts: Readonly<Record<NonNullable<Failure['at']>, string>>
let deaf: DeafHost
/** Speaks, and no TLS. */
let plain: ReturnType<typeof listenPlainly>
const folder = mkdtempSync(join(tmpdir(), 'signalbox-failures-'))

beforeAll(async () => {
  deaf = await deafHost()
  plain = listenPlainly()
  for (const key of ['key-a', 'key-b']) writeFileSync(join(folder, key), key, { mode: 0o600 })
  hosts = {
    nowhere: `http://${NO_HOST}`,
    closed: `http://127.0.0.1:${await closedPort()}`,
    deaf: `http://127.0.0.1:${deaf.port}`,
    plain: `https://127.0.0.1:${plain.port}`,
  }
}, 60_000)

afterAll(() => {
  deaf[Symbol.dispose]()
  plain.stop(true)
  rmSync(folder, { recursive: true })
})

function listenPlainly() {
  return Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') } })
}

/** `3-target-stream`: the failure of this index in this cell. */
function idOf(index: number, cell: Cell, mode: Mode): string {
  return `${index}-${cell}-${mode}`
}

/** Long where it is looked at what rests, short where it is waited for. */
function waitSecondsIn(cell: string | undefined): number {
  return cell === 'target' ? 60 : 0.02
}

function startUpstream(wire: Wire): Promise<FakeUpstream> {
  const failures = failuresOf(wire)
  return fakeUpstream((request) => {
    const [, name = ''] = request.path.split('/')
    const [index, cell] = name.split('-')
    const isOtherKey = request.headers.some(([, value]) => value.includes('key-b'))
    const answer = isOtherKey ? undefined : failures[Number(index)]?.[1].answer?.(wire, waitSecondsIn(cell))
    const isStream = request.path.includes('stream') || request.body.includes('"stream":true')
    return (answer ?? well(wire, isStream))(request)
  })
}

function configOf(wire: Wire, { origin }: FakeUpstream) {
  const at = (name: string, where = origin) => ({ ...wire.provider(`${where}/${name}`), apiKey: 'file:key-a' as unknown })
  const models = {
    providers: { small: at('small'), large: at('large') } as Record<string, object>,
    models: (['small', 'large'] as const).map((name): object => ({ name, provider: name, can: { context: CONTEXTS[name] } })),
    routes: [] as object[],
  }
  for (const [index, [, { at: where, timeouts, only, provider }]] of failuresOf(wire).entries()) {
    for (const mode of MODES.filter((one) => (only ?? one) === one)) {
      for (const cell of CELL_NAMES) {
        const id = idOf(index, cell, mode)
        const bad = at(id, where && hosts[where])
        models.providers[id] = provider ?? {
          ...bad,
          ...(cell === 'key' ? { apiKey: ['file:key-a', 'file:key-b'] } : {}),
          ...(timeouts === undefined ? {} : { timeouts }),
        }
        models.models.push({ name: id, provider: id, can: { context: CONTEXTS.bad } })
        const targets = [id, ...CELLS[cell]].map((model) => ({ model }))
        // The targets behind are shared: a machine that does much else must not make one of them pass for slow.
        models.routes.push({ name: `${id}-route`, targets, retries: { max: cell === 'retry' ? 1 : 0, base: '1ms' }, degradedFactor: 100 })
      }
    }
  }
  return { models }
}

async function call(scenario: Scenario, id: string, mode: Mode) {
  const { status, headers } = await ask(scenario, { body: chat({ model: `${id}-route`, stream: mode === 'stream' }) })
  return { status, attempts: Number(headers.get('x-signalbox-attempts')), provider: headers.get('x-signalbox-provider') ?? '' }
}

interface Outcome {
  /** Every action that its cell shows, in the order of the alphabet. */
  readonly actions: readonly Action[]
  /** What was learned of the way that failed. */
  readonly lane: string
}

async function outcomeOf(scenario: Scenario, index: number, mode: Mode): Promise<Outcome> {
  const calls = (['key', 'target', 'larger', 'retry'] as const).map((cell) => call(scenario, idOf(index, cell, mode), mode))
  const [key, target, larger, retry] = await Promise.all(calls)
  const seen: Action[] = []
  if (key?.attempts === 2 && key.status === 200) seen.push('next-key')
  if (target?.status === 200) seen.push('next-target')
  if (larger?.status === 200 && larger.provider === 'large') seen.push('larger-target')
  if (retry?.attempts === 2) seen.push('retry-same')
  return { actions: seen.toSorted(), lane: await laneAfter(scenario, idOf(index, 'target', mode)) }
}

async function laneAfter(scenario: Scenario, id: string): Promise<string> {
  const { body } = await scenario.control<{ providers: { provider: string; state: string; recentFailures: number }[] }>(
    'GET',
    '/api/v1/providers',
  )
  const lane = body.providers.find(({ provider }) => provider === id)
  if (lane?.state !== 'ready') return lane?.state ?? '-'
  return lane.recentFailures > 0 ? 'failure' : 'none'
}

const LANE_STATE = { failure: 'failure', cool: 'limited', 'park-key': 'parked', 'park-model': 'parked', none: 'none' } as const

describe.each(WIRES.map((wire) => ({ name: wire.name, wire })))(
  'at a provider of $name, before anything was accepted, after',
  ({ wire }) => {
    let upstream: FakeUpstream
    let scenario: Scenario

    beforeAll(async () => {
      upstream = await startUpstream(wire)
      scenario = await startScenario({ baseUrl: upstream.baseUrl, folder, config: configOf(wire, upstream) })
    }, 60_000)
    afterAll(async () => {
      await scenario.close()
      await upstream.close()
    })

    const cases = failuresOf(wire).flatMap(([what, { row, only }], index) =>
      MODES.filter((mode) => (only ?? mode) === mode).map((mode) => [what, mode, index, row] as const),
    )
    test.each(cases)('%s, %s: what the table says is done, and nothing else', async (_what, mode, index, row) => {
      const { actions, lane } = FAILURES[row]
      expect(await outcomeOf(scenario, index, mode)).toEqual({ actions: actions.toSorted(), lane: LANE_STATE[lane] })
    })
  },
)

test('every row was brought about, but for what a wire cannot carry, and what our own limits refuse (limits-of-providers.test.ts)', () => {
  const seen = new Set<FailureName>(Object.values(FAILURES_WALL).map(({ row }) => row))
  const rows = Object.keys(FAILURES) as FailureName[] // its own keys
  expect(rows.filter((row) => !seen.has(row))).toEqual(['not_carried', 'no_room'])
})
