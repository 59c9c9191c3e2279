import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import { formatUsd } from '../../../core/money.ts'
import { matchesPattern } from '../../../policy/patterns.ts'
import { type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'
import { parseTime, TIME_HINT } from '../times.ts'

const shownPrices = z
  .object({
    version: z.string().describe('As it stands in events and receipts.'),
    source: z.string(),
    prices: z.array(z.looseObject({ provider: z.string(), id: z.string() })).describe('US dollars per million tokens, by kind.'),
  })
  .openapi('Prices')

/** The prices in force, in the words of the API. */
export type Prices = z.output<typeof shownPrices>

const showRoute = createRoute({
  method: 'get',
  path: '/api/v1/prices',
  summary: 'Lists the list prices in force.',
  request: {
    query: fields({
      provider: z.string().optional().describe('Only of this provider.'),
      model: z.string().optional().describe('Only ids that match; * stands for any text.'),
    }),
  },
  responses: { 200: jsonAnswer('The prices.', shownPrices), ...errorAnswers },
})

const updateRoute = createRoute({
  method: 'post',
  path: '/api/v1/prices',
  summary: 'Puts a table of list prices in force, at once and for later starts. It wins over the built-in one.',
  request: { body: jsonBody(fields({ table: z.unknown().describe('A table of prices, as docs/prices.md describes it.') })) },
  responses: { 200: jsonAnswer('Which one is in force now.', z.object({ version: z.string(), rows: z.number() })), ...errorAnswers },
})

const recostRequest = fields({
  since: z.string().describe(`Calls that ended from then on: ${TIME_HINT}.`),
  until: z.string().optional().describe('And before then.'),
  table: z.unknown().optional().describe('A table of prices. Left out: the one in force.'),
  dryRun: z.boolean().default(false).describe('Only say what would change.'),
})

/** What is asked of costing again. */
export type RecostBody = z.input<typeof recostRequest>

const recosted = z
  .object({
    version: z.string(),
    calls: z.number().describe('Calls of models with a usage, in that span.'),
    corrected: z.number(),
    kept: z.number().describe("Whose price is the configuration's, or whose cost is an estimate."),
    unpriced: z.number().describe('For which the table has no price.'),
    deltaUsd: z.string(),
    models: z.array(z.object({ provider: z.string(), target: z.string(), corrected: z.number(), deltaUsd: z.string() })),
  })
  .openapi('Recosted')

/** What costing again came to. */
export type Recosted = z.output<typeof recosted>

const recostRoute = createRoute({
  method: 'post',
  path: '/api/v1/recost',
  summary: 'Costs ended calls by other prices, and writes the differences as corrections. Doing it again changes nothing.',
  request: { body: jsonBody(recostRequest) },
  responses: { 200: jsonAnswer('What was corrected.', recosted), ...errorAnswers },
})

/** Prices: shown, replaced, and applied to what is past. */
export const prices: Endpoint = (app, deps) => {
  app.openapi(showRoute, (context) => {
    const { provider, model } = context.req.valid('query')
    const { version, source, prices } = deps.prices.current()
    const fits = (text: string, pattern: string | undefined) => pattern === undefined || matchesPattern(pattern, text)
    const wanted = prices.filter((price) => fits(price.provider, provider) && fits(price.id, model))
    return context.json({ version, source, prices: wanted }, 200)
  })
  app.openapi(updateRoute, (context) => {
    const { version, prices } = deps.prices.update(context.req.valid('json').table)
    return context.json({ version, rows: prices.length }, 200)
  })
  app.openapi(recostRoute, async (context) => {
    const { since, until, table, dryRun } = context.req.valid('json')
    const nowMs = deps.world.now()
    const sinceMs = timeOf('since', since, nowMs)
    const untilMs = until === undefined ? undefined : timeOf('until', until, nowMs)
    const { deltaNanoUsd, models, ...report } = await deps.prices.recost({ sinceMs, untilMs, table, isDryRun: dryRun })
    const shown = models.map(({ deltaNanoUsd: delta, ...model }) => ({ ...model, deltaUsd: formatUsd(delta) }))
    return context.json({ ...report, deltaUsd: formatUsd(deltaNanoUsd), models: shown }, 200)
  })
}

function timeOf(param: string, text: string, nowMs: number): number {
  const ms = parseTime(text, nowMs)
  if (ms !== undefined) return ms
  throw new GatewayError('invalid_request', `${param} is ${JSON.stringify(text.slice(0, 60))}; write ${TIME_HINT}.`, { param })
}
