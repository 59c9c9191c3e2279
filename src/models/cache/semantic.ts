import type { Likeness } from '../../core/answer-cache.ts'
import type { Call } from '../../core/call.ts'
import type { Json } from '../../core/json.ts'
import type { NeutralMessage, NeutralRequest } from '../neutral/request.ts'
import type { ModelRequest } from '../types.ts'
import { canonicalJson, isUnambiguous, joined, keyOf } from './canonical.ts'
import { embedLexically, normalise } from './lexical.ts'
import type { SemanticSettings } from './settings.ts'

/** Makes a vector of a text. */
export interface Embedder {
  /** Vectors of two embedders are never compared. */
  readonly name: string
  embed(text: string, call: Call): Promise<Float32Array>
}

/** The embedder that is always there. */
export const LEXICAL: Embedder = { name: 'lexical', embed: async (text) => embedLexically(text) }

/** Longer questions are compared by their letters only. */
const MAX_TEXT = 8192

interface SimilarQuestion {
  readonly call: Call
  readonly request: ModelRequest
  readonly scope: string
  /** The model, and everything that may answer. */
  readonly targets: string
  readonly settings: SemanticSettings
  readonly embedder: Embedder
}

/** Finds out what a question means: undefined where a like one must not be answered for it. */
export function likenessOf(question: SimilarQuestion): () => Promise<Likeness | undefined> {
  return async () => {
    const { request } = question
    if (!isUnambiguous(request.text, JSON.parse(request.text))) return undefined
    const neutral = request.neutral()
    const text = comparedText(neutral, question.settings)
    if (text === undefined) return undefined
    const vector = normalise(await question.embedder.embed(text, question.call))
    // Of a text without a letter or a number nothing is known.
    return vector.some((value) => value !== 0) ? { context: contextOf(neutral, text, question), vector } : undefined
  }
}

/** The last thing that the user wrote, where that is text alone and the answer is meant to be the same each time. */
function comparedText(neutral: NeutralRequest, settings: SemanticSettings): string | undefined {
  if (neutral.losses.length > 0) return undefined
  if ((neutral.temperature ?? 0) > settings.maxTemperature || (neutral.candidates ?? 1) > 1) return undefined
  const last = neutral.messages.at(-1)
  if (last?.role !== 'user') return undefined
  const texts = last.content.map((piece) => (piece.type === 'text' ? piece.text : undefined))
  const text = texts.includes(undefined) ? '' : texts.join('\n')
  return text === '' || text.length > MAX_TEXT ? undefined : text
}

/** All that must be equal: the scope, and of the question everything but its last text, of which the numbers must be. */
function contextOf(neutral: NeutralRequest, text: string, { scope, targets, settings, embedder }: SimilarQuestion): string {
  const { messages, tools, output, ...rest } = neutral
  const may = (what: SemanticSettings['across'][number]) => settings.across.includes(what)
  const before = messages.slice(0, -1).filter(({ role }) => !(may('system') && isInstruction(role)))
  const question = canonicalJson(asJson({ before, rest, ...(may('tools') ? {} : { tools }), ...(may('output') ? {} : { output }) }))
  return keyOf('context', joined([scope, embedder.name, may('model') ? '' : targets, question, numbersIn(text)]))
}

const NUMBER = /\p{N}+(?:[.,:/-]\p{N}+)*/gu

/** The numbers of a text, in their order. To every embedder a refund of 10 is like one of 100. */
function numbersIn(text: string): string {
  return (text.normalize('NFKC').match(NUMBER) ?? []).join(' ')
}

function isInstruction(role: NeutralMessage['role']): boolean {
  return role === 'system' || role === 'developer'
}

/** The neutral form holds nothing but what JSON can say. */
function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
