import { type ErrorCode, GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject } from '../core/json.ts'

/** What a provider said of a failure, in whatever wire. */
interface Said {
  readonly status: number | undefined
  /** Its own word for it: `error.code`, `error.type`, `error.status`. */
  readonly words: readonly string[]
  readonly message: string
}

interface RefinedRow {
  readonly code: ErrorCode
  /** Statuses of the answer with which it is believed; a message may quote the caller, who must not be able to park a key. */
  readonly statuses: readonly number[]
  readonly words: RegExp
  readonly message: RegExp
  /** Words with which the message alone is not believed, nor is it where the provider says when to come back. */
  readonly unless?: RegExp
  /** What the caller is told in place of what was made of the status alone. */
  readonly says?: string
}

/**
 * Failures that share a status with others, and that only the provider's words tell apart. One table for all wires: no provider uses another's
 * word for something else. Sources, read 2026-11-21: the error pages of the OpenAI, Anthropic, Gemini and Bedrock documentation, as cited in issues
 * of their clients.
 */
const ROWS: readonly RefinedRow[] = [
  // OpenRouter compares the most that a request may cost with the credit that is left: any caller may ask for too much, while others are served.
  {
    code: 'provider_rejected',
    statuses: [402],
    words: /^$/,
    message: /^This request requires more credits, or fewer max_tokens\b.{0,60}\bcan only afford [1-9]/,
    says: 'its account has credit for fewer tokens than this call may use. Ask for fewer (max_tokens); whoever runs the gateway may add credit.',
  },
  {
    code: 'provider_context_too_long',
    statuses: [400, 413, 422],
    words: /^(?:context_length_exceeded|string_above_max_length|request_too_large)$/,
    message:
      /maximum (?:context|prompt) length|context (?:length|window)|(?:prompt|input) is too long|token count .{0,40}exceeds|too many (?:input )?tokens|exceeds? (?:the )?(?:maximum|context|available context)/i,
  },
  {
    code: 'provider_quota_exhausted',
    statuses: [402, 403, 429],
    words: /^(?:insufficient_quota|billing_error|billing_hard_limit_reached|insufficient_balance|quota_exceeded)$/,
    message: /exceeded your current quota|insufficient (?:balance|credits?|quota|funds)|credit balance is too low/i,
    // Google says so of every limit, also of those of a minute.
    unless: /^RESOURCE_EXHAUSTED$/,
  },
  // Anthropic says with 400 that there is no credit left; its sentence stands at the beginning, where no caller's words can.
  { code: 'provider_quota_exhausted', statuses: [400], words: /^$/, message: /^Your credit balance is too low/ },
  {
    code: 'provider_content_filtered',
    statuses: [400, 403, 451],
    words:
      /^(?:content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation_blocked|data_inspection_failed|PROHIBITED_CONTENT)$/,
    message: /content management policy|content policy|safety system|input was flagged|requires moderation/i,
  },
]

/** The failure that an error answer means, where its words say more than its status. */
export function refineFailure(error: GatewayError, body: Uint8Array): GatewayError {
  const said = readSaid(body, error.extra.providerStatus)
  return said === undefined ? error : refined(error, said)
}

/** The same for an error inside a reply of status 200, of which the message alone is known: that is not enough to park a key. */
export function refineReported(error: GatewayError): GatewayError {
  const message = error.message.slice(error.message.indexOf(': ') + 2)
  const meant = refined(error, { status: error.extra.providerStatus, words: [], message })
  return meant.code === 'provider_quota_exhausted' ? error : meant
}

function refined(error: GatewayError, said: Said): GatewayError {
  const isLimit = error.extra.retryAfterSeconds !== undefined
  const row = ROWS.find(({ statuses, words, message, unless }) => {
    const isBelieved = said.status === undefined ? statuses.includes(400) : statuses.includes(said.status)
    if (!isBelieved) return false
    if (said.words.some((word) => words.test(word))) return true
    const isDoubtful = unless !== undefined && (isLimit || said.words.some((word) => unless.test(word)))
    return !isDoubtful && message.test(said.message)
  })
  if (row === undefined) return error
  const told = row.says === undefined ? error.message : error.message.replace(/: .*$/s, `: ${row.says}`)
  return new GatewayError(row.code, told, error.extra)
}

/** The part of an error answer that is looked at. */
const LOOK_BYTES = 64 * 1024

function readSaid(body: Uint8Array, status: number | undefined): Said | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body.subarray(0, LOOK_BYTES)))
  } catch {
    // A page for people, or more than anybody reads: the status says all that is known.
    return undefined
  }
  const [first] = Array.isArray(value) ? value : [value]
  const error = isObject(first) ? (isObject(first.error) ? first.error : first) : undefined
  return error === undefined ? undefined : { status, words: wordsOf(error), message: textOf(error.message ?? error.error) }
}

function wordsOf(error: JsonObject): readonly string[] {
  const inner = isObject(error.innererror) ? [error.innererror.code] : []
  return [error.code, error.type, error.status, ...inner].filter((word): word is string => typeof word === 'string')
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message.slice(0, 2000) : ''
}
