import { type ErrorCode, GatewayError } from '../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../core/json.ts'

/** What a provider said of a failure, in whatever wire. */
interface Said {
  readonly status: number | undefined
  /** Its own word for it: `error.code`, `error.type`, `error.status`. */
  readonly words: readonly string[]
  readonly message: string
}

interface RefinedRow {
  readonly code: ErrorCode
  /** Who says it how. */
  readonly what: string
  /** Statuses of the answer with which it is believed; a message may quote the caller, who must not be able to park a key. */
  readonly statuses: readonly number[]
  readonly words: RegExp
  readonly message: RegExp
  /** Words with which the message alone is not believed, nor is it where the provider says when to come back. */
  readonly unless?: RegExp
  /** What the caller is told in place of what was made of the status alone. */
  readonly says?: string
}

/** Matches nothing. */
const NONE = /(?!)/

/**
 * Failures that share a status with others, and that only the provider's words tell apart. One table for all wires: no provider uses another's
 * word for something else. docs/resilience.md is generated from it. Sources, read 2026-11-21: the error pages of the OpenAI, Anthropic, Gemini and
 * Bedrock documentation, and what is cited in issues of their clients.
 */
export const REFINED: readonly RefinedRow[] = [
  // OpenRouter compares the most that a request may cost with the credit that is left: any caller may ask for too much, while others are served.
  {
    code: 'provider_rejected',
    what: 'OpenRouter: “can only afford …” more than nothing',
    statuses: [402],
    words: NONE,
    message: /^This request requires more credits, or fewer max_tokens\b.{0,60}\bcan only afford [1-9]/,
    says: 'its account has credit for fewer tokens than this call may use. Ask for fewer (max_tokens); whoever runs the gateway may add credit.',
  },
  {
    code: 'provider_context_too_long',
    what: '`context_length_exceeded`, `request_too_large`; the sentences of Anthropic, Gemini, Bedrock, xAI, Mistral, vLLM, llama.cpp',
    statuses: [400, 413, 422],
    words: /^(?:context_length_exceeded|string_above_max_length|request_too_large)$/,
    message:
      /maximum (?:context|prompt) length|context (?:length|window)|(?:prompt|input) is too long|token count .{0,40}exceeds|too many (?:input )?tokens|exceeds? (?:the )?(?:maximum|context|available context)/i,
  },
  {
    code: 'provider_quota_exhausted',
    what: 'OpenAI: `insufficient_quota`, `credit_balance_exhausted` and the codes of its limits of spend and usage; Anthropic: `enforced_spend_limit_reached`; “insufficient balance” and the like',
    statuses: [402, 403, 429],
    words:
      /^(?:insufficient_quota|billing_error|billing_hard_limit_reached|insufficient_balance|quota_exceeded|credit_balance_exhausted|(?:organization|project)_(?:spend|usage)_limit_exceeded|enforced_spend_limit_reached)$/,
    message: /exceeded your current quota|insufficient (?:balance|credits?|quota|funds)|credit balance is too low/i,
    // Google says so of every limit, also of those of a minute.
    unless: /^RESOURCE_EXHAUSTED$/,
  },
  // These sentences stand at the beginning, where no caller's words can.
  {
    code: 'provider_quota_exhausted',
    what: 'Anthropic: “Your credit balance is too low”, “You have reached your specified API usage limits”',
    statuses: [400],
    words: NONE,
    message: /^(?:Your credit balance is too low|You have reached your specified (?:workspace )?API usage limits)/,
  },
  {
    code: 'provider_rate_limited',
    what: 'Bedrock: `ServiceQuotaExceededException`',
    statuses: [400],
    words: /^ServiceQuotaExceededException$/,
    message: /^Your request exceeds the service quota for your account/,
  },
  // What renews itself, or a clock that is set right, needs no change of the key: it is tried again when the circuit closes.
  {
    code: 'provider_error',
    what: 'AWS: `ExpiredTokenException`, “Signature expired”, “Signature not yet current”; Google Cloud: `ACCESS_TOKEN_EXPIRED`',
    statuses: [400, 401, 403],
    words: /^(?:ExpiredToken(?:Exception)?|RequestExpired|RequestTimeTooSkewed|ACCESS_TOKEN_EXPIRED)$/,
    message: /^(?:The security token included in the request is expired|Signature (?:expired|not yet current))/,
    says: "the time of the gateway's own credential is over, or a clock is wrong. Whoever runs the gateway learns more from `signalbox doctor`.",
  },
  {
    code: 'provider_error',
    what: 'Gemini: “User location is not supported”',
    statuses: [400],
    words: NONE,
    message: /^User location is not supported|^Gemini API free tier is not available in your country/,
    says: 'it does not serve the country that the gateway calls from.',
  },
  {
    code: 'provider_model_not_found',
    what: '`model_not_found`; Bedrock: “The provided model identifier is invalid”, “on-demand throughput isn’t supported”; DeepSeek: “Model Not Exist”',
    statuses: [400],
    words: /^model_not_found$/,
    message:
      /^(?:The provided model identifier is invalid|The provided model doesn.t support on-demand|Invocation of model ID \S{1,300} with on-demand|Model Not Exist)/,
  },
  {
    code: 'provider_content_filtered',
    what: 'Azure: `content_filter`, `ResponsibleAIPolicyViolation`; OpenAI: `content_policy_violation`, `moderation_blocked`, `invalid_prompt`; Anthropic: “Output blocked by content filtering policy”; Gemini: `PROHIBITED_CONTENT`',
    statuses: [400, 403, 451],
    words:
      /^(?:content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation_blocked|invalid_prompt|data_inspection_failed|PROHIBITED_CONTENT)$/,
    message: /content management policy|content filtering policy|content policy|safety system|input was flagged|requires moderation/i,
  },
]

