import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { isStructural, type WireTexts } from '../wire-texts.ts'

/** Where requests and replies of this wire have their texts. */
export const openaiCompletionsTexts: WireTexts = {
  phaseOf: (path) => (isStructural(path) ? undefined : 'input'),
  textsOf: (value) =>
    choicesOf(value).flatMap((choice, position) =>
      typeof choice.text === 'string'
        ? [{ path: ['choices', position, 'text'], text: choice.text, phase: 'output' as const, lane: String(choice.index ?? position) }]
        : [],
    ),
  endsOf: (value) =>
    choicesOf(value).flatMap((choice, position) => (typeof choice.finish_reason === 'string' ? [String(choice.index ?? position)] : [])),
  // The chances of tokens spell out the text that was taken away.
  tidy: (value) => ({ ...value, choices: choicesOf(value).map((choice) => ({ ...choice, logprobs: null })) }),
  continuation: (value, path) => {
    const choice = choicesOf(value)[Number(path[1])]
    return { ...value, usage: undefined, choices: [{ index: choice?.index ?? 0, text: '', logprobs: null, finish_reason: null }] }
  },
}

function choicesOf({ choices }: JsonObject): readonly JsonObject[] {
  const list: readonly Json[] = Array.isArray(choices) ? choices : []
  return list.filter(isObject)
}
