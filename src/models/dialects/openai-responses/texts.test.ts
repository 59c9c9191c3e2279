import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { JsonPath } from '../wire-texts.ts'
import { readBounds } from './bounds.ts'
import { openaiResponsesTexts } from './texts.ts'

/** Each string of a body with what it is to the guards. */
function phases(value: Json, root: JsonObject, path: JsonPath = []): Readonly<Record<string, string>> {
  if (typeof value === 'string') {
    const phase = openaiResponsesTexts.phaseOf(path, root)
    return phase === undefined ? {} : { [path.join('.')]: phase }
  }
  if (Array.isArray(value)) return Object.assign({}, ...value.map((item: Json, index) => phases(item, root, [...path, index])))
  if (!isObject(value)) return {}
  return Object.assign({}, ...Object.entries(value).map(([key, item]) => phases(item ?? null, root, [...path, key])))
}

test('a request is told apart into words, calls, results and names', () => {
  const request = {
    model: 'm',
    instructions: 'I',
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
      { role: 'user', content: 'b' },
      { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 's' }], encrypted_content: 'gAAA' },
      { type: 'function_call', id: 'fc', call_id: 'c', name: 'f', arguments: '{}', status: 'completed' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'o' }] },
    ],
    tools: [{ type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } }],
    tool_choice: { type: 'function', name: 'f' },
    text: { format: { type: 'json_schema', name: 'n' } },
  }
  expect(phases(request, request)).toEqual({
    instructions: 'input',
    'input.0.content.0.text': 'input',
    'input.1.content': 'input',
    'input.2.summary.0.text': 'input',
    'input.3.name': 'toolNames',
    'input.3.arguments': 'toolArguments',
    'input.4.output.0.text': 'toolResults',
    'tools.0.name': 'toolNames',
    'tools.0.description': 'input',
  })
  expect(phases({ input: 'x' }, { input: 'x' })).toEqual({ input: 'input' })
})

const FOLDER = new URL('./golden/', import.meta.url).pathname

/** The events of the golden streams. */
function eventsOf(file: string): readonly JsonObject[] {
  const [wire = ''] = readFileSync(`${FOLDER}${file}`, 'utf8').split('-----\n')
  return wire.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
}

test.each(['plain', 'tool-call-split-over-events', 'parallel-tools-alternating', 'reasoning-with-two-parts-and-seal', 'refusal'])(
  'in the stream %s the pieces of a lane make up what is repeated whole',
  (name) => {
    const lanes = new Map<string, string>()
    const ended: string[] = []
    const wholes = new Set<string>()
    for (const event of eventsOf(`${name}.stream.txt`)) {
      const ends = openaiResponsesTexts.endsOf(event)
      for (const [lane, text] of lanes) {
        if (!ends.includes(lane.slice(0, lane.indexOf('/')))) continue
        ended.push(text)
        lanes.delete(lane)
      }
      for (const { lane, text, phase } of openaiResponsesTexts.textsOf(event, 'frame')) {
        if (lane !== undefined) lanes.set(lane, (lanes.get(lane) ?? '') + text)
        else if (phase !== 'toolNames') wholes.add(text)
      }
    }
    expect([...lanes]).toEqual([])
    expect(ended.length).toBeGreaterThan(0)
    for (const text of ended) expect([...wholes]).toContain(text)
  },
)

test('a whole response has its texts, and no chances of tokens once they changed', () => {
  const response = {
    object: 'response',
    output: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'a', logprobs: [{ token: 'a' }] }] },
      { type: 'function_call', name: 'f', arguments: '{}' },
    ],
  }
  expect(openaiResponsesTexts.textsOf(response, 'whole').map(({ path, phase }) => `${path.join('.')} ${phase}`)).toEqual([
    'output.0.summary.0.text output',
    'output.1.content.0.text output',
    'output.2.name toolNames',
    'output.2.arguments toolArguments',
  ])
  expect(JSON.stringify(openaiResponsesTexts.tidy(response))).not.toContain('token')
})

test('the bounds of a request are read', () => {
  expect(readBounds({ input: 'x', max_output_tokens: 50 })).toEqual({ choices: 1, mediaParts: 0, mediaBytes: 0, maxOutputTokens: 50 })
  const image = { role: 'user', content: [{ type: 'input_image', image_url: 'data:,abc' }] }
  expect(readBounds({ input: [image, { type: 'function_call_output', output: image.content }] })).toMatchObject({
    mediaParts: 2,
    mediaBytes: 18,
  })
  expect(readBounds({ tools: [{ type: 'web_search' }] }).unbounded).toBe('a tool of the provider’s own')
  expect(readBounds({ previous_response_id: 'resp_1' }).unbounded).toBe('a conversation that the provider keeps')
  expect(readBounds({ service_tier: 'priority' })).toMatchObject({ serviceTier: 'priority' })
})
