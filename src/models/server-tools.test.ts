import { expect, test } from 'bun:test'
import type { JsonObject } from '../core/json.ts'
import { serverToolsIn } from './server-tools.ts'
import type { WireName } from './types.ts'

test.each<[WireName, JsonObject, readonly string[]]>([
  ['openai-chat', { tools: [{ type: 'function', function: { name: 'f' } }, { type: 'custom' }] }, []],
  ['openai-chat', { web_search_options: {} }, ['web_search']],
  ['openai-chat', { plugins: [{ id: 'web' }, { id: 'file-parser' }] }, ['web_search', 'file-parser']],
  [
    'openai-responses',
    { tools: [{ type: 'web_search' }, { type: 'mcp', server_label: 'crm' }, { type: 'function', name: 'f' }] },
    ['web_search', 'mcp:crm'],
  ],
  [
    'anthropic-messages',
    {
      tools: [
        { name: 'f', input_schema: {} },
        { type: 'custom', name: 'g' },
      ],
    },
    [],
  ],
  [
    'anthropic-messages',
    { tools: [{ type: 'web_search_20250305', name: 'web_search' }], mcp_servers: [{ name: 'crm' }] },
    ['web_search', 'mcp:crm'],
  ],
  ['gemini', { tools: [{ functionDeclarations: [] }, { googleSearch: {} }, { code_execution: {} }] }, ['google_search', 'code_execution']],
  ['gemini', { tools: 7 }, []],
])('in %s, %p offers %p', (wire, body, names) => {
  expect(serverToolsIn(wire, body)).toEqual(names)
})
