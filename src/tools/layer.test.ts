import { afterEach, expect, test } from 'bun:test'
import type { CallEnded, Event } from '../core/events.ts'
import type { ToolIdentity } from '../core/ports.ts'
import type { OutgoingRequest } from '../core/world.ts'
import { compileGuards } from '../stages/guards/compile.ts'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.ts'
import { testMoney } from '../testing/test-money.ts'
import { createTools, type ToolsLayer } from './index.ts'

/** A request that the server got, and the way to answer it. */
interface Got {
  readonly method: string
  readonly id: number | undefined
  readonly headers: Headers
  readonly signal: AbortSignal
  answer(result: object, headers?: Record<string, string>): void
  refuse(status: number, text?: string): void
  /** Answers with a stream of these messages. */
  stream(...messages: readonly object[]): void
}

/** The layer before one server over HTTP, which does what the test says, in a world whose time goes by hand. */
interface Lab {
  readonly world: FakeWorld
  readonly layer: ToolsLayer
  readonly got: Got[]
  /** How calls ended. */
  readonly endings: () => readonly string[]
  /** Answers each request of a method at once from now on. */
  readonly always: Map<string, (got: Got) => void>
}

const NO_GUARDS = compileGuards({}, [], () => [])
const TIMEOUTS = { connectMs: 30_000, callMs: 60_000, totalMs: 900_000, listMs: 2000 }
const GREETING = { protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true } }, serverInfo: { name: 's', version: '1' } }
const TOOLS = { tools: [{ name: 'slow', inputSchema: { type: 'object' } }] }

const labs: Lab[] = []
afterEach(async () => {
  for (const { layer, world } of labs.splice(0)) {
    const closing = layer.close()
    await world.advance(2000)
    await closing
    expect(world.pendingTimers).toBe(0)
  }
})

