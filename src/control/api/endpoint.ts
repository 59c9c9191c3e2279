import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Principal } from '../../core/call.ts'
import { didYouMean } from '../../core/did-you-mean.ts'
import type { ControlApiDeps } from './deps.ts'

/** What a request carries with it. */
export interface ControlEnv {
  Variables: {
    readonly requestId: string
    readonly reportFault: ControlApiDeps['reportFault']
    /** Who asks, where it is not the administrator. */
    readonly reader?: Principal
  }
}

export type ControlApp = OpenAPIHono<ControlEnv>

/** Adds one endpoint, or a few that answer alike. One a file. */
export type Endpoint = (app: ControlApp, deps: ControlApiDeps) => void

/** Who makes changes through this API: whoever holds the admin key. */
export const ADMIN = 'admin'

/** An object without unknown fields: a misspelled filter that is ignored would give wrong figures. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? explainUnknown(issue.keys[0], Object.keys(shape)) : undefined),
  })
}

function explainUnknown(key: string | undefined, known: readonly string[]): string {
  return `is not known here${didYouMean(key ?? '', known) || (known.length === 0 ? '' : `; known are ${known.join(', ')}`)}`
}

const errorBody = z
  .object({
    error: z.object({
      code: z.string().describe('From the table in docs/errors.md.'),
      message: z.string().describe('What to do next.'),
      source: z.enum(['caller', 'policy', 'provider', 'gateway']).describe('Whose fault it was.'),
      request_id: z.string(),
      param: z.string().optional().describe('The field or parameter at fault.'),
    }),
  })
  .openapi('Error')

/** What every endpoint may answer besides its own. */
export const errorAnswers = { default: { description: 'An error.', content: { 'application/json': { schema: errorBody } } } }

/** An answer in JSON. */
export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

/** A body that must be sent, in JSON. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** Endpoints that answer without the admin key. */
export const OPEN = { security: [] }
