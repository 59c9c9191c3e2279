import { type ControlClient, ControlError, createControlClient } from '../control/client.ts'
import { GatewayError } from '../core/errors.ts'
import type { World } from '../core/world.ts'
import { realWorld } from '../platform/world.ts'
import { readSecretFile } from '../storage/sqlite/secret-file.ts'
import { findPlace, type GatewayPlace, PlaceError, type PlaceRequest } from './gateway-place.ts'

export { PlaceError } from './gateway-place.ts'

/** Who wants to reach a gateway, and what for. */
export interface ReachRequest extends PlaceRequest {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What may be done on the data folder itself where no gateway runs. */
  readonly offline: 'never' | 'read' | 'change'
  /** Takes talk. */
  readonly say: (text: string) => void
}

/** A gateway that answers, or its data folder. */
export interface Reached {
  readonly client: ControlClient
  readonly isRunning: boolean
  /** Resolves after the given time, or at once when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/**
 * Reaches the gateway: the one that SIGNALBOX_URL names, else the one of the configuration; where that does not run and it is allowed, its
 * data folder.
 * @throws PlaceError where the configuration or the environment does not say where it is
 * @throws ControlError `unreachable`; GatewayError where the data folder cannot be opened
 */
export async function reachGateway(request: ReachRequest): Promise<Reached> {
  const world = realWorld()
  const { SIGNALBOX_URL: url, SIGNALBOX_ADMIN_KEY: adminKey } = request.env
  if (url) return reachUrl(url, adminKey, world)
  const place = findPlace(request)
  if (await world.canConnect(place.controlUrl, new AbortController().signal)) {
    return connected(place.controlUrl, adminKey || readAdminKey(place), world, adminKey ? 'SIGNALBOX_ADMIN_KEY' : place.adminKeyFile)
  }
  if (request.offline === 'never') {
    throw new ControlError('unreachable', `No gateway answers at ${place.controlUrl}. Start it with \`signalbox serve\`.`)
  }
  return openFolder(request, place, request.offline, world)
}

function reachUrl(url: string, adminKey: string | undefined, world: World): Reached {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new PlaceError(`SIGNALBOX_URL is not an http or https URL: ${url}`)
  if (!adminKey) throw new PlaceError('SIGNALBOX_URL is set, but SIGNALBOX_ADMIN_KEY is not. It holds the admin key of that gateway.')
  return connected(url, adminKey, world, 'SIGNALBOX_ADMIN_KEY')
}

function readAdminKey({ adminKeyFile, controlUrl }: GatewayPlace): string {
  const where = 'Run this as the user that runs the gateway, or set SIGNALBOX_ADMIN_KEY.'
  let key: string | undefined
  try {
    key = readSecretFile(adminKeyFile)
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw new PlaceError(thrown.message, { cause: thrown })
    throw new PlaceError(`The admin key ${adminKeyFile} cannot be read. ${where}`, { cause: thrown })
  }
  if (key !== undefined) return key
  throw new PlaceError(
    `Something answers at ${controlUrl}, but there is no admin key at ${adminKeyFile}. Name the right file with --config.`,
  )
}

/** @param keyFrom where the admin key comes from, for the message of a gateway that does not know it */
function connected(url: string, adminKey: string, world: World, keyFrom: string): Reached {
  const signal = new AbortController().signal
  const fetch = async (request: Request) => {
    const body = request.body === null ? {} : { body: await request.text() }
    return world.fetch(request.url, { method: request.method, headers: request.headers, signal, ...body })
  }
  return { client: createControlClient({ url, adminKey, keyFrom, fetch }), isRunning: true, pause: pauseIn(world), close: async () => {} }
}

async function openFolder(request: ReachRequest, place: GatewayPlace, mode: 'read' | 'change', world: World): Promise<Reached> {
  const { cwd, env, say } = request
  // Loaded only here: where a gateway answers, a command needs no store.
  const { openOffline } = await import('./offline.ts')
  const report = (message: string) => say(`${message}\n`)
  const { api, adminKey, close } = await openOffline({ place, cwd, env, world, mode, report }).catch((thrown: unknown) => {
    throw thrown instanceof GatewayError && thrown.code === 'not_found' && place.storage === 'sqlite' ? neverStarted(place) : thrown
  })
  const where = place.storage === 'sqlite' ? `its data folder ${place.dataFolder}` : 'its database'
  say(`The gateway is not running at ${place.controlUrl}; ${mode === 'read' ? 'reading' : 'using'} ${where}.\n`)
  const client = createControlClient({ url: 'http://localhost', adminKey, fetch: (sent) => api.fetch(sent) })
  return { client, isRunning: false, pause: pauseIn(world), close }
}

function neverStarted({ controlUrl, dataFolder }: GatewayPlace): ControlError {
  const message = `No gateway answers at ${controlUrl}, and there is nothing in its data folder ${dataFolder} yet.`
  return new ControlError('unreachable', `${message} Start it with \`signalbox serve\`, or name its file with --config.`)
}

function pauseIn(world: World): Reached['pause'] {
  return (ms, signal) => world.sleep(ms, signal).catch(() => {})
}
