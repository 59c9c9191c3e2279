import { createRoute, z } from '@hono/zod-openapi'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { showLiveCall, shownLiveCall } from '../shapes.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/calls/live',
  summary: 'Lists the calls that run now, longest first.',
  responses: { 200: jsonAnswer('The calls.', z.object({ calls: z.array(shownLiveCall) })), ...errorAnswers },
})

export const listLiveCalls: Endpoint = (app, deps) => {
  app.openapi(route, (context) => {
    const nowMs = deps.world.now()
    const calls = deps.live
      .list()
      .toSorted((left, right) => left.startedAtMs - right.startedAtMs)
      .map((call) => showLiveCall(call, nowMs))
    return context.json({ calls }, 200)
  })
}
