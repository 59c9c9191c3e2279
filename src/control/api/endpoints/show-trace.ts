import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import type { EventReader } from '../../../core/ports.ts'
import { type Endpoint, errorAnswers, fields, jsonAnswer } from '../endpoint.ts'
import { scanLog } from '../scan-log.ts'
import { readSpan, TIME_HINT } from '../times.ts'
import { encodeTrace, traceShape } from '../trace.ts'

/** Two events a call: a trace of more calls than half of this is shown cut off. */
const MAX_EVENTS = 10_000
const TRACE_ID = /^[0-9a-f]{32}$/

const route = createRoute({
  method: 'get',
  path: '/api/v1/traces/{id}',
  summary: 'Shows the calls of one trace as a tree, with time, cost and outcome.',
  request: {
    params: z.object({ id: z.string().describe('A trace id (32 hexadecimal digits, as in traceparent), or the id of any call in it.') }),
    query: fields({
      since: z.string().optional().describe(`Only calls from then on, which spares reading the whole log: ${TIME_HINT}.`),
      until: z.string().optional().describe('Only calls before then, written likewise.'),
    }),
  },
  responses: { 200: jsonAnswer('The trace.', traceShape), ...errorAnswers },
})

export const showTrace: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { id } = context.req.valid('param')
    const span = readSpan(context.req.valid('query'), deps.world.now())
    const traceId = TRACE_ID.test(id) ? id : await traceOfCall(deps.reader, id)
    const query = { order: 'oldest-first', limit: MAX_EVENTS, ...span } as const
    const found = traceId === undefined ? [] : await scanLog(deps.reader, query, { traceId })
    const live = new Set(deps.live.list().map(({ callId }) => callId))
    const trace = encodeTrace({
      traceId: traceId ?? id,
      events: found.map(({ event }) => event),
      isCut: found.length === MAX_EVENTS,
      isLive: (callId) => live.has(callId),
      nowMs: deps.world.now(),
    })
    if (trace !== undefined) return context.json(trace, 200)
    throw new GatewayError(
      'not_found',
      `There is no trace and no call "${id.slice(0, 80)}" in the log: it was never made, or is past the retention of the log (log.retention).`,
    )
  })
}

async function traceOfCall(reader: EventReader, callId: string): Promise<string | undefined> {
  for (const { event } of await reader.readCall(callId)) if ('traceId' in event) return event.traceId
  return undefined
}
