import { isObject, type JsonObject, scanTopLevel, spliceText } from '../../core/json.ts'
import { snakeCase } from '../dialects/gemini/words.ts'
import { dialectOf } from '../dialects/index.ts'
import { callDialect } from '../operation.ts'
import type { Attempt, ModelRequest, Target, WireName } from '../types.ts'

/** Where each wire bounds the output. Of two fields of one wire, the first is written where the caller wrote none. */
const FIELDS: Readonly<Record<WireName, readonly string[]>> = {
  'openai-chat': ['max_tokens', 'max_completion_tokens'],
  'openai-responses': ['max_output_tokens'],
  'openai-completions': ['max_tokens'],
  'anthropic-messages': ['max_tokens'],
  gemini: ['generationConfig.maxOutputTokens', 'generation_config.maxOutputTokens'],
  converse: ['inferenceConfig.maxTokens'],
  cohere: ['max_tokens'],
}

const DEEP = Number.MAX_SAFE_INTEGER

/** The same attempt with this bound on the output of each answer, in whatever wire it is sent. */
export function clampAttempt(attempt: Attempt, maxOutputTokens: number): Attempt {
  const { target, encoded } = attempt
  const request = clampOutput(attempt.request, target, maxOutputTokens)
  if (encoded === undefined) return { ...attempt, request }
  // It was written for another wire before: now it is written once more, with the bound.
  return { ...attempt, request, encoded: dialectOf(target.wire).writeRequest(request.neutral(), request.isStream, target).text }
}

/**
 * The same request with this bound on its output, in the caller's own text; decoded again, so that everything that was read of it fits.
 * @throws as the wire's decoder does
 */
function clampOutput(request: ModelRequest, target: Target, maxOutputTokens: number): ModelRequest {
  const text = writeBound(request, target, maxOutputTokens)
  const address = { headers: new Headers(request.headers), url: '', model: request.model, isStream: request.isStream }
  const decoded = callDialect(request.wire, request.operation).decodeRequest(new TextEncoder().encode(text), { maxDepth: DEEP }, address)
  const { headers, elided, hooks } = request
  return {
    ...decoded,
    ...(headers === undefined ? {} : { headers }),
    ...(elided === undefined ? {} : { elided }),
    ...(hooks === undefined ? {} : { hooks }),
  }
}

function writeBound({ wire, text }: ModelRequest, target: Target, bound: number): string {
  const fields =
    wire === 'openai-chat' && target.traits?.maxTokensField === 'max_completion_tokens' ? FIELDS[wire].toReversed() : FIELDS[wire]
  const tops = fields.map((field) => field.split('.')[0] ?? field)
  const scanned = scanTopLevel(text, new Set(tops), DEEP)
  if (scanned.type !== 'object') return text
  const edits = fields.flatMap((field) => {
    const [top = field, below] = field.split('.')
    const span = scanned.keys.get(top)
    return span === undefined
      ? []
      : [{ ...span, with: below === undefined ? String(bound) : withMember(text.slice(span.from, span.to), below, bound) }]
  })
  if (edits.length > 0) return spliceText(text, edits)
  const [top = '', below] = fields[0]?.split('.') ?? []
  const member = below === undefined ? String(bound) : JSON.stringify({ [below]: bound })
  // There is at least one key, so a comma always follows.
  return spliceText(text, [{ from: scanned.inside, to: scanned.inside, with: `${JSON.stringify(top)}:${member},` }])
}

function withMember(json: string, name: string, value: number): string {
  const object: unknown = JSON.parse(json)
  const known: JsonObject = isObject(object) ? object : {}
  // Servers of Google's wires read both spellings: the caller's own must not stand beside the bound.
  const { [snakeCase(name)]: _, ...rest } = known
  return JSON.stringify({ ...rest, [name]: value })
}
