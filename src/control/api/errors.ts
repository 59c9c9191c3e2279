import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ZodError } from 'zod'
import { asGatewayError, GatewayError } from '../../core/errors.ts'
import { formatPath } from '../config/problems.ts'
import type { ControlEnv } from './endpoint.ts'

type Issue = ZodError['issues'][number]

/**
 * The error that a failed validation means: one field, since a request is put right one field at a time. An unknown field comes first,
 * because it is what the missing one was meant to be.
 */
export function invalidRequest(error: ZodError): GatewayError {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]
  if (issue === undefined) return new GatewayError('invalid_request', 'The request is not what this endpoint accepts.')
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = formatPath([...issue.path.map((step) => (typeof step === 'number' ? step : String(step))), ...keys])
  const sentence = `${path === '' ? 'The body' : path} ${explain(issue)}`
  return new GatewayError('invalid_request', /[.?]$/.test(sentence) ? sentence : `${sentence}.`, path === '' ? {} : { param: path })
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  NaN: 'text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** What is wrong with a field, to follow its name. Messages of our own read so already, and every text has one. */
function explain(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues[0]?.message ?? issue.message
    case 'invalid_type': {
      const received = /received (\w+)$/.exec(issue.message)?.[1] ?? 'something else'
      if (received === 'undefined') return 'is required'
      return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${KINDS[received] ?? received}`
    }
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return issue.origin === 'string' ? issue.message : `must be ${issue.minimum} at the least`
    case 'too_big':
      if (issue.origin === 'string') return issue.message
      return issue.origin === 'array' ? `has more than ${issue.maximum} items` : `must be ${issue.maximum} at the most`
    default:
      return issue.message
  }
}

/** Makes a GatewayError of anything that a handler or Hono throws. */
function asControlError(thrown: unknown): GatewayError {
  if (!(thrown instanceof HTTPException)) return asGatewayError(thrown)
  if (thrown.status === 415) return new GatewayError('unsupported_media_type', 'The body must be JSON, sent as application/json.')
  return new GatewayError('invalid_json', 'The body is not valid JSON.', { cause: thrown })
}

/** Answers with an error in the shape of the control API. */
export function answerError(context: Context<ControlEnv>, thrown: unknown): Response {
  const error = asControlError(thrown)
  const requestId = context.get('requestId')
  if (error.code === 'internal') context.get('reportFault')(requestId, error.cause ?? error)
  const { param, retryAfterSeconds } = error.extra
  if (error.code === 'unauthenticated') context.header('www-authenticate', 'Bearer')
  if (retryAfterSeconds !== undefined) context.header('retry-after', String(retryAfterSeconds))
  const body = {
    code: error.code,
    message: error.message,
    source: error.source,
    request_id: requestId,
    ...(param === undefined ? {} : { param }),
  }
  // Every status of the error table is one that has a body.
  return context.json({ error: body }, error.status as ContentfulStatusCode)
}
