import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import type { ProviderReport } from '../../../core/provider-report.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { isoTime } from '../shapes.ts'

const shown = z
  .object({
    provider: z.string(),
    key: z.number().describe("Which of the provider's keys, from 1."),
    model: z.string().describe("The provider's own id of the model."),
    state: z.enum(['ready', 'limited', 'open', 'probing', 'parked']),
    why: z.string().optional().describe('Why it rests.'),
    until: z.string().optional().describe('When it may be used again, where that is known.'),
    inFlight: z.number(),
    recentFailures: z.number().describe('They fade: ten seconds halve them.'),
    recentSuccesses: z.number(),
    firstTokenMs: z.number().optional(),
    tokensPerSecond: z.number().optional(),
  })
  .openapi('ProviderState')

/** One way to a model, as the API shows it. */
export type ShownProvider = z.output<typeof shown>

const list = createRoute({
  method: 'get',
  path: '/api/v1/providers',
  summary: 'Lists the state of each provider key and model: circuits, rate limits, parked keys.',
  responses: { 200: jsonAnswer('The states.', z.object({ providers: z.array(shown) })), ...errorAnswers },
})

const reset = createRoute({
  method: 'post',
  path: '/api/v1/providers/{name}/reset',
  summary: 'Closes the circuits of a provider and takes its keys back into use.',
  request: { params: z.object({ name: z.string() }) },
  responses: { 200: jsonAnswer('How many of its keys and models were changed.', z.object({ reset: z.number() })), ...errorAnswers },
})

export const listProviders: Endpoint = (app, { providers }) => {
  app.openapi(list, (context) => context.json({ providers: providers.list().map(show) }, 200))
}

export const resetProvider: Endpoint = (app, { providers }) => {
  app.openapi(reset, (context) => {
    const { name } = context.req.valid('param')
    const count = providers.reset(name)
    if (count === undefined) throw new GatewayError('not_found', `No provider "${name.slice(0, 128)}" is configured or was used.`)
    return context.json({ reset: count }, 200)
  })
}

function show({ untilMs, ...report }: ProviderReport): ShownProvider {
  return { ...report, ...(untilMs === undefined ? {} : { until: isoTime(untilMs) }) }
}
