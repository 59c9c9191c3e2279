import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { Phase } from '../../stages/guards/types.ts'
import { isDataUrl } from './data-url.ts'
import { isStructural, type JsonPath, valueAt, type WireText } from './wire-texts.ts'

/** What a reply says of itself, or of how it was made; and what nobody may change: signatures, pictures, what is sealed, and thinking that is signed. */
const OF_WIRE: ReadonlySet<string> = new Set([
  ...['status', 'finish_reason', 'native_finish_reason', 'finishReason', 'stop_reason', 'stop_sequence', 'system_fingerprint', 'language'],
  ...['logprobs', 'logprobsResult', 'content_filter_results', 'safetyRatings', 'obfuscation', 'outcome', 'caller', 'server_label'],
  ...['created_at', 'expires_at', 'thinking', 'partial_image_b64', 'sdkBlob'],
  // The page of a search's own results: Google has it shown as it is.
  'renderedContent',
])
const ID = /(?:^|_)ids?$|Ids?$|^encrypted/
const RESULTS: ReadonlySet<string> = new Set(['output', 'outputs', 'result', 'results', 'codeExecutionResult'])

/**
 * What else stands in an answer beside the texts that its wire is known for: citations, what was found and run by the provider, what says a text again. Each
 * is looked at by itself.
 * @param within where everything is somebody's words
 */
export function asidesIn(value: JsonObject, within: readonly JsonPath[], known: readonly WireText[]): readonly WireText[] {
  const found: WireText[] = []
  const places = new Set(known.map(({ path }) => path.join('/')))
  const visit = (json: Json | undefined, path: JsonPath, around: Around): void => {
    if (typeof json === 'string') {
      if (json !== '' && !isPicture(json, path) && !places.has(path.join('/'))) found.push({ ...around, path, text: json, isAside: true })
      return
    }
    if (Array.isArray(json)) {
      for (const [index, item] of json.entries()) visit(item as Json, [...path, index], around)
      return
    }
    if (!isObject(json)) return
    const own = aroundIn(json, around)
    for (const [key, item] of Object.entries(json)) {
      const at = [...path, key]
      if (isPlainDocument(key, json) || !isOfWire(key, json)) visit(item, at, aroundKey(key, own))
    }
  }
  // A response in an event says again what its items have said.
  for (const path of within) visit(valueAt(value, path), path, { phase: 'output', ...(path[0] === 'response' ? { isRepeat: true } : {}) })
  return found
}

/** Whether a string is a picture, a sound or a file in base64, and no text that only begins like one. */
function isPicture(text: string, path: JsonPath): boolean {
  if (!text.startsWith('data:')) return false
  const written = JSON.stringify(text)
  return isDataUrl(written, { path, from: 0, to: written.length })
}

function isOfWire(key: string, { type }: JsonObject): boolean {
  if (OF_WIRE.has(key) || ID.test(key) || isStructural([key])) return true
  // The picture that was made, in base64 as it is.
  return key === 'result' && type === 'image_generation_call'
}

/** What Claude has fetched is text as it is, where a picture has base64. */
function isPlainDocument(key: string, { type }: JsonObject): boolean {
  return key === 'data' && type === 'text'
}

/** What is known of a string by what stands around it. */
interface Around {
  readonly phase: Phase
  readonly isJson?: true
  readonly isRepeat?: true
}

function aroundIn({ type }: JsonObject, around: Around): Around {
  if (typeof type !== 'string') return around
  if (type.endsWith('_result') || type.endsWith('_output')) return { ...around, phase: 'toolResults' }
  return type.endsWith('_call') ? { ...around, phase: 'toolArguments' } : around
}

function aroundKey(key: string, around: Around): Around {
  if (key === 'executableCode' || key === 'partialArgs') return { ...around, phase: 'toolArguments' }
  if (key === 'codeExecutionResult' || (around.phase === 'toolArguments' && RESULTS.has(key))) return { ...around, phase: 'toolResults' }
  // Google says again which of the text rests on what was found.
  if (key === 'groundingSupports') return { ...around, isRepeat: true }
  return key === 'arguments' ? { ...around, isJson: true } : around
}