/** @param first what the server does from the very beginning, where that is not to answer well */
function openLab(first: Readonly<Record<string, (got: Got) => void>> = {}): Lab {
  const got: Got[] = []
  const always = new Map<string, (got: Got) => void>()
  always.set('initialize', (one) =>
    one.answer(GREETING, { 'mcp-session-id': `up-${got.filter(({ method }) => method === 'initialize').length}` }),
  )
  always.set('tools/list', (one) => one.answer(TOOLS))
  for (const [method, act] of Object.entries(first)) always.set(method, act)
  const world = fakeWorld({
    fetch: (_url: string, request: OutgoingRequest) =>
      new Promise((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true })
        if (request.method !== 'POST') {
          resolve(new Response(null, { status: 405 }))
          return
        }
        // What the layer sends is JSON-RPC.
        const { method, id } = JSON.parse(String(request.body)) as { method: string; id?: number }
        const one: Got = {
          ...{ method, id, headers: new Headers(request.headers), signal: request.signal },
          answer: (result, headers = {}) => resolve(Response.json({ jsonrpc: '2.0', id, result }, { headers })),
          refuse: (status, text = '') => resolve(new Response(text, { status })),
          stream: (...messages) => {
            const body = messages.map((message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`).join('')
            resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
          },
        }
        got.push(one)
        if (id === undefined) one.refuse(202)
        else always.get(method)?.(one)
      }),
  })
  const events: Event[] = []
  const server = {
    ...{ name: 's', timeouts: TIMEOUTS, maxPrograms: 1, fingerprint: 'f', credentials: [] },
    place: { type: 'address', address: { url: 'http://server.test/mcp', headers: {} } },
  } as const
  const settings = {
    servers: [server],
    sessions: { max: 3, maxPerKey: 2, idleMs: 60_000 },
    doors: { isLoopback: true, hosts: [], origins: [] },
  }
  const layer = createTools({
    world,
    log: {
      isWritable: true,
      append: async (event) => void events.push(event),
      keep: (event) => void events.push(event),
      countUnrecorded: () => {},
      flush: async () => {},
    },
    live: { add: () => {}, remove: () => {}, list: () => [], abort: () => 0 },
    access: {
      identify: (credential) => ({ organisation: 'o', team: 't', keyId: credential ?? '', labels: {} }),
      mayUseModel: () => false,
      mayUseTool: (_principal: unknown, _tool: ToolIdentity) => true,
      mayUseAgent: () => false,
    },
    bodies: { dropped: 0, put: () => {}, get: async () => undefined, erase: async () => 0 },
    bodyKeeping: { detailFor: () => 'off', maxBytes: () => 0 },
    asks: { note: () => {}, find: () => undefined },
    guards: () => NO_GUARDS,
    money: testMoney(world),
    runner: {
      start: () => {
        throw new Error('No program is started here.')
      },
    },
    version: '0.0.0-test',
    settings: () => settings,
    limits: () => ({ jsonBodyBytes: 1e6, jsonDepth: 100, bodyDeadlineMs: 30_000 }),
    onEnded: () => {},
    note: () => {},
    isOpen: () => true,
    judges: { ask: async () => ({ type: 'clean' }) },
  })
  const endings = () =>
    events
      .filter((event): event is CallEnded => event.type === 'call.ended')
      .map((event) => `${event.action} ${event.errorCode ?? event.outcome}`)
  const lab = { world, layer, got, endings, always }
  labs.push(lab)
  return lab
}

interface Sent {
  readonly method: string
  readonly params?: object
  readonly session?: string
  readonly key?: string
}

async function send({ layer }: Lab, { method, params, session, key = 'k' }: Sent): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'mine', method, ...(params === undefined ? {} : { params }) })
  const answer = await layer.fetch(
    new Request('http://127.0.0.1:4000/mcp', {
      method: 'POST',
      headers: {
        ...{ host: '127.0.0.1:4000', authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...{ accept: 'application/json, text/event-stream', 'content-length': String(body.length) },
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      },
      body,
    }),
  )
  // The layer gives no upgrades.
  return answer as Response
}

const callSlow = (lab: Lab, more: Partial<Sent> = {}) => send(lab, { method: 'tools/call', params: { name: 's__slow' }, ...more })
const DONE = { content: [{ type: 'text', text: 'done' }] }

test('a call that lasts is answered by a stream that shows signs of life, and then by its answer', async () => {
  const lab = openLab()
  await lab.world.settle()
  const answering = callSlow(lab)
  await lab.world.advance(14_000)
  expect(await Promise.race([answering, 'nothing yet'])).toBe('nothing yet')
  await lab.world.advance(2000)
  const response = await answering
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const first = reader?.read()
  await lab.world.advance(16_000)
  expect((await first)?.value).toBe(': keep-alive\n\n')
  lab.got.find(({ method }) => method === 'tools/call')?.answer(DONE)
  await lab.world.settle()
  const said = (await reader?.read())?.value
  expect(said).toBe(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 'mine', result: DONE })}\n\n`)
  expect((await reader?.read())?.done).toBe(true)
  expect(lab.endings()).toEqual(['tools.call ok'])
})

test('silence ends a call at its bound, also one that streams by then, and the server is told', async () => {
  const lab = openLab()
  await lab.world.settle()
  const answering = callSlow(lab)
  await lab.world.advance(16_000)
  const text = (await answering).text()
  await lab.world.advance(60_000)
  expect(await text).toContain('"code":"server_timeout"')
  expect(lab.endings()).toEqual(['tools.call server_timeout'])
  const call = lab.got.find(({ method }) => method === 'tools/call')
  expect(call?.signal.aborted).toBe(true)
  expect(lab.got.at(-1)?.method).toBe('notifications/cancelled')
})

test('a session that the server has forgotten is begun anew, once, and the calls are sent again', async () => {
  const lab = openLab()
  await lab.world.settle()
  let refusals = 0
  lab.always.set('tools/call', (one) => {
    if (one.headers.get('mcp-session-id') === 'up-1') {
      refusals++
      one.refuse(404)
    } else one.answer(DONE)
  })
  const answers = await Promise.all([callSlow(lab, { key: 'a' }), callSlow(lab, { key: 'b' })])
  for (const answer of answers) expect(await answer.text()).toContain('done')
  expect(refusals).toBe(2)
  expect(lab.got.filter(({ method }) => method === 'initialize')).toHaveLength(2)
  expect(lab.endings()).toEqual(['tools.call ok', 'tools.call ok'])
})

test('a server that is away is asked again later and later, and a call fails at once meanwhile', async () => {
  let greetings = 0
  const lab = openLab({
    initialize: (one) => {
      greetings++
      one.refuse(503)
    },
  })
  await lab.world.advance(10_000)
  expect(greetings).toBeGreaterThanOrEqual(4)
  expect(greetings).toBeLessThanOrEqual(8)
  const before = greetings
  expect(await (await callSlow(lab)).text()).toContain('"code":"server_error"')
  expect(greetings).toBe(before)
  lab.always.set('initialize', (one) => one.answer(GREETING))
  await lab.world.advance(31_000)
  lab.always.set('tools/call', (one) => one.answer(DONE))
  expect(await (await callSlow(lab)).text()).toContain('done')
})

test('a list waits for a new server, and not any more for one that did not come', async () => {
  const lab = openLab({ 'tools/list': () => {} })
  const first = send(lab, { method: 'tools/list' })
  await lab.world.advance(1900)
  expect(await Promise.race([first, 'waits'])).toBe('waits')
  await lab.world.advance(200)
  expect(await (await first).json()).toMatchObject({ result: { tools: [] } })
  // No time passes here.
  expect(await (await send(lab, { method: 'tools/list' })).json()).toMatchObject({ result: { tools: [] } })
  lab.got.find(({ method }) => method === 'tools/list')?.answer(TOOLS)
  await lab.world.settle()
  expect(await (await send(lab, { method: 'tools/list' })).json()).toMatchObject({ result: { tools: [{ name: 's__slow' }] } })
})

test('a session ends when it was idle for too long, and when its key begins too many', async () => {
  const lab = openLab()
  await lab.world.settle()
  const params = { protocolVersion: '2025-11-25', capabilities: {} }
  const begin = async (key: string) => (await send(lab, { method: 'initialize', params, key })).headers.get('mcp-session-id') ?? ''
  const isThere = async (session: string, key: string) => (await send(lab, { method: 'ping', session, key })).status === 200
  const idle = await begin('idle')
  const [first, second] = [await begin('busy'), await begin('busy')]
  await lab.world.advance(40_000)
  // Those that are used stay, and of one key the one longest unused makes room.
  expect([await isThere(second, 'busy'), await isThere(first, 'busy')]).toEqual([true, true])
  const third = await begin('busy')
  expect([await isThere(first, 'busy'), await isThere(second, 'busy'), await isThere(third, 'busy')]).toEqual([true, false, true])
  await lab.world.advance(30_000)
  expect([await isThere(idle, 'idle'), await isThere(first, 'busy'), await isThere(third, 'busy')]).toEqual([false, true, true])
})

/** The names that `tools/list` gives now. */
async function listed(lab: Lab): Promise<readonly string[]> {
  // The layer answers with a list of tools.
  const { result } = (await (await send(lab, { method: 'tools/list' })).json()) as { result: { tools: { name: string }[] } }
  return result.tools.map(({ name }) => name)
}

const tellsNow = (lab: Lab, name: string) => lab.always.set('tools/list', (one) => one.answer({ tools: [{ name }] }))

test('a server that says it tells of changes, and offers no stream on which it could, is asked again when its list is old', async () => {
  const lab = openLab()
  await lab.world.settle()
  expect(await listed(lab)).toEqual(['s__slow'])
  tellsNow(lab, 'other')
  await lab.world.advance(59_000)
  expect([await listed(lab), await listed(lab)]).toEqual([['s__slow'], ['s__slow']])
  await lab.world.advance(2000)
  await listed(lab)
  await lab.world.settle()
  expect(await listed(lab)).toEqual(['s__other'])
})

test('a change that a server tells of in the answer to a call is heard, and one without end asks for its list twice a second', async () => {
  const lab = openLab()
  await lab.world.advance(1000)
  const changed = { method: 'notifications/tools/list_changed' }
  lab.always.set('tools/call', (one) => one.stream(...Array.from({ length: 100 }, () => changed), { id: one.id, result: DONE }))
  tellsNow(lab, 'slow')
  const before = lab.got.length
  for (let call = 0; call < 5; call++) expect(await (await callSlow(lab)).text()).toContain('done')
  tellsNow(lab, 'other')
  await lab.world.advance(499)
  expect(lab.got.slice(before).filter(({ method }) => method === 'tools/list')).toHaveLength(1)
  await lab.world.advance(1)
  await lab.world.settle()
  expect(await listed(lab)).toEqual(['s__other'])
  expect(lab.got.slice(before).filter(({ method }) => method === 'tools/list')).toHaveLength(2)
})

test('a list that could not be read anew is read when it is next asked for', async () => {
  const lab = openLab()
  await lab.world.advance(1000)
  lab.always.set('tools/call', (one) => one.stream({ method: 'notifications/tools/list_changed' }, { id: one.id, result: DONE }))
  lab.always.set('tools/list', (one) => one.refuse(500))
  await callSlow(lab)
  await lab.world.settle()
  tellsNow(lab, 'other')
  expect(await listed(lab)).toEqual(['s__slow'])
  await lab.world.settle()
  expect(await listed(lab)).toEqual(['s__other'])
})

test('a list of tools without end is given up long before it fills the memory', async () => {
  const description = 'x'.repeat(2_000_000)
  let pages = 0
  const lab = openLab({
    'tools/list': (one) => one.answer({ tools: [{ name: `t${pages++}`, description }], nextCursor: String(pages) }),
  })
  await lab.world.settle()
  expect(pages).toBe(9)
  expect(await listed(lab)).toEqual([])
  expect(await (await callSlow(lab)).text()).toContain('"code":"server_malformed"')
})
