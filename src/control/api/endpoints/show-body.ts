import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { isoTime } from '../shapes.ts'

const shownBody = z
  .object({
    id: z.string(),
    callId: z.string(),
    kind: z.enum(['request', 'response']),
    at: z.string(),
    isRedacted: z.boolean().describe('Whether only its shape was kept, without the texts.'),
    isTruncated: z.boolean().describe('Whether it was cut off at bodies.maxSize.'),
    mediaType: z.string(),
    sizeBytes: z.number(),
    text: z.string().optional().describe('The body, where it is text.'),
    base64: z.string().optional().describe('The body, where it is not.'),
  })
  .openapi('Body')

/** A stored body as the API shows it. */
export type ShownBody = z.output<typeof shownBody>

const route = createRoute({
  method: 'get',
  path: '/api/v1/bodies/{id}',
  summary: 'Shows a stored prompt or reply. Receipts name the ids.',
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: jsonAnswer('The body.', shownBody), ...errorAnswers },
})

export const showBody: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { id } = context.req.valid('param')
    const body = await deps.bodies.get(id)
    if (body === undefined) {
      throw new GatewayError('not_found', `There is no body "${id.slice(0, 80)}": it was never kept, was erased, or is past its retention.`)
    }
    const { callId, kind, isRedacted, isTruncated, mediaType, bytes } = body
    return context.json(
      { id, callId, kind, at: isoTime(body.atMs), isRedacted, isTruncated, mediaType, sizeBytes: bytes.length, ...contentOf(bytes) },
      200,
    )
  })
}

/** Whole text as text; a body that was cut inside a character, or is audio, as base64. */
function contentOf(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
