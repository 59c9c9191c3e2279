import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import type { LoggedEvent } from '../../../core/ports.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { encodeReceipt, receiptShape } from '../receipt.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/receipts/{callId}',
  summary: 'Shows all that is known of one call.',
  request: { params: z.object({ callId: z.string().describe('As in the header x-signalbox-request-id.') }) },
  responses: { 200: jsonAnswer('The receipt.', receiptShape), ...errorAnswers },
})

export const showReceipt: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { callId } = context.req.valid('param')
    const events: readonly LoggedEvent[] = await deps.reader.readCall(callId)
    const live = deps.live.list().find((call) => call.callId === callId)
    const receipt = encodeReceipt({ events, live, nowMs: deps.world.now() })
    if (receipt !== undefined) return context.json(receipt, 200)
    throw new GatewayError(
      'not_found',
      `There is no call "${callId.slice(0, 80)}" in the log: no such call was made, or it is past the retention of the log (log.retention).`,
    )
  })
}
