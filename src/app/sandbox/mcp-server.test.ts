import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { answerLine } from './mcp-server.ts'

const SCRIPT = join(import.meta.dirname, 'mcp-server.ts')

const say = (message: object | string, notes = new Map<string, string>()) => {
  const answer = answerLine(typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }), notes)
  return answer === undefined ? undefined : JSON.parse(answer)
}

test('the official client lists and calls the tools over stdio', async () => {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [SCRIPT], stderr: 'inherit' }))
  try {
    expect(client.getServerVersion()).toMatchObject({ name: 'signalbox-sandbox' })
    const { tools } = await client.listTools()
    expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint, annotations?.destructiveHint])).toEqual([
      ['echo', true, undefined],
      ['add', true, undefined],
      ['note_write', false, false],
      ['note_read', true, undefined],
      ['note_delete', false, true],
    ])
    for (const { description } of tools) expect(description).toStartWith('Sandbox: ')
    const sum = await client.callTool({ name: 'add', arguments: { a: 2, b: 3.5 } })
    expect(sum).toMatchObject({ content: [{ type: 'text', text: '5.5' }], structuredContent: { sum: 5.5 } })
    await client.callTool({ name: 'note_write', arguments: { name: 'a', text: 'Grüße' } })
    expect(await client.callTool({ name: 'note_read', arguments: { name: 'a' } })).toMatchObject({ content: [{ text: 'Grüße' }] })
    await client.callTool({ name: 'note_delete', arguments: { name: 'a' } })
    expect(await client.callTool({ name: 'note_read', arguments: { name: 'a' } })).toMatchObject({ isError: true })
  } finally {
    await client.close()
  }
})

test.each([
  ['2025-06-18', '2025-06-18'],
  ['2025-11-25', '2025-11-25'],
  ['2024-01-01', '2025-11-25'],
])('asked for revision %s it speaks %s', (asked, spoken) => {
  expect(say({ method: 'initialize', params: { protocolVersion: asked } }).result).toMatchObject({ protocolVersion: spoken })
})

test.each([
  ['no JSON', '{', -32700, null],
  ['a batch', '[]', -32600, null],
  ['no JSON-RPC', '{"id":1,"method":"ping"}', -32600, null],
  ['no method', '{"jsonrpc":"2.0","id":7}', -32600, 7],
  ['an unknown method', '{"jsonrpc":"2.0","id":"a","method":"x"}', -32601, 'a'],
  ['an unknown tool', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"constructor"}}', -32602, 1],
])('%s is answered with its error', (_what, line, code, id) => {
  expect(say(line)).toMatchObject({ id, error: { code } })
})

test('arguments that do not fit are for the model to put right', () => {
  const call = (given: object) => say({ method: 'tools/call', params: { name: 'add', arguments: given } }).result
  expect(call({ a: 1 })).toEqual({ content: [{ type: 'text', text: 'b must be a number.' }], isError: true })
  expect(call({ a: 1, b: 2, c: 3 })).toEqual({ content: [{ type: 'text', text: 'There is no parameter c.' }], isError: true })
})

test('notifications, answers and blank lines are not answered', () => {
  for (const line of ['', '  ', '{"jsonrpc":"2.0","method":"notifications/initialized"}', '{"jsonrpc":"2.0","id":1,"result":{}}']) {
    expect(say(line)).toBeUndefined()
  }
  expect(say({ method: 'ping' })).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
})
