// A small MCP server over stdio that does wrong what can be done wrong. Started by scenarios as a child of the gateway.
import { createInterface } from 'node:readline'

type Json = Record<string, unknown>

const write = (message: Json) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const answer = (id: unknown, text: string, more: Json = {}) => write({ id, result: { content: [{ type: 'text', text }], ...more } })
const progress = (token: unknown, done: number) =>
  write({ method: 'notifications/progress', params: { progressToken: token, progress: done } })

const tools: Json[] = [
  tool('echo', { inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] } }),
  ...[
    'twice',
    'late',
    'wrong_id',
    'never',
    'rubbish',
    'die',
    'endless',
    'fail',
    'refuse',
    'numbers',
    'environment',
    'cancelled',
    'grow',
    'reveal',
    'quote',
    'rich',
    'same_key_twice',
    'in_parts',
  ].map((name) => tool(name)),
  ...['ask', 'ask_roots', 'ask_ping', 'big', 'look', 'drop'].map((name) => tool(name)),
]
Object.assign(tools.find(({ name }) => name === 'look') ?? {}, { annotations: { readOnlyHint: true } })
Object.assign(tools.find(({ name }) => name === 'drop') ?? {}, { annotations: { destructiveHint: true } })

function tool(name: string, more: Json = {}): Json {
  return { name, description: `Does ${name}`, inputSchema: { type: 'object' }, vendorField: { kept: true }, ...more }
}

/** What is no text, however it looks. */
const BLOB = 'ada@example.com'

/** What is remembered between messages. */
const state = { cancelled: [] as unknown[], asked: new Map<unknown, unknown>(), lastQuestion: 0 }

const calls: Record<string, (id: unknown, params: Json) => void> = {
  echo: (id, params) => answer(id, JSON.stringify(params), { vendorField: [1, { kept: true }] }),
  look: (id) => answer(id, 'looked'),
  drop: (id) => answer(id, 'dropped'),
  twice: (id) => {
    answer(id, 'first')
    answer(id, 'second')
  },
  late: (id) => void setTimeout(() => answer(id, 'too late'), 1500),
  wrong_id: () => answer(424_242, 'for nobody'),
  never: () => {},
  rubbish: (id) => {
    process.stdout.write('Starting up, please wait…\n{"half": \n[1,2,3]\n\n\u0000\u0001\n{"jsonrpc":"2.0","id":{"no":"id"},"result":{}}\n')
    answer(id, 'between the rubbish')
  },
  die: () => process.exit(3),
  endless: (_id, params) => {
    const meta = params._meta as Json | undefined
    setInterval(() => progress(meta?.progressToken, Math.random()), 40)
  },
  fail: (id) => answer(id, 'It did not work', { isError: true }),
  refuse: (id) => write({ id, error: { code: -32_050, message: 'Not today', data: { reason: 'closed' } } }),
  numbers: (id) =>
    process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"big":12345678901234567890,"exact":1.0}}\n`),
  environment: (id) => answer(id, Object.keys(process.env).sort().join(',')),
  cancelled: (id) => answer(id, JSON.stringify(state.cancelled)),
  grow: (id) => {
    tools.push(tool('grown'))
    write({ method: 'notifications/tools/list_changed' })
    answer(id, 'grown')
  },
  grown: (id) => answer(id, 'I am new'),
  quote: (id) => write({ id, error: { code: -32_050, message: `Bad key ${process.env.SERVICE_TOKEN}`, data: process.env.SERVICE_TOKEN } }),
  // More members than are read; the id behind them, as the official SDK writes it.
  rich: (id) => process.stdout.write(`{"result":{"content":[],"list":[${'{},'.repeat(300_000)}{"id":1}]},"jsonrpc":"2.0","id":${id}}\n`),
  same_key_twice: (id) => process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{},"result":{}}\n`),
  in_parts: (id, params) => {
    const { parts } = params.arguments as { readonly parts: readonly string[] }
    write({ id, result: { content: parts.map((text) => ({ type: 'text', text })) } })
  },
  reveal: (id, params) => {
    const said = (params.arguments as Json | undefined)?.said
    write({ method: 'notifications/message', params: { level: 'info', data: said } })
    write({ id, error: { code: -32_050, message: 'Not today', data: said } })
  },
  ask: (id) => ask(id, 'sampling/createMessage', { messages: [], maxTokens: 1 }),
  ask_roots: (id) => ask(id, 'roots/list', {}),
  ask_ping: (id) => ask(id, 'ping', {}),
  big: (id, params) => {
    const token = (params._meta as Json | undefined)?.progressToken
    if (token !== undefined) progress(token, 1)
    answer(id, 'é"\n'.repeat(2_500_000))
  },
}

function ask(id: unknown, method: string, params: Json): void {
  const question = `q${++state.lastQuestion}`
  state.asked.set(question, id)
  write({ id: question, method, params })
}

function take(message: Json): void {
  const { id, method } = message
  const params = (message.params ?? {}) as Json
  if (method === undefined) {
    answer(state.asked.get(id), JSON.stringify(message.result ?? message.error))
    return
  }
  if (method === 'initialize') {
    const capabilities = { tools: { listChanged: true } }
    write({
      id,
      result: { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'faults', version: '1' }, instructions: 'Be careful.' },
    })
  } else if (method === 'tools/list') {
    // Two pages, so that the cursor is followed.
    const isFirst = params.cursor === undefined
    write({ id, result: isFirst ? { tools: tools.slice(0, 5), nextCursor: 'rest' } : { tools: tools.slice(5) } })
  } else if (method === 'tools/call') calls[String(params.name)]?.(id, params)
  else if (method === 'resources/read')
    write({ id, result: { contents: [{ uri: 'mem://1', text: `It says ${String(params.uri)}`, blob: BLOB }] } })
  else if (method === 'prompts/get') {
    const content = { type: 'image', mimeType: 'image/png', data: BLOB }
    write({ id, result: { description: JSON.stringify(params.arguments), messages: [{ role: 'user', content }] } })
  } else if (method === 'notifications/cancelled') state.cancelled.push(params)
  else if (id !== undefined) write({ id, error: { code: -32_601, message: `No ${String(method)} here` } })
}

createInterface({ input: process.stdin }).on('line', (line) => {
  // The gateway sends JSON objects, a line each.
  take(JSON.parse(line) as Json)
})
