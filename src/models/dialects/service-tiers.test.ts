import { expect, test } from 'bun:test'
import { readUsage as ofAnthropic } from './anthropic-messages/usage.ts'
import { readUsage as ofConverse } from './converse/usage.ts'
import { readUsage as ofGemini } from './gemini/usage.ts'

// What a tier of service or a speed is called in the usage of each wire. OpenAI's wires have it in their goldens.

const SAID = { input_tokens: 10, output_tokens: 5 }
const COUNTED = { promptTokenCount: 10, candidatesTokenCount: 5 }

test.each([
  ['Anthropic, the usual one', ofAnthropic({ ...SAID, service_tier: 'standard', speed: 'standard' }), undefined],
  ['Anthropic, a batch', ofAnthropic({ ...SAID, service_tier: 'batch' }), 'batch'],
  ['Anthropic, the fast speed', ofAnthropic({ ...SAID, service_tier: 'standard', speed: 'fast' }), 'fast'],
  ['Vertex, the usual one', ofGemini({ ...COUNTED, trafficType: 'ON_DEMAND' }), undefined],
  ['Vertex, flex', ofGemini({ ...COUNTED, trafficType: 'ON_DEMAND_FLEX' }), 'flex'],
  ['Vertex, priority', ofGemini({ ...COUNTED, trafficType: 'ON_DEMAND_PRIORITY' }), 'priority'],
  ['Vertex, what was paid for ahead', ofGemini({ ...COUNTED, trafficType: 'PROVISIONED_THROUGHPUT' }), 'provisioned_throughput'],
  ['Gemini, priority', ofGemini({ ...COUNTED, serviceTier: 'priority' }), 'priority'],
  ['Gemini, the usual one', ofGemini({ ...COUNTED, serviceTier: 'standard' }), undefined],
  ['Bedrock, the usual one', ofConverse({ inputTokens: 10, outputTokens: 5 }, { type: 'default' }), undefined],
  ['Bedrock, flex', ofConverse({ inputTokens: 10, outputTokens: 5 }, { type: 'flex' }), 'flex'],
])('the tier of service is read: %s', (_what, usage, tier) => {
  expect(usage).toMatchObject({ inputTokens: 10, outputTokens: 5 })
  expect(usage?.serviceTier).toBe(tier)
})
