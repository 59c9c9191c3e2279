import { createRoute, z } from '@hono/zod-openapi'
import type { JsonObject } from '../../../core/json.ts'
import { type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'

const question = fields({
  model: z.string().max(200).optional().describe("A route or a model. Absent: the request's own."),
  request: z.record(z.string(), z.unknown()).describe('The body of a request, of any wire. Nothing of it is sent or kept.'),
  team: z.string().optional().describe('The team that asks.'),
  user: z.string().optional().describe('The user who asks.'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels of the call.'),
}).openapi('RouteQuestion')

const shape = z.object({
  inputTokens: z.number().describe('Estimated.'),
  leastInputTokens: z.number().describe('No tokenizer counts less.'),
  maxOutputTokens: z.number().optional(),
  hasTools: z.boolean(),
  hasImages: z.boolean(),
  hasAudio: z.boolean(),
  wantsSchema: z.boolean(),
  wantsReasoning: z.boolean(),
  hasPrefill: z.boolean(),
  kinds: z.array(z.string()).describe('Kinds of task.'),
  isHard: z.boolean(),
  user: z.string().optional().describe('The end user.'),
  cacheKey: z.string().optional().describe('What the caller names its prompt cache by.'),
  opening: z.string().optional().describe('Hash of the beginning of the conversation.'),
})

const explanation = z
  .object({
    model: z.string(),
    strategy: z.string(),
    why: z.string().optional().describe('Why the first target is first.'),
    order: z.array(
      z.object({
        model: z.string(),
        provider: z.string(),
        target: z.string().describe("The provider's own id of the model."),
        expectedCostUsd: z.string().optional().describe('Decimal US dollars.'),
        inFlight: z.number().describe('Calls that are under way to it.'),
      }),
    ),
    ruledOut: z.array(z.object({ target: z.string(), why: z.string() })),
    request: shape.describe('What was read of the request.'),
    refusal: z.object({ code: z.string(), status: z.number(), message: z.string() }).optional().describe('Where no target is left.'),
  })
  .openapi('RouteExplanation')

const route = createRoute({
  method: 'post',
  path: '/api/v1/routes/explain',
  summary: 'Says where a call would go now, by the states of this moment, and why. Sends nothing.',
  request: { body: jsonBody(question) },
  responses: { 200: jsonAnswer('Where it would go.', explanation), ...errorAnswers },
})

export const explainRoute: Endpoint = (app, deps) => {
  app.openapi(route, (context) => {
    const { request, ...rest } = context.req.valid('json')
    // It was parsed from JSON.
    const { order, ruledOut, request: read, ...explained } = deps.explainRoute({ ...rest, request: request as JsonObject })
    return context.json({ ...explained, order: [...order], ruledOut: [...ruledOut], request: { ...read, kinds: [...read.kinds] } }, 200)
  })
}
