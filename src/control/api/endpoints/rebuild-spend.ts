import { createRoute, z } from '@hono/zod-openapi'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'

const route = createRoute({
  method: 'post',
  path: '/api/v1/spend/rebuild',
  summary: 'Drops the sums of spend and adds the log up again. Until it is done, spend shows a part.',
  responses: { 200: jsonAnswer('It is done.', z.object({ rebuilt: z.literal(true) })), ...errorAnswers },
})

export const rebuildSpend: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    await deps.rebuild()
    return context.json({ rebuilt: true } as const, 200)
  })
}
