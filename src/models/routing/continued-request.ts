import { isObject, type JsonObject } from '../../core/json.ts'
import type { NeutralRequest } from '../neutral/request.ts'
import { fullTextOf, type ModelCall, type ModelRequest, type WireName } from '../types.ts'

type Append = (body: JsonObject, said: string) => JsonObject | undefined

const toMessages: Append = (body, said) =>
  Array.isArray(body.messages) ? { ...body, messages: [...body.messages, { role: 'assistant', content: said }] } : undefined

/** How the words of a model are put at the end of a request, so that it goes on with them: in the caller's own words, where its wire has some. */
const APPEND: Readonly<Partial<Record<WireName, Append>>> = {
  'openai-chat': toMessages,
  'anthropic-messages': toMessages,
  'openai-responses': (body, said) => {
    const asked = Array.isArray(body.input) ? body.input : [{ type: 'message', role: 'user', content: body.input ?? '' }]
    return { ...body, input: [...asked, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: said }] }] }
  },
  gemini: (body, said) =>
    Array.isArray(body.contents) ? { ...body, contents: [...body.contents, { role: 'model', parts: [{ text: said }] }] } : undefined,
}

/** Whether a request may be gone on with elsewhere at all: one answer, in plain text. */
export function mayContinue({ request }: ModelCall): boolean {
  if (!request.isStream || request.operation !== 'generate') return false
  // Several answers, or a form that half of a text does not have.
  return !/"(?:n|candidateCount|candidate_count)"\s*:\s*(?:[2-9]|1\d)|"json_object"|"json_schema"|"application\/json"|"responseSchema"|"output_format"/.test(
    request.text,
  )
}

/** The request with what was said so far at its end; undefined where it has no place for it. @throws as decoding does */
export function continuedRequest({ request, decodeAgain }: ModelCall, said: string): ModelRequest | undefined {
  // An assistant's message must not end with white space on every wire; the model writes it anew.
  const ended = said.trimEnd()
  const append = APPEND[request.wire]
  // Older completions have no messages, and no provider is asked in them: what goes out is written from this form.
  if (append === undefined) return { ...request, neutral: () => withAnswer(request.neutral(), ended) }
  const body: unknown = JSON.parse(fullTextOf(request))
  const appended = isObject(body) ? append(body, ended) : undefined
  return appended === undefined ? undefined : decodeAgain(JSON.stringify(appended))
}

function withAnswer(request: NeutralRequest, said: string): NeutralRequest {
  return { ...request, messages: [...request.messages, { role: 'assistant', content: [{ type: 'text', text: said }] }] }
}
