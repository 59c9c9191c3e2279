import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import { parseDuration } from '../../../core/fields.ts'
import { rotateKey as rotate } from '../../keys.ts'
import { ADMIN, type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'
import { showKey, shownKey } from '../shapes.ts'

const rotatedKey = shownKey
  .extend({
    key: z.string().describe('The new key, sb_<id>_<secret>. Shown this once; only its hash is stored.'),
    oldWorksUntil: z.string().describe('When the old key stops.'),
  })
  .openapi('RotatedKey')

const route = createRoute({
  method: 'post',
  path: '/api/v1/keys/{id}/rotate',
  summary: 'Makes a new secret under a new id. The old one works until the end of the overlap; spend goes on under the id of the first.',
  request: {
    params: z.object({ id: z.string() }),
    body: jsonBody(
      fields({ overlap: z.string().default('24h').describe('How long the old key still works, such as 24h; 0s ends it now.') }),
    ),
  },
  responses: { 201: jsonAnswer('The new key, with its secret.', rotatedKey), ...errorAnswers },
})

export const rotateKey: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { overlap } = context.req.valid('json')
    const overlapMs = parseDuration(overlap)
    if (overlapMs === undefined) {
      const message = `overlap is ${JSON.stringify(overlap.slice(0, 60))}; write a duration such as 24h.`
      throw new GatewayError('invalid_request', message, { param: 'overlap' })
    }
    const { record, key } = await rotate(deps, context.req.valid('param').id, overlapMs, ADMIN)
    const nowMs = deps.world.now()
    const old = record.replaces === undefined ? undefined : deps.access.get(record.replaces)
    const oldWorksUntil = new Date(old?.expiresAtMs ?? nowMs).toISOString()
    return context.json({ ...showKey(record, deps.teams(), nowMs), key, oldWorksUntil }, 201)
  })
}
