import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { Phase } from '../../../stages/guards/types.ts'
import { isStructural, type JsonPath, stringsIn, type WireText, type WireTexts } from '../wire-texts.ts'

/** Where requests and replies of this wire have their texts. Source: https://ai.google.dev/api/generate-content (read 2026-11-21). */
export const geminiTexts: WireTexts = {
  phaseOf: (path) => {
    if (path[0] === 'tools') return toolPhase(path)
    if (NO_TEXT.has(String(path[0])) || path.includes('inlineData') || path.includes('fileData') || isStructural(path)) return undefined
    for (const [kind, field] of [
      ['functionCall', 'args'],
      ['function_call', 'args'],
      ['functionResponse', 'response'],
      ['function_response', 'response'],
    ] as const) {
      const at = path.indexOf(kind)
      if (at !== -1) return partPhase(path, at, field)
    }
    return 'input'
  },
  textsOf: (value, as) =>
    Array.isArray(value.candidates) ? value.candidates.flatMap((candidate: Json, index) => candidateTexts(candidate, index, as)) : [],
  endsOf: (value) => {
    if (!Array.isArray(value.candidates)) return []
    return value.candidates.flatMap((candidate: Json, index) =>
      isObject(candidate) && typeof candidate.finishReason === 'string' ? [laneOf(candidate, index)] : [],
    )
  },
  tidy: (value) => value,
  continuation: (value, path) => {
    const candidate: Json | undefined = Array.isArray(value.candidates) ? value.candidates[Number(path[1])] : undefined
    if (!isObject(candidate) || !isObject(candidate.content) || !Array.isArray(candidate.content.parts)) return value
    const part: Json | undefined = candidate.content.parts[Number(path[4])]
    const { finishReason: _, ...rest } = candidate
    return {
      ...value,
      usageMetadata: undefined,
      candidates: [{ ...rest, content: { ...candidate.content, parts: [part ?? { text: '' }] } }],
    }
  },
}

const NO_TEXT: ReadonlySet<string> = new Set([
  'generationConfig',
  'generation_config',
  'safetySettings',
  'safety_settings',
  'toolConfig',
  'tool_config',
  'cachedContent',
  'labels',
])

function partPhase(path: JsonPath, at: number, field: string): Phase | undefined {
  if (path[at + 1] === field) return field === 'args' ? 'toolArguments' : 'toolResults'
  return path[at + 1] === 'name' && field === 'args' ? 'toolNames' : undefined
}

function toolPhase(path: JsonPath): Phase | undefined {
  const last = path.at(-1)
  if (last === 'name' && path.length === 5) return 'toolNames'
  return last === 'description' ? 'input' : undefined
}

function candidateTexts(candidate: Json, position: number, as: 'whole' | 'frame'): readonly WireText[] {
  if (!isObject(candidate) || !isObject(candidate.content) || !Array.isArray(candidate.content.parts)) return []
  return candidate.content.parts.flatMap((part: Json, index): readonly WireText[] => {
    const path = ['candidates', position, 'content', 'parts', index] as const
    if (!isObject(part)) return []
    if (typeof part.text === 'string') {
      const lane = as === 'frame' ? { lane: `${laneOf(candidate, position)}/${part.thought === true ? 'thought' : 'text'}` } : {}
      return [{ path: [...path, 'text'], text: part.text, phase: 'output', ...lane }]
    }
    if (!isObject(part.functionCall)) return []
    const { name, args } = part.functionCall
    const names: readonly WireText[] =
      typeof name === 'string' ? [{ path: [...path, 'functionCall', 'name'], text: name, phase: 'toolNames' }] : []
    return [...names, ...stringsIn(args, [...path, 'functionCall', 'args'], 'toolArguments')]
  })
}

function laneOf(candidate: JsonObject, position: number): string {
  return String(candidate.index ?? position)
}
