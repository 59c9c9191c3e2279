import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AnswerCache, CacheFilter } from '../core/answer-cache.ts'
import { GatewayError } from '../core/errors.ts'
import type { World } from '../core/world.ts'
import { MemoryAnswerCache } from '../storage/memory/answer-cache.ts'
import { SqliteAnswerCache } from '../storage/sqlite/answer-cache.ts'
import { dataFolder } from './data-folder.ts'
import { describeThrown, type Logger } from './logger.ts'
import type { Config } from './sections.ts'

/** The cache of answers that the configuration in force names. */
export interface CurrentCache {
  /** Undefined where nothing is cached. */
  get(): AnswerCache | undefined
  /** Removes answers from it, and those that an earlier configuration left on disk. */
  erase(filter: CacheFilter): Promise<number>
  /** Takes up a configuration that names another place. Answers stay where they are. */
  reconfigure(): void
  close(): void
}

interface CacheSurroundings {
  readonly world: World
  readonly logger: Logger
  readonly config: () => Config
}

interface Opened {
  readonly cache: AnswerCache
  readonly close: () => void
}

/** Opens the cache of answers, and another one when the configuration names one. */
export function openAnswerCache(around: CacheSurroundings): CurrentCache {
  let place: string | undefined
  let opened: Opened | undefined
  const reconfigure = (): void => {
    const wanted = placeOf(around.config())
    if (wanted === place) return
    opened?.close()
    place = wanted
    opened = undefined
    if (wanted === undefined) return
    const ready = (made: Opened): void => {
      // The configuration may have changed while the driver was loaded.
      if (place === wanted) opened = made
      else made.close()
    }
    const made = open(around)
    if (made instanceof Promise) made.then(ready, (thrown) => report(around.logger, thrown))
    else ready(made)
  }
  reconfigure()
  return {
    get: () => opened?.cache,
    erase: async (filter) => {
      const erased = (await opened?.cache.purge(filter)) ?? 0
      return place === 'disk' ? erased : erased + (await purgeFile(filter, dataFolder(around.config()), around.world))
    },
    reconfigure,
    close: () => {
      place = undefined
      opened?.close()
      opened = undefined
    },
  }
}

interface AtRest {
  readonly config: Config | undefined
  /** The data folder. */
  readonly folder: string
  readonly world: World
}

/**
 * Removes answers that a gateway which does not run has kept on disk.
 * @throws conflict where they are in a Redis: only a gateway that runs reaches it
 */
export async function purgeAtRest(filter: CacheFilter, { config, folder, world }: AtRest): Promise<number> {
  const purged = await purgeFile(filter, folder, world)
  if (config?.models?.cache.store !== 'redis') return purged
  throw new GatewayError('conflict', 'Cached answers are in a Redis, which only a running gateway reaches. Start it, and erase again.')
}

/** Of a file that no cache has open. */
async function purgeFile(filter: CacheFilter, folder: string, world: World): Promise<number> {
  const path = fileIn(folder)
  if (!existsSync(path)) return 0
  const cache = new SqliteAnswerCache({ path, world, bounds: () => ({ maxEntries: 0, maxBytes: 0 }) })
  try {
    return await cache.purge(filter)
  } finally {
    cache.close()
  }
}

function fileIn(folder: string): string {
  return join(folder, 'cache.db')
}

/** A text that differs where another cache must be opened; undefined where nothing is cached. */
function placeOf(config: Config): string | undefined {
  const { models, shared } = config
  const isCaching = [...(models?.models ?? []), ...(models?.routes ?? [])].some(({ cache }) => cache !== undefined)
  if (models === undefined || !isCaching) return undefined
  if (models.cache.store !== 'redis') return models.cache.store
  return shared.type === 'redis' ? `redis ${urlOf(shared.url)}` : undefined
}

function open({ world, logger, config }: CacheSurroundings): Opened | Promise<Opened> {
  const bounds = () => {
    const { maxEntries = 0, maxSize = 0 } = config().models?.cache ?? {}
    return { maxEntries, maxBytes: maxSize }
  }
  const { models, shared } = config()
  if (models?.cache.store === 'redis' && shared.type === 'redis') return openRedis(urlOf(shared.url), world, logger)
  if (models?.cache.store !== 'disk') return { cache: new MemoryAnswerCache(bounds), close: () => {} }
  const cache = new SqliteAnswerCache({ path: fileIn(dataFolder(config())), world, bounds })
  return { cache, close: () => cache.close() }
}

async function openRedis(url: string, world: World, logger: Logger): Promise<Opened> {
  // Loaded only where it is used: the driver costs a start some milliseconds and megabytes.
  const { RedisAnswerCache } = await import('../storage/redis/answer-cache.ts')
  const cache = new RedisAnswerCache({
    url,
    world,
    report: (problem) =>
      problem === undefined
        ? logger.log('info', 'the Redis that holds the cache can be reached', {})
        : logger.log('warn', problem.message, { code: problem.code }),
  })
  return { cache, close: () => cache.close() }
}

function urlOf(url: Extract<Config['shared'], { type: 'redis' }>['url']): string {
  return typeof url === 'string' ? url : url.reveal()
}

function report(logger: Logger, thrown: unknown): void {
  logger.log('error', 'the cache could not be opened; nothing is cached', describeThrown(thrown))
}
