import { isObject, type Json } from '../../../core/json.ts'
import { isStructural, type WireText, type WireTexts } from '../wire-texts.ts'

/** Where requests and replies of this wire have their texts. */
export const openaiCompletionsTexts: WireTexts = {
  phaseOf: (path) => (isStructural(path) ? undefined : 'input'),
  textsOf: (value, as) =>
    Array.isArray(value.choices) ? value.choices.flatMap((choice: Json, index) => choiceTexts(choice, index, as)) : [],
  answersIn: () => [],
  endsOf: (value) => {
    if (!Array.isArray(value.choices)) return []
    return value.choices.flatMap((choice: Json, index) =>
      isObject(choice) && typeof choice.finish_reason === 'string' ? [String(choice.index ?? index)] : [],
    )
  },
  tidy: (value) => {
    if (!Array.isArray(value.choices)) return value
    return {
      ...value,
      choices: value.choices.map((choice: Json) => (isObject(choice) && 'logprobs' in choice ? { ...choice, logprobs: null } : choice)),
    }
  },
  continuation: (value, path) => {
    const choice: Json | undefined = Array.isArray(value.choices) ? value.choices[Number(path[1])] : undefined
    const index = isObject(choice) ? (choice.index ?? Number(path[1])) : 0
    return { ...value, usage: undefined, choices: [{ index, text: '', logprobs: null, finish_reason: null }] }
  },
}

function choiceTexts(choice: Json, position: number, as: 'whole' | 'frame'): readonly WireText[] {
  if (!isObject(choice) || typeof choice.text !== 'string') return []
  const lane = as === 'frame' ? { lane: String(choice.index ?? position) } : {}
  return [{ path: ['choices', position, 'text'], text: choice.text, phase: 'output', ...lane }]
}
