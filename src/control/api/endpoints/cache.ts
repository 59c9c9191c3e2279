import { createRoute, z } from '@hono/zod-openapi'
import type { CacheFilter } from '../../../core/answer-cache.ts'
import { GatewayError } from '../../../core/errors.ts'
import { refuseUnrecorded } from '../../keys.ts'
import type { ControlApiDeps } from '../deps.ts'
import { ADMIN, type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'

const shownCache = z
  .object({
    entries: z.number(),
    bytes: z.number(),
    failures: z.number().describe('Reads and writes that failed, and answers that could not be read, since this gateway started.'),
  })
  .openapi('Cache')

/** The cache of answers as the API shows it. */
export type ShownCache = z.output<typeof shownCache>

const showRoute = createRoute({
  method: 'get',
  path: '/api/v1/cache',
  summary: 'How many answers are cached.',
  responses: { 200: jsonAnswer('The cache.', shownCache), ...errorAnswers },
})

/** How many answers are cached. */
export const showCache: Endpoint = (app, deps) => {
  app.openapi(showRoute, async (context) => {
    const cache = cacheOf(deps)
    return context.json({ ...(await cache.size()), failures: cache.failures }, 200)
  })
}

const word = () => z.string().min(1, { error: 'is empty' }).optional()

const purgeRoute = createRoute({
  method: 'post',
  path: '/api/v1/cache/purge',
  summary: 'Removes cached answers. All that is given must fit; `all` removes everything.',
  request: {
    body: jsonBody(
      fields({
        model: word().describe('Of this model or route, by the name that callers use.'),
        keyId: word().describe('Made with this key.'),
        labels: z.record(z.string(), z.string()).optional().describe('Made by callers with these labels.'),
        all: z.boolean().optional().describe('Everything. Needed where nothing else is given.'),
      }).openapi('CacheFilter'),
    ),
  },
  responses: { 200: jsonAnswer('How many were removed.', z.object({ purged: z.number() })), ...errorAnswers },
})

/** Removes cached answers. */
export const purgeCache: Endpoint = (app, deps) => {
  app.openapi(purgeRoute, async (context) => {
    const { all, model, keyId, labels } = context.req.valid('json')
    const filter: CacheFilter = {
      ...(model === undefined ? {} : { model }),
      ...(keyId === undefined ? {} : { keyId }),
      ...(labels === undefined ? {} : { labels }),
    }
    const isNarrow = Object.keys(filter).length > 0
    if (isNarrow === (all === true)) {
      throw new GatewayError('invalid_request', 'Say what to purge: model, keyId or labels, or else all.')
    }
    refuseUnrecorded(deps.log)
    const purged = await cacheOf(deps).purge(filter)
    // It is done: the record of it must not be lost, whatever the disk does now.
    deps.log.keep({ type: 'cache.purged', atMs: deps.world.now(), by: ADMIN, answers: purged, where: describeFilter(filter) })
    return context.json({ purged }, 200)
  })
}

function cacheOf({ cache }: ControlApiDeps) {
  const current = cache()
  if (current === undefined) throw new GatewayError('conflict', 'Nothing is cached: no model or route of the configuration has `cache`.')
  return current
}

function describeFilter({ model, keyId, labels = {} }: CacheFilter): string {
  const words = [
    ...(model === undefined ? [] : [`model = ${model}`]),
    ...(keyId === undefined ? [] : [`keyId = ${keyId}`]),
    ...Object.entries(labels).map(([name, value]) => `label ${name} = ${value}`),
  ]
  return words.length === 0 ? 'all' : words.join(' and ')
}
