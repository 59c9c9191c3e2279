import { createRoute, z } from '@hono/zod-openapi'
import { didYouMean } from '../../../core/did-you-mean.ts'
import { GatewayError } from '../../../core/errors.ts'
import { SPEND_TABLE } from '../../projections/spend.ts'
import { type SpendDimension, spendBy } from '../../projections/spend-by.ts'
import { type Endpoint, errorAnswers } from '../endpoint.ts'
import { encodeSpendCsv, encodeSpendJson } from '../spend-text.ts'
import { readSpan, TIME_HINT } from '../times.ts'

const TEXTS: readonly string[] = SPEND_TABLE.dimensions
const DIMENSIONS: readonly string[] = [...TEXTS, 'hour', 'day', 'month']
const OWN_PARAMETERS = ['by', 'since', 'until', 'month', 'format'] as const

const spendLine = z
  .looseObject({
    calls: z.number(),
    inputTokens: z.number().describe('All input, cached input included.'),
    cachedInputTokens: z.number(),
    cacheWriteTokens: z.number(),
    outputTokens: z.number(),
    unpricedCalls: z.number().describe('Calls that used tokens whose price is not known; their cost is missing from the sum.'),
    costUsd: z.number().nullable().describe('Exact decimal. Null where nothing is known but unpriced calls.'),
    costNanoUsd: z.string().describe('The same in billionths of a dollar.'),
  })
  .describe('Also holds one field for each dimension asked for: text, or null where it is not known.')
  .openapi('SpendLine')

const route = createRoute({
  method: 'get',
  path: '/api/v1/spend',
  summary: 'Adds up spend, dearest first, then by name. Whole hours count: since is rounded down, until up.',
  request: {
    query: z
      .object({
        by: z
          .string()
          .default('team,model')
          .describe(`What to split by, separated by commas: ${DIMENSIONS.join(', ')}, label:NAME.`),
        since: z.string().optional().describe(`From then on: ${TIME_HINT}.`),
        until: z.string().optional().describe('Before then, written likewise.'),
        month: z.string().optional().describe('In place of since and until: this, last, or a month such as 2026-11 (UTC).'),
        format: z.enum(['json', 'csv']).default('json'),
      })
      .catchall(z.string())
      .describe('Every dimension is a filter too: team=support, model=claude*, label:feature=search.'),
  },
  responses: {
    200: {
      description: 'A row for each combination.',
      content: { 'application/json': { schema: z.array(spendLine) }, 'text/csv': { schema: z.string() } },
    },
    ...errorAnswers,
  },
})

export const sumSpend: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const query = context.req.valid('query')
    const by = [...new Set(query.by.split(',').map((name) => name.trim()))].map((name) => dimensionOf('by', name))
    const rows = await spendBy(deps.tallies, by, { ...readSpan(query, deps.world.now()), filter: filterOf(query) })
    return query.format === 'csv'
      ? context.body(encodeSpendCsv(by, rows), 200, { 'content-type': 'text/csv; charset=utf-8' })
      : context.body(encodeSpendJson(by, rows), 200, { 'content-type': 'application/json' })
  })
}

function filterOf(query: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const filter: Record<string, string> = {}
  for (const [name, text] of Object.entries(query)) {
    if (text === undefined || OWN_PARAMETERS.some((own) => own === name)) continue
    if (!TEXTS.includes(name) && !isLabel(name)) throw unknown(name, `There is no parameter "${name}"`, [...OWN_PARAMETERS, ...TEXTS])
    filter[name] = text
  }
  return filter
}

function dimensionOf(param: string, name: string): SpendDimension {
  if (isDimension(name)) return name
  throw unknown(param, `Spend cannot be split by "${name}"`, DIMENSIONS)
}

function isDimension(name: string): name is SpendDimension {
  return DIMENSIONS.includes(name) || isLabel(name)
}

function isLabel(name: string): name is `label:${string}` {
  return name.startsWith('label:') && name.length > 'label:'.length
}

function unknown(param: string, what: string, known: readonly string[]): GatewayError {
  const word = /"(.*)"/s.exec(what)?.[1] ?? ''
  const hint = didYouMean(word, known) || `; write any of ${known.join(', ')} or label:NAME.`
  return new GatewayError('invalid_request', `${what.slice(0, 120)}${hint}`, { param })
}
