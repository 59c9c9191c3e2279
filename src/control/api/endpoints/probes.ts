import { createRoute, z } from '@hono/zod-openapi'
import type { Readiness } from '../deps.ts'
import { type Endpoint, errorAnswers, jsonAnswer, OPEN } from '../endpoint.ts'

export const readinessShape = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional().describe('What is wrong and what to do.') })),
})

/** Readiness as JSON. */
export function showReadiness({ ready, checks }: Readiness) {
  return { ready, checks: checks.map((check) => ({ ...check })) }
}

const liveRoute = createRoute({
  method: 'get',
  path: '/livez',
  summary: 'Whether the process answers at all.',
  ...OPEN,
  responses: { 200: jsonAnswer('It does.', z.object({ alive: z.literal(true) })), ...errorAnswers },
})

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether the gateway can take calls.',
  ...OPEN,
  responses: {
    200: jsonAnswer('It can.', readinessShape),
    503: jsonAnswer('It cannot; the checks say why.', readinessShape),
    ...errorAnswers,
  },
})

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics in the Prometheus text format. Open without a key on loopback.',
  responses: { 200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } }, ...errorAnswers },
})

/** What machines ask: is it alive, is it ready, how is it doing. */
export const probes: Endpoint = (app, deps) => {
  app.openapi(liveRoute, (context) => context.json({ alive: true } as const, 200))
  app.openapi(readyRoute, (context) => {
    const readiness = deps.readiness()
    return context.json(showReadiness(readiness), readiness.ready ? 200 : 503)
  })
  app.openapi(metricsRoute, (context) =>
    context.text(deps.metricsText(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
}
