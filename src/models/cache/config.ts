import { z } from 'zod'
import { choice, count, decimal, duration, name, size } from '../../core/fields.ts'
import type { ConfigProblem } from '../../core/section.ts'
import type { CacheSettings } from './settings.ts'

const semantic = z.strictObject({
  threshold: decimal('cosine', { min: 0.5, max: 1 })
    .prefault(0.95)
    .describe('How alike two questions must be: the cosine of their vectors. docs/cache.md says what which value costs and gains.'),
  embedder: name()
    .prefault('lexical')
    .describe(
      'What makes the vectors: the name of a model that makes embeddings, whose calls are made and paid like any; or lexical, which compares words and needs no model.',
    ),
  maxTemperature: decimal('temperature', { min: 0, max: 2 })
    .prefault(0.3)
    .describe('Calls that ask for a higher temperature want another answer each time, and get no like one.'),
  across: z
    .array(choice(['model', 'tools', 'system', 'output']))
    .prefault([])
    .describe('What may differ all the same: the model, the tools, the system prompt, the form of the output. Left out: nothing.'),
})

/** How answers are cached, at a model or a route. */
export const cacheField = () =>
  z
    .strictObject({
      ttl: duration({ min: '1s', max: '365d' }).prefault('10m').describe('How long an answer may be given out again.'),
      scope: choice(['principal', 'team', 'organisation'])
        .prefault('team')
        .describe('Who shares answers: nobody but the same user (or key, where it has no user), the team, or all.'),
      replay: choice(['instant', 'timed'])
        .prefault('instant')
        .describe('How a kept stream is given out: at once, or with the pauses that it first had.'),
      maxAnswer: size({ min: '1kB', max: '16MB' }).prefault('1MB').describe('Largest answer that is kept.'),
      semantic: semantic
        .exactOptional()
        .describe('Answers to questions that are only like this one may be given out. Left out: only equal questions match.'),
    })
    .describe('Answers are kept, and given out again to equal questions. Left out: not cached.')

/** Where answers are kept, and how many. */
export const cacheStore = z
  .strictObject({
    store: choice(['memory', 'disk', 'redis'])
      .prefault('memory')
      .describe(
        'Where answers are kept: in the memory of this process, in cache.db of the data folder, or in the Redis that `shared` names.',
      ),
    maxEntries: count('answers', { min: '0', max: '100M' })
      .prefault('10k')
      .describe('Most answers. Redis is bounded by its own maxmemory.'),
    maxSize: size({ min: '1kB', max: '1TiB' }).prefault('256MB').describe('Most bytes. Redis is bounded by its own maxmemory.'),
  })
  .prefault({})
  .describe('Where the answers of models and routes with `cache` are kept.')

/** The settings of a model or a route as they are written. */
export type CacheFieldConfig = z.output<ReturnType<typeof cacheField>>

/** What the stages go by. */
export function compileCache(written: CacheFieldConfig | undefined): CacheSettings | undefined {
  if (written === undefined) return undefined
  const { ttl, scope, replay, maxAnswer, semantic: alike } = written
  return { ttlMs: ttl, scope, replay, maxAnswerBytes: maxAnswer, ...(alike === undefined ? {} : { semantic: alike }) }
}

/** A model or a route, as far as its cache is checked. */
interface CachedEntry {
  readonly path: readonly (string | number)[]
  readonly cache: CacheFieldConfig | undefined
}

/** What caches are checked against. */
interface CacheSurroundings {
  readonly store: z.output<typeof cacheStore>['store']
  /** Configured names of models. */
  readonly models: readonly string[]
}

/** What a schema cannot see: embedders that are none, and stores that cannot do what is asked of them. */
export function checkCaches(
  entries: readonly CachedEntry[],
  around: CacheSurroundings,
  written: Readonly<Record<string, unknown>>,
): readonly ConfigProblem[] {
  const caching = entries.filter(({ cache }) => cache !== undefined)
  const isNowhere = around.store === 'redis' && (written.shared === undefined || written.shared === 'none')
  return [
    ...(isNowhere && caching.length > 0
      ? [
          {
            path: ['models', 'cache', 'store'],
            message: 'redis needs the address of one: add `shared: redis://host:6379` at the top of the file',
          },
        ]
      : []),
    ...caching.flatMap(({ path, cache }) => checkSemantic([...path, 'cache', 'semantic'], cache?.semantic, around)),
  ]
}

function checkSemantic(
  path: readonly (string | number)[],
  semantic: CacheFieldConfig['semantic'],
  { store, models }: CacheSurroundings,
): readonly ConfigProblem[] {
  if (semantic === undefined) return []
  const { embedder } = semantic
  return [
    ...(store === 'redis' ? [{ path, message: 'goes with models.cache.store memory or disk: Redis compares no vectors' }] : []),
    ...(embedder === 'lexical' || models.some((name) => isNamed(name, embedder))
      ? []
      : [{ path: [...path, 'embedder'], message: `no model is called "${embedder}"; write lexical, which needs none` }]),
  ]
}

/** Whether a configured name, which may end in `*`, stands for this one. */
function isNamed(configured: string, name: string): boolean {
  return configured.endsWith('*') ? name.startsWith(configured.slice(0, -1)) : configured === name
}