/**
 * The failure that an error answer means, where its words say more than its status.
 * @param exception names it in a header, as AWS does: `ThrottlingException:http://…`
 */
export function refineFailure(error: GatewayError, body: Uint8Array, exception?: string | null): GatewayError {
  const said = readSaid(body, error.extra.providerStatus)
  if (said === undefined) return error
  return refined(error, exception ? { ...said, words: [...said.words, exceptionName(exception)] } : said)
}

/** The same for an error inside a reply of status 200. Its message alone is not enough to park a key. */
export function refineReported(error: GatewayError, words: readonly string[], message: string): GatewayError {
  const said = { status: error.extra.providerStatus, words, message: textOf(message) }
  const meant = refined(error, said)
  return meant.code === 'provider_quota_exhausted' ? refined(error, { ...said, message: '' }) : meant
}

function refined(error: GatewayError, said: Said): GatewayError {
  const isLimit = error.extra.retryAfterSeconds !== undefined
  const row = REFINED.find(({ statuses, words, message, unless }) => {
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

/** The last part of an exception's name, as AWS writes it: `com.amazon.coral.service#ThrottlingException:http://…`. */
function exceptionName(written: string): string {
  return written.replace(/:.*$/s, '').replace(/^.*#/s, '')
}

/** The words by which an error object names its failure, in whatever wire. */
export function wordsOf(error: JsonObject): readonly string[] {
  const inner = isObject(error.innererror) ? [error.innererror.code] : []
  // Anthropic has an object there, Google a list.
  const details: readonly Json[] = Array.isArray(error.details) ? error.details : [error.details ?? {}]
  const detail = details.flatMap((one) => (isObject(one) ? [one.error_code, one.reason] : []))
  const exception = typeof error.__type === 'string' ? [exceptionName(error.__type)] : []
  return [error.code, error.type, error.status, ...exception, ...inner, ...detail].filter(
    (word): word is string => typeof word === 'string',
  )
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message.slice(0, 2000) : ''
}
