import { createRoute, z } from '@hono/zod-openapi'
import { showBudgets, shownBudget } from '../budgets.ts'
import { type Endpoint, errorAnswers, fields, jsonAnswer } from '../endpoint.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/budgets',
  summary: 'Lists the budgets with what is settled, held and left of them, the tightest first.',
  request: {
    query: fields({
      account: z.string().optional().describe('Only of this account, such as team:support; * stands for any text.'),
      mode: z.enum(['soft', 'hard', 'strict']).optional().describe('Only of this mode.'),
      limit: z.coerce.number().int().min(1).max(10_000).default(1000).describe('How many at the most.'),
    }),
  },
  responses: { 200: jsonAnswer('The budgets.', z.object({ budgets: z.array(shownBudget) })), ...errorAnswers },
})

export const listBudgets: Endpoint = (app, deps) => {
  app.openapi(route, (context) => {
    const { limit, ...filter } = context.req.valid('query')
    return context.json({ budgets: showBudgets(deps.money(), filter).slice(0, limit) }, 200)
  })
}
