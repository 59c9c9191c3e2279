import type { SharedPlace } from '../core/shared-place.ts'
import type { World } from '../core/world.ts'
import type { LaneTable } from '../models/routing/lanes.ts'
import { describeThrown, type Logger } from './logger.ts'

interface ShareDeps {
  readonly world: World
  readonly logger: Logger
  readonly lanes: LaneTable
  /** The place in force; a reload may change it. */
  readonly shared: () => SharedPlace
}

/** Tells the other replicas what is learned of providers. */
export interface ProviderTalk {
  /** Somebody took a provider back into use here. */
  reset(provider: string): void
  close(): void
}

/** How long after a change the others are told, at the most. No call waits for it. */
const TELL_EVERY_MS = 250
/** How long after a reload that names a Redis it is found, where there was none. */
const LOOK_EVERY_MS = 2000
const CHANNEL = 'signalbox:provider-states'

interface Open {
  readonly place: string
  readonly talk: Promise<{ readonly tell: () => void; readonly reset: (provider: string) => void; readonly close: () => void }>
}

/**
 * Shares open circuits, rate limits and parked keys with the other replicas, where the configuration names a Redis: as hints, which no call waits for.
 * Where it cannot be reached each replica learns by itself, as without it.
 */
export function shareProviderStates(deps: ShareDeps): ProviderTalk {
  const { world, logger, lanes } = deps
  let open: Open | undefined
  let told = lanes.changes
  const close = () => void open?.talk.then((talk) => talk.close()).catch(() => {})
  const look = () => {
    const place = placeOf(deps.shared())
    if (place !== open?.place) {
      close()
      open = place === undefined ? undefined : { place, talk: openTalk(deps, place) }
      open?.talk.catch((thrown) => logger.log('error', 'the states of the providers cannot be shared', describeThrown(thrown)))
    }
    if (lanes.changes === told) return
    told = lanes.changes
    void open?.talk.then((talk) => talk.tell()).catch(() => {})
  }
  const again = (): (() => void) =>
    world.after(open === undefined ? LOOK_EVERY_MS : TELL_EVERY_MS, () => {
      look()
      cancel = again()
    })
  look()
  let cancel = again()
  return {
    reset: (provider) => void open?.talk.then((talk) => talk.reset(provider)).catch(() => {}),
    close: () => {
      cancel()
      close()
    },
  }
}

async function openTalk({ world, logger, lanes }: ShareDeps, url: string) {
  // Loaded only where it is used: the driver costs a start some milliseconds and megabytes.
  const [{ RedisTalk }, { SharedStates }] = await Promise.all([
    import('../storage/redis/talk.ts'),
    import('../models/routing/shared-states.ts'),
  ])
  const states = new SharedStates(lanes, world.randomHex(8))
  const tell = () => talk.tell(states.tell(world.now()))
  const talk = new RedisTalk({
    url,
    channel: CHANNEL,
    onHear: (text) => {
      if (states.hear(text, world.now())) tell()
    },
    onReady: () => {
      talk.tell(states.hello())
      tell()
    },
    onAway: (cause) =>
      logger.log('warn', 'the Redis by which replicas tell each other of providers cannot be reached', describeThrown(cause)),
  })
  return { tell, reset: (provider: string) => talk.tell(states.reset(provider)), close: () => talk.close() }
}

function placeOf(place: SharedPlace): string | undefined {
  if (place.type === 'none') return undefined
  return typeof place.url === 'string' ? place.url : place.url.reveal()
}
