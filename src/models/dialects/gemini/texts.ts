import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isDescription, isStructural, type JsonPath, stringsIn, type WireText, type WireTexts } from '../wire-texts.ts'
import { field } from './words.ts'

/** Fields of a part that name something of the wire, in both of their cases. */
const NAMES: ReadonlySet<string | number | undefined> = new Set(['id', 'mime_type', 'thought_signature', 'displayName', 'display_name'])
/** Fields of a request that say how to answer, and nothing that is answered. */
const SETTINGS: ReadonlySet<string | number | undefined> = new Set([
  'toolConfig',
  'tool_config',
  'safetySettings',
  'safety_settings',
  'cachedContent',
  'cached_content',
])

/** Where requests and replies of this wire have their texts. A chunk of a stream has the shape of a whole reply. */
export const geminiTexts: WireTexts = {
  phaseOf: (path) => {
    // A request to count tokens may hold a whole request.
    if (path[0] === 'generateContentRequest' || path[0] === 'generate_content_request') return requestPhase(path.slice(1))
    return requestPhase(path)
  },
  isOwnKey: (path) => isOfTool(path),
  textsOf: ({ candidates }) => {
    const list: readonly Json[] = Array.isArray(candidates) ? candidates : []
    return list.flatMap((candidate, position) => (isObject(candidate) ? candidateTexts(candidate, position) : []))
  },
  answersIn: () => [['candidates']],
  endsOf: ({ candidates }) =>
    objectsIn(candidates).flatMap((candidate, position) =>
      typeof field(candidate, 'finishReason') === 'string' ? [laneOf(candidate, position)] : [],
    ),
  // The chances of tokens spell out the text that was taken away.
  tidy: (value) => {
    const candidates: readonly Json[] = Array.isArray(value.candidates) ? value.candidates : []
    return { ...value, candidates: candidates.map((candidate) => (isObject(candidate) ? withoutChances(candidate) : candidate)) }
  },
  continuation: (value, path) => {
    const [, position, , , at] = path
    const candidate: Json | undefined = Array.isArray(value.candidates) ? value.candidates[Number(position)] : undefined
    if (!isObject(candidate)) return value
    const part = isObject(candidate.content) && Array.isArray(candidate.content.parts) ? candidate.content.parts[Number(at)] : undefined
    const thought = isObject(part) && part.thought === true ? { thought: true } : {}
    const said = { content: { role: 'model', parts: [{ text: '', ...thought }] }, index: candidate.index ?? Number(position) }
    return { candidates: [said], modelVersion: value.modelVersion, responseId: value.responseId }
  },
}

function requestPhase(path: JsonPath): Phase | undefined {
  const [top] = path
  if (top === 'contents') return partPhase(path)
  if (top === 'tools') return toolPhase(path)
  if (top === 'generationConfig' || top === 'generation_config') return isDescription(path) ? 'input' : undefined
  return SETTINGS.has(top) || isStructural(path) ? undefined : 'input'
}

function partPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  const place = path.indexOf('parts')
  // One part may stand without its list.
  const kind = typeof path[place + 1] === 'number' ? path[place + 2] : path[place + 1]
  const depth = path.length - path.indexOf(kind ?? '')
  if (kind === 'functionCall' || kind === 'function_call') {
    if (depth === 2) return last === 'name' ? 'toolNames' : undefined
    return 'toolArguments'
  }
  if (kind === 'functionResponse' || kind === 'function_response') {
    if (isOfTool(path)) return 'toolResults'
    return depth === 2 || isStructural(path) ? undefined : 'toolResults'
  }
  return NAMES.has(last) || isStructural(path) ? undefined : 'input'
}

/** What the arguments and the answer of a tool are made of: they may have keys of any name. */
function isOfTool(path: JsonPath): boolean {
  const at = path.findIndex((step) => typeof step === 'string' && TOOL_PARTS.has(step))
  return at !== -1 && (path[at + 1] === 'args' || path[at + 1] === 'response') && path.length > at + 2
}

const TOOL_PARTS: ReadonlySet<string> = new Set(['functionCall', 'function_call', 'functionResponse', 'function_response'])

/** Names of tools that are offered, and what is said of them; not what their schemas are made of. */
function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 5) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

function candidateTexts(candidate: JsonObject, position: number): readonly WireText[] {
  const parts: readonly Json[] = isObject(candidate.content) && Array.isArray(candidate.content.parts) ? candidate.content.parts : []
  const lane = laneOf(candidate, position)
  return parts.flatMap((part, at): readonly WireText[] => {
    if (!isObject(part)) return []
    const path = ['candidates', position, 'content', 'parts', at] as const
    if (typeof part.text === 'string') {
      const isThinking = part.thought === true
      return [{ path: [...path, 'text'], text: part.text, phase: 'output', isThinking, lane: `${lane}/${isThinking ? 'thought' : 'text'}` }]
    }
    const key = part.functionCall === undefined ? 'function_call' : 'functionCall'
    const call = part[key]
    if (!isObject(call)) return []
    const name: readonly WireText[] =
      typeof call.name === 'string' && call.name !== '' ? [{ path: [...path, key, 'name'], text: call.name, phase: 'toolNames' }] : []
    return [...name, ...stringsIn(call.args, [...path, key, 'args'], 'toolArguments')]
  })
}

function withoutChances(candidate: JsonObject): JsonObject {
  const { logprobsResult: _chances, avgLogprobs: _mean, ...rest } = candidate
  return rest
}

function laneOf({ index }: JsonObject, position: number): string {
  return String(index ?? position)
}
