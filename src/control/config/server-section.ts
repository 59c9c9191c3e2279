import { z } from 'zod'
import { didYouMean } from '../../core/did-you-mean.ts'
import { choice, count, duration, name, namePattern, retention, size, text } from '../../core/fields.ts'
import { isObject } from '../../core/json.ts'
import { address, folder, type StoragePlace, secretPlace, storagePlace } from '../../core/places.ts'
import { postgresUrlProblem } from '../../core/postgres-url.ts'
import { Secret } from '../../core/secret.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { type SharedPlace, sharedPlace, sharedPlaceProblem } from '../../core/shared-place.ts'
import { labelName, labelValue } from '../access-config.ts'

const listen = z
  .strictObject({
    data: address().prefault('127.0.0.1:4000').describe('Where callers send their calls.'),
    control: address().prefault('127.0.0.1:4001').describe('Where operators reach the control API and the metrics. Keep it private.'),
  })
  .prefault({})
  .describe('Addresses that the gateway listens on. Both are loopback unless the file says otherwise.')

const storage = storagePlace()
  .prefault('sqlite:./data')
  .describe(
    'Where keys, events and bodies are kept: an embedded SQLite store in a folder, or a PostgreSQL database that any number of replicas share. A password goes into the environment: write env:DATABASE_URL, or set PGPASSWORD.',
  )

const dataDir = folder(['./data', '/var/lib/signalbox'])
  .prefault('./data')
  .describe(
    'With PostgreSQL: the folder of this process for its journal, into which every event goes first. With SQLite, `storage` names the folder.',
  )

const secret = secretPlace()
  .prefault('file:./data/secret')
  .describe(
    "The installation's own secret, which keys every hash of a key. With SQLite, a file that does not exist is made at first start, with mode 0600, and where this key is left out it is made in the folder that `storage` names; with PostgreSQL it must be written and be there, since all replicas share it.",
  )

const shared = sharedPlace()
  .prefault('none')
  .describe(
    'The Redis or Valkey in which replicas share cached answers (`models.cache.store: redis`), and by which they tell each other which providers rest. A password goes into the environment.',
  )

const limits = z
  .strictObject({
    jsonBody: size({ min: '1kB', max: '1GiB' }).prefault('32MB').describe('Largest JSON body of a call.'),
    otherBody: size({ min: '1kB', max: '1TiB' }).prefault('512MB').describe('Largest body of any other media type, such as audio.'),
    jsonDepth: count('levels', { min: '4', max: '10000' }).prefault(256).describe('Deepest nesting of objects and lists in a JSON body.'),
    bodyDeadline: duration({ min: '1s', max: '24h' }).prefault('60s').describe('Time for a body to arrive whole, from its first byte.'),
  })
  .prefault({})
  .describe('Bounds on what a caller may send.')

const log = z
  .strictObject({
    level: choice(['debug', 'info', 'warn', 'error']).prefault('info').describe('Least severity of the lines that the process prints.'),
    retention: retention().prefault('forever').describe('How long the event log is kept. Totals of what was removed stay.'),
    segment: size({ min: '1MB', max: '4GiB' }).prefault('64MB').describe('Size at which the event log begins a new segment.'),
    durability: choice(['process', 'power'])
      .prefault('process')
      .describe('What a written event survives: a crash of the process, or a loss of power too (slower).'),
    queue: count('events', { min: '100', max: '10M' })
      .prefault(20_000)
      .describe('Events that may wait for the disk. When the queue is full, calls are refused: what cannot be recorded is not made.'),
  })
  .prefault({})
  .describe('The event log, and what the process prints.')

const bodyReader = z
  .strictObject({
    team: name().exactOptional().describe('Keys and tokens of this team.'),
    user: text(['ada', 'ada@example.com']).exactOptional().describe('Keys and tokens of this user.'),
    key: name().exactOptional().describe('The key of this id.'),
    labels: z
      .record(labelName, labelValue.describe('The value of the label.'))
      .exactOptional()
      .describe('Keys and teams with these labels; what a caller sends does not count.'),
    of: z.array(namePattern()).min(1).prefault(['*']).describe('Teams whose bodies. Left out: all.'),
  })
  .describe('Somebody who may read bodies: all that is given must fit.')

