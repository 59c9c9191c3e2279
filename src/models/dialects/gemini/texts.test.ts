import { expect, test } from 'bun:test'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { JsonPath } from '../wire-texts.ts'
import { readBounds } from './bounds.ts'
import { geminiTexts } from './texts.ts'

/** Each string of a body with what it is to the guards. */
function phases(value: Json, root: JsonObject, path: JsonPath = []): Readonly<Record<string, string>> {
  if (typeof value === 'string') {
    const phase = geminiTexts.phaseOf(path, root)
    return phase === undefined ? {} : { [path.join('.')]: phase }
  }
  if (Array.isArray(value)) return Object.assign({}, ...value.map((item: Json, index) => phases(item, root, [...path, index])))
  if (!isObject(value)) return {}
  return Object.assign({}, ...Object.entries(value).map(([key, item]) => phases(item ?? null, root, [...path, key])))
}

const REQUEST = {
  systemInstruction: { parts: [{ text: 'S' }] },
  contents: [
    { role: 'user', parts: [{ text: 'a' }, { inlineData: { mimeType: 'image/png', data: 'AA==' } }] },
    {
      role: 'model',
      parts: [{ functionCall: { id: 'i', name: 'f', args: { name: 'n', deep: [{ id: 'x' }] } }, thoughtSignature: 'QQ==' }],
    },
    { role: 'user', parts: [{ functionResponse: { id: 'i', name: 'f', response: { output: 'o' } } }] },
  ],
  tools: [{ functionDeclarations: [{ name: 'f', description: 'd', parameters: { type: 'OBJECT', description: 'dd' } }] }],
  generationConfig: { responseMimeType: 'application/json', maxOutputTokens: 9, candidateCount: 2 },
}

test('a request is told apart into words, calls, results and names', () => {
  expect(phases(REQUEST, REQUEST)).toEqual({
    'systemInstruction.parts.0.text': 'input',
    'contents.0.parts.0.text': 'input',
    'contents.1.parts.0.functionCall.name': 'toolNames',
    'contents.1.parts.0.functionCall.args.name': 'toolArguments',
    'contents.1.parts.0.functionCall.args.deep.0.id': 'toolArguments',
    'contents.2.parts.0.functionResponse.response.output': 'toolResults',
    'tools.0.functionDeclarations.0.name': 'toolNames',
    'tools.0.functionDeclarations.0.description': 'input',
    'tools.0.functionDeclarations.0.parameters.description': 'input',
  })
  const counted = { generateContentRequest: { contents: { parts: { text: 'a' } } } }
  expect(phases(counted, counted)).toEqual({ 'generateContentRequest.contents.parts.text': 'input' })
})

test('what is held back of a chunk is said in its own words', () => {
  const chunk = {
    candidates: [
      {
        content: { parts: [{ text: 'hm', thought: true }, { text: 'a' }, { functionCall: { name: 'f', args: { x: 'y' } } }] },
        logprobsResult: {},
      },
    ],
    usageMetadata: {},
    responseId: 'r',
  }
  const texts = geminiTexts.textsOf(chunk, 'frame')
  expect(texts.map(({ text, phase, lane }) => [text, phase, lane])).toEqual([
    ['hm', 'output', '0/thought'],
    ['a', 'output', '0/text'],
    ['f', 'toolNames', undefined],
    ['x', 'toolArguments', undefined],
    ['y', 'toolArguments', undefined],
  ])
  const said = geminiTexts.continuation(chunk, texts[0]?.path ?? [])
  expect(geminiTexts.textsOf(said, 'frame')).toEqual([
    { path: ['candidates', 0, 'content', 'parts', 0, 'text'], text: '', phase: 'output', isThinking: true, lane: '0/thought' },
  ])
  expect(JSON.stringify(geminiTexts.tidy(chunk))).not.toContain('logprobs')
  expect(geminiTexts.endsOf(chunk)).toEqual([])
  expect(geminiTexts.endsOf({ candidates: [{ finishReason: 'STOP', index: 1 }] })).toEqual(['1'])
})

test('the bounds of a request are read', () => {
  const { contents: _media, ...plain } = REQUEST
  expect(readBounds({ ...plain, contents: [{ parts: [{ text: 'a' }] }] })).toEqual({
    choices: 2,
    mediaParts: 0,
    mediaBytes: 0,
    maxOutputTokens: 9,
  })
  expect(readBounds(REQUEST)).toMatchObject({ mediaParts: 1, mediaBytes: 4, unbounded: 'a file or an image among its contents' })
  expect(readBounds({ tools: [{ googleSearch: {} }] })).toMatchObject({ choices: 1, unbounded: 'a tool of the provider’s own' })
  // 0 is how protocol buffers write that nothing was said, and two spellings of a bound are two bounds.
  expect(readBounds({ generationConfig: { candidateCount: 0, maxOutputTokens: 1, max_output_tokens: 9000 } })).toMatchObject({
    choices: 1,
    maxOutputTokens: 9000,
  })
  expect(readBounds({ cachedContent: 'cachedContents/1' }).unbounded).toBe('content that the provider keeps')
  expect(readBounds({ generation_config: { response_modalities: ['IMAGE'] } }).unbounded).toBe('an answer that is not text alone')
})
