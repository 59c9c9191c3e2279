import { createRoute, z } from '@hono/zod-openapi'
import { revokeKey as revoke } from '../../keys.ts'
import { ADMIN, type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { showKey, shownKey } from '../shapes.ts'

const revokedKey = shownKey
  .extend({ endedCalls: z.number().describe('Running calls of the key that were ended now.') })
  .openapi('RevokedKey')

const answering = {
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: jsonAnswer('The key, revoked.', revokedKey), ...errorAnswers },
}

const postRoute = createRoute({
  method: 'post',
  path: '/api/v1/keys/{id}/revoke',
  summary: 'Revokes a key at once and ends its running calls. Revoking it again changes nothing.',
  ...answering,
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/api/v1/keys/{id}',
  summary: 'The same as revoke: keys are not removed.',
  ...answering,
})

export const revokeKey: Endpoint = (app, deps) => {
  const answer = async (id: string) => {
    const { record, endedCalls } = await revoke(deps, id, ADMIN)
    return { ...showKey(record, deps.teams(), deps.world.now()), endedCalls }
  }
  app.openapi(postRoute, async (context) => context.json(await answer(context.req.valid('param').id), 200))
  app.openapi(deleteRoute, async (context) => context.json(await answer(context.req.valid('param').id), 200))
}
