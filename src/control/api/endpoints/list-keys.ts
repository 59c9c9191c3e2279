import { createRoute, z } from '@hono/zod-openapi'
import { type Endpoint, errorAnswers, fields, jsonAnswer } from '../endpoint.ts'
import { showKey, shownKey } from '../shapes.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/keys',
  summary: 'Lists the keys, newest first. Never with a secret or a hash.',
  request: {
    query: fields({
      team: z.string().optional().describe('Only keys of this team.'),
      state: z.enum(['active', 'expired', 'revoked', 'stopped']).optional().describe('Only keys in this state.'),
    }),
  },
  responses: { 200: jsonAnswer('The keys.', z.object({ keys: z.array(shownKey) })), ...errorAnswers },
})

export const listKeys: Endpoint = (app, deps) => {
  app.openapi(route, (context) => {
    const { team, state } = context.req.valid('query')
    const [teams, nowMs] = [deps.teams(), deps.world.now()]
    const keys = deps.access
      .list()
      .toSorted((left, right) => right.createdAtMs - left.createdAtMs)
      .map((key) => showKey(key, teams, nowMs))
      .filter((key) => (team === undefined || key.team === team) && (state === undefined || key.state === state))
    return context.json({ keys }, 200)
  })
}