const bodies = z
  .strictObject({
    store: choice(['off', 'redacted', 'full'])
      .prefault('off')
      .describe('How much of prompts and replies is kept: nothing, their shape without the texts, or all. A team may set its own.'),
    retention: retention().prefault('30d').describe('How long bodies are kept.'),
    readers: z
      .array(bodyReader)
      .prefault([])
      .describe('Who may read them, besides the administrator, with a key of their own. Each reading is written to the log.'),
    maxSize: size({ min: '1kB', max: '64MB' }).prefault('1MB').describe('Largest part of one body that is kept; the rest is cut off.'),
  })
  .prefault({})
  .describe('Prompts and replies, stored apart from the event log.')

const shutdown = z
  .strictObject({
    drain: duration({ max: '24h' }).prefault('30s').describe('Time that running calls get to end after a signal to stop.'),
  })
  .prefault({})
  .describe('How the gateway stops.')

type Listen = z.output<typeof listen>

function checkListen(config: Listen): readonly ConfigProblem[] {
  const { data, control } = config
  if (data.port === 0 || data.port !== control.port || data.host !== control.host) return []
  return [{ path: ['listen', 'control'], message: 'is the address of listen.data too; give it another port' }]
}

/** What must be written, or must not be, beside a store. */
function checkStorage(place: StoragePlace, written: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  if (place.type === 'sqlite') {
    if (written.dataDir === undefined) return []
    return [{ path: ['dataDir'], message: 'goes with PostgreSQL; with SQLite, storage itself names the folder' }]
  }
  const { url } = place
  const problem = url instanceof Secret && url.isResolved ? postgresUrlProblem(url.reveal()) : undefined
  return [
    ...(problem === undefined ? [] : [{ path: ['storage'], message: `what it refers to ${problem} (the value is not shown)` }]),
    ...(written.secret === undefined ? [{ path: ['storage'], message: NEEDS_SECRET }] : []),
  ]
}

function checkShared(place: SharedPlace): readonly ConfigProblem[] {
  const problem = sharedPlaceProblem(place)
  return problem === undefined ? [] : [{ path: ['shared'], message: problem }]
}

const NEEDS_SECRET =
  'with PostgreSQL, all replicas must have the same secret: add `secret: env:NAME` or `secret: file:PATH` (`openssl rand -hex 32` makes one)'

/** A reader who is nobody in particular would be everybody; a team that is not there is a slip. */
function checkBodies({ readers }: z.output<typeof bodies>, written: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  const teams = teamsOf(written)
  return readers.flatMap(({ team, user, key, labels }, index) => {
    const path = ['bodies', 'readers', index]
    if (team === undefined && user === undefined && key === undefined && Object.keys(labels ?? {}).length === 0) {
      return [{ path, message: 'names nobody; give team, user, key or labels' }]
    }
    if (team === undefined || teams.includes(team)) return []
    return [{ path: [...path, 'team'], message: `no team is called "${team}"${didYouMean(team, teams)}; teams stand under access.teams` }]
  })
}

function teamsOf({ access }: Readonly<Record<string, unknown>>): readonly string[] {
  const teams = isObject(access) ? access.teams : undefined
  return isObject(teams) ? Object.keys(teams) : []
}

const nothingToCheck = (): [] => []

/** The top-level keys of the server itself; one section each. */
export const serverSections = [
  { name: 'listen', schema: listen, check: checkListen },
  { name: 'storage', schema: storage, check: checkStorage },
  { name: 'dataDir', schema: dataDir, check: nothingToCheck },
  { name: 'secret', schema: secret, check: nothingToCheck },
  { name: 'shared', schema: shared, check: checkShared },
  { name: 'limits', schema: limits, check: nothingToCheck },
  { name: 'log', schema: log, check: nothingToCheck },
  { name: 'bodies', schema: bodies, check: checkBodies },
  { name: 'shutdown', schema: shutdown, check: nothingToCheck },
] as const
