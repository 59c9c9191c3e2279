import type { JsonObject } from '../../core/json.ts'
import { effortOf } from '../neutral/effort.ts'
import type { Losses } from '../neutral/loss.ts'
import type { Effort } from '../neutral/request.ts'
import { isStrictSchema } from '../neutral/strict-schema.ts'
import type { Target } from '../types.ts'

/** `strict` of a schema on OpenAI's wires, which refuse it where a property may be left out, as other wires allow. */
export function strictOf(
  schema: JsonObject,
  isStrict: boolean | undefined,
  { path, losses }: { readonly path: string; readonly losses: Losses },
): boolean | undefined {
  if (!isStrict || isStrictSchema(schema)) return isStrict
  losses.approximate(path, 'this wire is strict only where each object is closed and requires all of its properties; the schema is shown')
  return false
}

/**
 * Whether OpenAI's wires take a schema for an answer: it must be one of an object. Another, of a list or of one word, is a loss.
 * Source: https://platform.openai.com/docs/guides/structured-outputs#root-objects (read 2026-11-21).
 */
export function isAnswerSchema({ type }: JsonObject, losses: Losses): boolean {
  if (type === undefined || type === 'object') return true
  losses.drop('response_format', 'this wire answers by a schema in objects only')
  return false
}

/** The effort for a budget of tokens. Not every model of these wires knows the least one. */
export function effortForBudget(tokens: number): string {
  const effort = effortOf(tokens)
  if (effort === 'minimal') return 'low'
  return effort === 'max' ? 'xhigh' : effort
}

/** OpenAI's models from GPT-5.6 on know `max`. Source: https://developers.openai.com/api/docs/guides/reasoning (read 2026-11-21). */
const KNOWS_MAX = /^(?:openai\/)?gpt-(?:5\.(?:[6-9]|\d\d)|[6-9]|\d\d)/

/**
 * OpenAI's models from GPT-5.1 on know `none`, some of them think without it, and they do not know `minimal`; but for what is made for Codex, as Pro, and
 * for chats, which have efforts of their own. Source: https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-21).
 */
const KNOWS_NONE = /^(?:openai\/)?gpt-(?:5\.[1-9]|[6-9]|\d\d)(?!.*(?:codex|pro|chat))/
/** Those that always think: the least effort of each. */
const LEAST: readonly (readonly [pattern: RegExp, effort: string])[] = [
  [/^(?:openai\/)?gpt-5(?:-mini|-nano)?(?:-\d{4}.*)?$/, 'minimal'],
  [/^(?:openai\/)?(?:o[134](?:-mini)?(?:-\d{4}.*)?$|gpt-\d.*codex|gpt-oss)/, 'low'],
]

/** An effort as a model of OpenAI's wires takes it. */
export function effortOn({ id }: Target, effort: Effort, losses: Losses): string {
  if (effort === 'minimal' && KNOWS_NONE.test(id)) {
    losses.approximate('reasoning_effort', 'this model knows no effort below low but none')
    return 'low'
  }
  if (effort !== 'max' || KNOWS_MAX.test(id)) return effort
  losses.approximate('reasoning_effort', 'this model knows no effort above xhigh')
  return 'xhigh'
}

/** What tells a model of OpenAI's wires not to think. Undefined: nothing does, for most models that do not think refuse the field. */
export function offOn({ id }: Target, losses: Losses): string | undefined {
  if (KNOWS_NONE.test(id)) return 'none'
  const least = LEAST.find(([pattern]) => pattern.test(id))?.[1]
  if (least !== undefined) losses.approximate('reasoning_effort', 'this model always thinks; it is told to as little as it can')
  return least
}
