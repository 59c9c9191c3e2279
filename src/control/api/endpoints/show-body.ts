import { createRoute, z } from '@hono/zod-openapi'
import type { Principal } from '../../../core/call.ts'
import { GatewayError } from '../../../core/errors.ts'
import { mayReadBody } from '../../body-readers.ts'
import { ADMIN, type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
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
  summary: 'Shows a stored prompt or reply. Receipts name the ids. Each reading is written to the log.',
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: jsonAnswer('The body.', shownBody), ...errorAnswers },
})

export const showBody: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { id } = context.req.valid('param')
    const reader = context.get('reader')
    const kept = await deps.bodies.get(id)
    const isTheirs = kept !== undefined && (reader === undefined || mayReadBody(deps.bodyReaders(), reader, kept.owner))
    // What somebody may not read is not there for them.
    const body = isTheirs ? kept : undefined
    if (body === undefined) {
      throw new GatewayError('not_found', `There is no body "${id.slice(0, 80)}": it was never kept, was erased, or is past its retention.`)
    }
    await deps.log.append({
      type: 'body.read',
      atMs: deps.world.now(),
      by: reader === undefined ? ADMIN : nameOf(reader),
      body: id,
      callId: body.callId,
    })
    const { callId, kind, isRedacted, isTruncated, mediaType, bytes } = body
    return context.json(
      { id, callId, kind, at: isoTime(body.atMs), isRedacted, isTruncated, mediaType, sizeBytes: bytes.length, ...contentOf(bytes) },
      200,
    )
  })
}

/** As the log names who did something. */
function nameOf({ keyId, user }: Principal): string {
  return keyId === undefined ? `user ${user ?? ''}` : `key ${keyId}`
}

/** Whole text as text; a body that was cut inside a character, or is audio, as base64. */
function contentOf(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
