import { createRoute, z } from '@hono/zod-openapi'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'

const verification = z
  .object({
    ok: z.boolean(),
    batches: z.number().optional(),
    events: z.number().optional(),
    lastHash: z.string().optional().describe('Keep it elsewhere to prove later that the end was not cut off and written anew.'),
    brokenBatch: z.number().optional().describe('The first batch that is not what was written.'),
    reason: z.string().optional(),
  })
  .openapi('Verification')

/** What a check of the chain found. */
export type VerifiedLog = z.output<typeof verification>

const route = createRoute({
  method: 'get',
  path: '/api/v1/verify',
  summary: "Walks the log's chain of hashes. Takes a while on a long log.",
  responses: { 200: jsonAnswer('What was found.', verification), ...errorAnswers },
})

export const verifyLog: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const found = await deps.verify()
    switch (found.type) {
      case 'intact':
        return context.json({ ok: true, batches: found.batches, events: found.events, lastHash: found.lastHash }, 200)
      case 'broken':
        return context.json({ ok: false, brokenBatch: found.batch, reason: found.reason }, 200)
      default:
        return found satisfies never
    }
  })
}
