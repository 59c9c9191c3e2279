import { isObject, type Json } from '../../core/json.ts'

/** The status that a code stands for where it comes without one: in a stream, in a reply of status 200. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  credit_balance_exhausted: 429,
  organization_spend_limit_exceeded: 429,
  organization_usage_limit_exceeded: 429,
  project_spend_limit_exceeded: 429,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  content_filter: 400,
  invalid_api_key: 401,
  model_not_found: 404,
  server_is_overloaded: 503,
  slow_down: 503,
  server_error: 500,
}

/** The status of an error object of OpenAI's wires: its code, where servers write a number there, or what its words stand for. */
export function statusOfOpenAi(error: Json | undefined): number | undefined {
  if (!isObject(error)) return undefined
  if (typeof error.code === 'number') return error.code
  return statusOf(error.code) ?? statusOf(error.type)
}

function statusOf(word: Json | undefined): number | undefined {
  return typeof word === 'string' && Object.hasOwn(STATUS_BY_CODE, word) ? STATUS_BY_CODE[word] : undefined
}
