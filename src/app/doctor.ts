import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { World } from '../core/world.ts'
import { type LaneState, LaneTable } from '../models/routing/lanes.ts'
import type { Target } from '../models/types.ts'
import { realWorld } from '../platform/world.ts'
import { askAddress, unreachable } from './ask-address.ts'
import { findConfigFile } from './check-config.ts'
import { dataFolder } from './data-folder.ts'
import { examineLabels } from './doctor-labels.ts'
import { examinePlaces } from './doctor-places.ts'
import { PlaceError } from './gateway-place.ts'
import { readProviderStates } from './keep-provider-states.ts'
import { type FileRequest, loadFile } from './load-file.ts'
import type { Snapshot } from './snapshot.ts'

/** Something that was looked at. */
export interface Finding {
  /** Short and stable: `configuration`, `reachable`, `program`, `card`, `key`, `clock`, `price`, `permissions`, `version`, `proxy`, `parked`, `labels`. */
  readonly check: string
  /** `bad` keeps calls from working; `doubtful` may. */
  readonly verdict: 'good' | 'doubtful' | 'bad'
  readonly what: string
  /** What to do, where it is not good. */
  readonly todo?: string
}

/** What a doctor works with. */
export interface DoctorRequest extends FileRequest {
  /** Left out: the real one. */
  readonly world?: World
  /** Of the runtime that runs this. */
  readonly bunVersion: string
  /** The version that Signalbox is pinned to. */
  readonly pinnedBun: string
}

/** A clock that is further off than this refuses tokens and signatures. */
const CLOCK_DOUBT_MS = 30_000
const CLOCK_BAD_MS = 240_000
const DAY_MS = 86_400_000

/** Looks for what is wrong with the configuration, the machine and the providers. Asks each provider for its list of models, each server and agent whether it answers, and sends no prompt. */
export async function examine(request: DoctorRequest): Promise<readonly Finding[]> {
  const world = request.world ?? realWorld()
  if (request.configFile === undefined && findConfigFile(request.cwd) === undefined) return examineBareFolder(request)
  let snapshot: Snapshot
  try {
    snapshot = loadFile(request)
  } catch (thrown) {
    if (!(thrown instanceof PlaceError)) throw thrown
    return thrown.message
      .split('\n')
      .map((what) => ({ check: 'configuration', verdict: 'bad', what, todo: 'Mend the file; `signalbox check` says when it is good.' }))
  }
  const { catalog } = snapshot
  const lanes = [...catalog.lanes(), ...catalog.wildcardLanes()]
  const perProvider = await Promise.all(oneAKey(lanes).map((target) => examineProvider(world, target)))
  return [
    { check: 'configuration', verdict: 'good', what: `${snapshot.file ?? 'The configuration'} is good (revision ${snapshot.revision}).` },
    ...examineVersion(request),
    ...examineFolder(dataFolder(snapshot.config)),
    ...examineEnvironment(request.env),
    ...examinePrices(snapshot),
    ...examineParked(snapshot, lanes),
    ...perProvider.flat(),
    ...(await examinePlaces(world, snapshot, request)),
    ...(await examineLabels(world, snapshot)),
  ]
}

/** Of a folder without a file: there `signalbox serve` runs what is built in, which has no address that could be wrong. */
function examineBareFolder(request: DoctorRequest): readonly Finding[] {
  const what = `There is no configuration file in ${request.cwd}: \`signalbox serve\` opens all three gateways with sandboxes behind them.`
  return [
    {
      check: 'configuration',
      verdict: 'good',
      what,
      todo: '`signalbox init` writes a file of your own; --config FILE names one elsewhere.',
    },
    ...examineVersion(request),
    ...examineFolder(join(request.cwd, 'data')),
    ...examineEnvironment(request.env),
  ]
}

/** A key is asked about once, whatever the number of its models. */
function oneAKey(lanes: readonly Target[]): readonly Target[] {
  return [...new Map(lanes.map((lane) => [lane.keyId, lane])).values()]
}

function examineVersion({ bunVersion, pinnedBun }: DoctorRequest): readonly Finding[] {
  if (bunVersion === pinnedBun) return [{ check: 'version', verdict: 'good', what: `Runs on Bun ${bunVersion}, as it was tested.` }]
  const what = `Runs on Bun ${bunVersion}; it was tested on ${pinnedBun}.`
  return [
    { check: 'version', verdict: 'doubtful', what, todo: 'Start it with bin/signalbox.js, which takes the version that it was tested on.' },
  ]
}

