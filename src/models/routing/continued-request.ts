import { isObject, type JsonObject } from '../../core/json.ts'
import { fullTextOf, type ModelCall, type ModelRequest, type WireName } from '../types.ts'

type Append = (body: JsonObject, said: string) => JsonObject | undefined

const toMessages: Append = (body, said) =>
  Array.isArray(body.messages) ? { ...body, messages: [...body.messages, { role: 'assistant', content: said }] } : undefined

/**
 * How the words of a model are put at the end of a request, so that it goes on with them. Wires that are not here have no way to say it: a stream of
 * theirs that breaks ends with an error.
 */
const APPEND: Readonly<Partial<Record<WireName, Append>>> = {
  'openai-chat': toMessages,
  'anthropic-messages': toMessages,
  gemini: (body, said) =>
    Array.isArray(body.contents) ? { ...body, contents: [...body.contents, { role: 'model', parts: [{ text: said }] }] } : undefined,
}

/** Whether a request may be gone on with elsewhere at all: one answer, in plain text. */
export function mayContinue({ request }: ModelCall): boolean {
  if (!request.isStream || request.operation !== 'generate' || APPEND[request.wire] === undefined) return false
  // Several answers, or a form that half of a text does not have.
  return !/"(?:n|candidateCount|candidate_count)"\s*:\s*(?:[2-9]|1\d)|"json_object"|"json_schema"|"application\/json"|"responseSchema"|"output_format"/.test(
    request.text,
  )
}

/** The request with what was said so far at its end; undefined where its wire cannot. @throws as decoding does */
export function continuedRequest({ request, decodeAgain }: ModelCall, said: string): ModelRequest | undefined {
  const body: unknown = JSON.parse(fullTextOf(request))
  // An assistant's message must not end with white space on every wire; the model writes it anew.
  const appended = isObject(body) ? APPEND[request.wire]?.(body, said.trimEnd()) : undefined
  return appended === undefined ? undefined : decodeAgain(JSON.stringify(appended))
}
