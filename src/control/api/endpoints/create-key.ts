import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import { namePattern, parseDuration } from '../../../core/fields.ts'
import { LABEL_NAME_PATTERN, MOST_LABELS_AT_ONCE, NO_LABEL_NAME } from '../../../core/labels.ts'
import { createKey as makeKey } from '../../keys.ts'
import { ADMIN, type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'
import { showKey, shownKey } from '../shapes.ts'
import { parseDate } from '../times.ts'

/** Wider than in a header, where a comma and `=` part labels. */
const KEY_LABEL_VALUE = /^[^\p{Cc}]{1,256}$/u
const SHORT_TEXT = /^[^\p{Cc}]{1,200}$/u

const shortText = () => z.string().regex(SHORT_TEXT, { error: 'must be 1 to 200 characters, none of them a control character' })

const keyRequest = fields({
  team: z.string().describe('A team of the configuration.'),
  name: shortText().optional().describe('What people call the key.'),
  user: shortText().optional().describe('The person or service that uses it.'),
  labels: z
    .record(
      z.string().regex(LABEL_NAME_PATTERN, { error: NO_LABEL_NAME }),
      z.string().regex(KEY_LABEL_VALUE, { error: 'must be 1 to 256 characters, none of them a control character' }),
    )
    .refine((labels) => Object.keys(labels).length <= MOST_LABELS_AT_ONCE, { error: `has more than ${MOST_LABELS_AT_ONCE} labels` })
    .optional()
    .describe('Labels that every call of the key carries; they win over those that a caller sends.'),
  models: z
    .array(namePattern())
    .max(200)
    .optional()
    .describe('Models that the key may use, with * for any text. Absent: all that its team may.'),
  expiresAt: z.string().optional().describe('When the key stops: a date or a date and time, UTC where no zone is given.'),
  expiresIn: z.string().optional().describe('Or how long it works, such as 30d.'),
}).openapi('KeyRequest')

const createdKey = shownKey
  .extend({ key: z.string().describe('The key itself, sb_<id>_<secret>. Shown this once; only its hash is stored.') })
  .openapi('CreatedKey')

/** What is asked of a new key, in the words of the API. */
export type KeyRequestBody = z.input<typeof keyRequest>

const route = createRoute({
  method: 'post',
  path: '/api/v1/keys',
  summary: 'Makes a key.',
  request: { body: jsonBody(keyRequest) },
  responses: { 201: jsonAnswer('The key, with its secret.', createdKey), ...errorAnswers },
})

export const createKey: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { expiresAt, expiresIn, ...request } = context.req.valid('json')
    const nowMs = deps.world.now()
    const expiresAtMs = readExpiry({ expiresAt, expiresIn }, nowMs)
    const { record, key } = await makeKey(deps, { ...request, expiresAtMs }, ADMIN)
    return context.json({ ...showKey(record, deps.teams(), nowMs), key }, 201)
  })
}

function readExpiry(
  { expiresAt, expiresIn }: { readonly expiresAt: string | undefined; readonly expiresIn: string | undefined },
  nowMs: number,
): number | undefined {
  if (expiresAt !== undefined && expiresIn !== undefined) throw invalid('expiresIn', 'Give expiresAt or expiresIn, not both.')
  if (expiresIn !== undefined) {
    const ms = parseDuration(expiresIn)
    if (ms === undefined)
      throw invalid('expiresIn', `expiresIn is ${JSON.stringify(expiresIn.slice(0, 60))}; write a duration such as 30d.`)
    return nowMs + ms
  }
  if (expiresAt === undefined) return undefined
  const atMs = parseDate(expiresAt)
  if (atMs === undefined) {
    throw invalid(
      'expiresAt',
      `expiresAt is ${JSON.stringify(expiresAt.slice(0, 60))}; write a date (2027-01-31) or a time (2027-01-31T12:00:00Z).`,
    )
  }
  return atMs
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}
