import { expect, test } from 'bun:test'
import type { JsonObject } from '../../../src/core/json.ts'
import { startScenario } from '../../../src/testing/scenario.ts'
import { ask } from '../ask.ts'

// What is kept at one provider is a loss at another. Where nothing else was asked, the question would be another one: it is not sent.
const QUESTIONS: readonly (readonly [wire: string, path: string, body: JsonObject, field: string])[] = [
  [
    'anthropic-messages',
    '/v1/messages',
    {
      ...{ model: 'mini', max_tokens: 9, system: 'Be brief.' },
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] }],
    },
    'messages[0].content[0].source',
  ],
  [
    'openai-responses',
    '/v1/responses',
    { model: 'mini', input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] },
    'input[0].content[0]',
  ],
  [
    'gemini',
    '/v1beta/models/mini:generateContent',
    { contents: [{ parts: [{ inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }] }] },
    'contents[0].parts[0].inlineData',
  ],
]

test.each(QUESTIONS)(
  'a question in %s of which nothing can be carried is refused, and nothing is sent',
  async (_wire, path, body, field) => {
    await using scenario = await startScenario()
    const reply = await ask(scenario, { path, body })
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(field)
    expect(reply.text).toContain('and nothing else is asked')
    expect(scenario.upstream.requests).toHaveLength(0)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'request_not_carried' })
  },
)
