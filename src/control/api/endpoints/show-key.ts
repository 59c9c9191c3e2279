import { createRoute, z } from '@hono/zod-openapi'
import { findKey } from '../../keys.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { showKey as show, shownKey } from '../shapes.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/keys/{id}',
  summary: 'Shows a key. Never with its secret or its hash.',
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: jsonAnswer('The key.', shownKey), ...errorAnswers },
})

export const showKey: Endpoint = (app, deps) => {
  app.openapi(route, (context) => {
    const key = findKey(deps.access, context.req.valid('param').id)
    return context.json(show(key, deps.teams(), deps.world.now()), 200)
  })
}