function examineFolder(folder: string): readonly Finding[] {
  const place = existsSync(folder) ? folder : nearestThere(folder)
  try {
    accessSync(place, constants.W_OK)
  } catch {
    return [
      {
        check: 'permissions',
        verdict: 'bad',
        what: `${place} cannot be written.`,
        todo: 'Give it to the user that runs Signalbox, or name another one under storage.',
      },
    ]
  }
  const open = ['secret', 'admin-key', 'first-key']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0)
  if (open.length === 0)
    return [{ check: 'permissions', verdict: 'good', what: `${folder} can be written, and its secrets are its owner's alone.` }]
  return open.map((path) => ({ check: 'permissions', verdict: 'bad', what: `Others can read ${path}.`, todo: `chmod 600 ${path}` }))
}

function nearestThere(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestThere(dirname(folder))
}

/** A proxy between the gateway and the providers that gathers what is streamed makes every first token late. */
function examineEnvironment(env: FileRequest['env']): readonly Finding[] {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY'].filter((name) => (env[name] ?? '') !== '')
  if (names.length === 0) return []
  const what = `${names.join(', ')} is set: calls to providers go through a proxy.`
  return [
    {
      check: 'proxy',
      verdict: 'doubtful',
      what,
      todo: 'See that it does not buffer streams (text/event-stream); firstTokenMs in `signalbox providers` shows it.',
    },
  ]
}

function examinePrices({ catalog }: Snapshot): readonly Finding[] {
  const unpriced = catalog.lanes().filter(({ price, keyIndex }) => price === undefined && keyIndex === 0)
  return unpriced.map(({ name }) => ({
    check: 'price',
    verdict: 'doubtful',
    what: `The price of the model ${name} is not known: its calls are counted and cost nothing that is known.`,
    todo: 'Write price: { inputPerMillion, outputPerMillion } for it.',
  }))
}

function examineParked({ config }: Snapshot, lanes: readonly Target[]): readonly Finding[] {
  const table = new LaneTable(() => ({ failures: 1, share: 1, pauseMs: 1, longestPauseMs: 1 }))
  readProviderStates(dataFolder(config), table)
  const isParked = (state: LaneState) => state.parkedBy !== undefined || table.isKeyParked(state.lane.accessId)
  const parked = lanes.filter((lane) => isParked(table.stateOf(lane)))
  return parked.map(({ provider, keyIndex, id }) => ({
    check: 'parked',
    verdict: 'bad',
    what: `Key ${keyIndex + 1} of ${provider} is parked${id === '*' ? '' : ` for ${id}`}: the provider refused it.`,
    todo: `Change the key, or mend the account and run \`signalbox providers reset ${provider}\`.`,
  }))
}

async function examineProvider(world: World, target: Target): Promise<readonly Finding[]> {
  const named = target.keyCount > 1 ? `Key ${target.keyIndex + 1} of provider ${target.provider}` : `Provider ${target.provider}`
  const askedAtMs = world.now()
  const asked = await askAddress(world, listingUrl(target), target.headers)
  if (asked.type === 'answered') return [...examineAnswer(named, asked.response), ...examineClock(named, asked.response, askedAtMs)]
  return [unreachable(named, asked)]
}

/** Where most providers list their models: a question that costs nothing and needs the key. */
function listingUrl({ url }: Target): string {
  return url.replace(/\/(?:chat\/completions|messages|responses|completions|embeddings)$/, '/models')
}

function examineAnswer(named: string, { status }: Response): readonly Finding[] {
  const good: Finding = { check: 'reachable', verdict: 'good', what: `${named} answers.` }
  if (status === 401 || status === 403) {
    return [
      good,
      {
        check: 'key',
        verdict: 'bad',
        what: `${named} refuses its key (${status}).`,
        todo: 'See whether it is the right one, and what it may do at the provider.',
      },
    ]
  }
  if (status === 402)
    return [good, { check: 'key', verdict: 'bad', what: `${named} says that there is no credit (402).`, todo: 'Pay, or take another key.' }]
  if (status === 429)
    return [
      good,
      {
        check: 'key',
        verdict: 'doubtful',
        what: `${named} is at its rate limit (429).`,
        todo: 'Wait, or add a key to the list of apiKey.',
      },
    ]
  if (status >= 500)
    return [{ check: 'reachable', verdict: 'bad', what: `${named} answers ${status}.`, todo: "Look at the provider's status page." }]
  return status === 200 ? [good, { check: 'key', verdict: 'good', what: `${named} accepts its key.` }] : [good]
}

function examineClock(named: string, { headers }: Response, askedAtMs: number): readonly Finding[] {
  const theirs = Date.parse(headers.get('date') ?? '')
  const offMs = Math.abs(theirs - askedAtMs)
  if (!(offMs > CLOCK_DOUBT_MS) || offMs > 3650 * DAY_MS) return []
  const verdict = offMs > CLOCK_BAD_MS ? 'bad' : 'doubtful'
  return [
    {
      check: 'clock',
      verdict,
      what: `The clock of this machine is ${Math.round(offMs / 1000)} s off that of ${named}.`,
      todo: 'Let it be set by NTP: tokens, signatures and budgets go by it.',
    },
  ]
}
