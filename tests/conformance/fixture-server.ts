import {
  type GetPromptResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { FIXTURE_TOOLS, PNG } from './fixture-tools.ts'

/** A running fixture. */
export interface FixtureServer {
  readonly url: string
  /** Sessions that it has now. */
  readonly sessions: () => number
  stop(): Promise<void>
}

const RESOURCES = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: PNG },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Watched resource content' },
} as const

const PROMPTS = [
  { name: 'test_simple_prompt', description: 'A prompt without arguments' },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with two arguments',
    arguments: [
      { name: 'arg1', description: 'First', required: true },
      { name: 'arg2', description: 'Second', required: true },
    ],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt with a resource in it',
    arguments: [{ name: 'resourceUri', description: 'URI of the resource', required: true }],
  },
  { name: 'test_prompt_with_image', description: 'A prompt with a picture in it' },
]

/** Starts a server on SDK v2 that offers what the official suite asks for. It looks at Host and Origin itself, as it must where nobody stands before it. */
export function startFixtureServer(port = 0): FixtureServer {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const bun: Bun.Server<undefined> = Bun.serve({
    hostname: '127.0.0.1',
    port,
    idleTimeout: 0,
    fetch: (request) => answer(request, transports, bun.port ?? port),
  })
  return {
    url: `http://127.0.0.1:${bun.port}/mcp`,
    sessions: () => transports.size,
    stop: () => bun.stop(true),
  }
}

async function answer(
  request: Request,
  transports: Map<string, WebStandardStreamableHTTPServerTransport>,
  port: number,
): Promise<Response> {
  const id = request.headers.get('mcp-session-id')
  const known = id === null ? undefined : transports.get(id)
  if (known !== undefined) return known.handleRequest(request)
  if (id !== null)
    return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, { status: 404 })
  const names = ['127.0.0.1', 'localhost'].map((name) => `${name}:${port}`)
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (sessionId) => void transports.set(sessionId, transport),
    onsessionclosed: (sessionId) => void transports.delete(sessionId),
    enableDnsRebindingProtection: true,
    allowedHosts: names,
    allowedOrigins: names.map((name) => `http://${name}`),
  })
  await fixture().connect(transport)
  return transport.handleRequest(request)
}

function fixture(): Server {
  const server = new Server(
    { name: 'conformance-fixture', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        logging: {},
        completions: {},
      },
    },
  )
  server.setRequestHandler('tools/list', () => ({ tools: FIXTURE_TOOLS.map(({ tool }) => tool) }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const found = FIXTURE_TOOLS.find(({ tool }) => tool.name === params.name)
    if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`)
    return found.run(params.arguments ?? {}, context)
  })
  server.setRequestHandler('resources/list', () => ({
    resources: Object.entries(RESOURCES).map(([uri, { mimeType }]) => ({ uri, name: uri.slice('test://'.length), mimeType })),
  }))
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
  }))
  server.setRequestHandler('resources/read', ({ params: { uri } }) => ({ contents: [readResource(uri)] }))
  server.setRequestHandler('resources/subscribe', () => ({}))
  server.setRequestHandler('resources/unsubscribe', () => ({}))
  server.setRequestHandler('prompts/list', () => ({ prompts: PROMPTS }))
  server.setRequestHandler('prompts/get', ({ params }) => getPrompt(params.name, params.arguments ?? {}))
  server.setRequestHandler('completion/complete', ({ params }) => {
    const values = ['paris', 'park', 'party'].filter((value) => value.startsWith(params.argument.value))
    return { completion: { values, total: values.length, hasMore: false } }
  })
  return server
}

function readResource(uri: string) {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? []
  if (id !== undefined) {
    return { uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }
  }
  const found = Object.entries(RESOURCES).find(([known]) => known === uri)
  if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Resource not found: ${uri}`)
  return { uri, ...found[1] }
}

function getPrompt(name: string, given: Readonly<Record<string, string>>): GetPromptResult {
  const said = (text: string) => ({ role: 'user', content: { type: 'text', text } }) as const
  if (name === 'test_simple_prompt') return { messages: [said('This is a simple prompt for testing.')] }
  if (name === 'test_prompt_with_arguments') {
    return { messages: [said(`Prompt with arguments: arg1='${given.arg1}', arg2='${given.arg2}'`)] }
  }
  if (name === 'test_prompt_with_embedded_resource') {
    const resource = { uri: given.resourceUri ?? '', mimeType: 'text/plain', text: 'Embedded resource content for testing.' }
    return { messages: [{ role: 'user', content: { type: 'resource', resource } }, said('Please process the embedded resource above.')] }
  }
  if (name === 'test_prompt_with_image') {
    const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const
    return { messages: [{ role: 'user', content: image }, said('Please analyze the image above.')] }
  }
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name}`)
}

if (import.meta.main) process.stdout.write(`${startFixtureServer(Number(process.argv[2] ?? 0)).url}\n`)
