import { expect, test } from 'bun:test'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { type Lab, openLab } from './lab/lab.ts'
import { processesOf, toolProgram } from './lab/tool-program.ts'
import { inTime, until } from './lab/until.ts'

const SESSIONS = 1000
const KILLED = 200
/** Connections that clients keep open, and the files of the thread for checkpoints; a leak of one a session would be many times that. */
const SPARE_FILES = 20
/** What the collector may not have given back yet: a leak of 20 kB a session would be as much. */
const SPARE_MB = 20
const AT_ONE_TIME = 20

interface Said {
  readonly status: number
  readonly text: string
  readonly session: string | null
}

/** What speaks MCP with one gateway. */
interface Caller {
  readonly gateway: GatewayProcess
  readonly key: string
}

function openToolsLab(servers: object, more: object = {}): Promise<Lab> {
  return openLab({
    baseUrl: 'http://127.0.0.1:9/v1',
    config: {
      models: undefined,
      tools: { servers, timeouts: { call: '5s', list: '5s', connect: '5s' }, ...more },
      access: { teams: { support: { tools: { default: 'allow' } } } },
    },
  })
}

async function start(lab: Lab): Promise<Caller> {
  const gateway = await lab.gateway()
  return { gateway, key: (await gateway.createKey()).key }
}

async function say({ gateway, key }: Caller, message: { path?: string; session?: string; method?: string; body?: object }): Promise<Said> {
  const { path = '/mcp', session, method = 'POST', body } = message
  const response = await fetch(`${gateway.origin}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify({ jsonrpc: '2.0', ...body }) }),
  })
  return { status: response.status, text: await response.text(), session: response.headers.get('mcp-session-id') }
}

const INTRODUCTION = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'chaos', version: '1' } }

async function begin(caller: Caller, path = '/mcp'): Promise<string> {
  const said = await say(caller, { path, body: { id: 0, method: 'initialize', params: INTRODUCTION } })
  expect([said.status, said.session]).toEqual([200, expect.any(String)])
  return said.session ?? ''
}

function call(caller: Caller, name: string, where: { path?: string; session?: string } = {}): Promise<Said> {
  return say(caller, { ...where, body: { id: 1, method: 'tools/call', params: { name, arguments: {} } } })
}

/** The process that answered. */
function pidIn({ status, text }: Said): number {
  expect(status).toBe(200)
  const [, pid] = /"text":"(\d+)"/.exec(text) ?? []
  if (pid === undefined) throw new Error(`No process answered: ${text}`)
  return Number(pid)
}

async function crowd(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const member = async () => {
    for (let index = next++; index < count; index = next++) await act(index)
  }
  await inTime('the crowd', Promise.all(Array.from({ length: AT_ONE_TIME }, member)), 30_000)
}

/** One session in ten has a program of its own, one in five a stream; half of them end in good order, the others are left behind. */
async function live(caller: Caller, index: number): Promise<void> {
  const path = index % 10 === 0 ? '/mcp/own' : '/mcp'
  const session = await begin(caller, path)
  if (index % 5 === 0) await openStream(caller, path, session)
  const said = await call(caller, path === '/mcp' ? 'shared__pid' : 'pid', { path, session })
  // Where many want one of the few programs, another may have taken it meanwhile.
  if (said.status !== 404) pidIn(said)
  if (index % 2 === 0) await say(caller, { path, session, method: 'DELETE' })
}

/** Opens the stream of a session, and goes away while it is open. */
async function openStream({ gateway, key }: Caller, path: string, session: string): Promise<void> {
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream', 'mcp-session-id': session }
  const response = await fetch(`${gateway.origin}${path}`, { headers, signal: leave.signal })
  if (response.status !== 404) expect(response.status).toBe(200)
  await response.body?.getReader().read()
  leave.abort()
}

test('1,000 sessions leave nothing behind: no process, no descriptor, no memory', async () => {
  const mark = `sessions-${process.pid}`
  const servers = { shared: toolProgram(mark), own: { ...toolProgram(mark), programs: 30 } }
  await using lab = await openToolsLab(servers, { sessions: { idle: '1s', perKey: 5000 } })
  const caller = await start(lab)
  const { gateway } = caller
  const atRest = async () => {
    // Sessions that were left behind go when they were idle for a second; they are looked for every five.
    await until('only the shared servers are left', () => processesOf(mark).length <= processesAtRest)
    await until('no call is left', async () => (await gateway.liveCalls()) === 0)
  }
  pidIn(await call(caller, 'shared__pid'))
  pidIn(await call(caller, 'own__pid'))
  const processesAtRest = processesOf(mark).length
  // The first ones make what is made once and kept.
  await crowd(SESSIONS / 4, (index) => live(caller, index))
  await atRest()
  const before = { files: gateway.openFiles, memoryMb: gateway.residentMb, processes: processesOf(mark).length }
  await crowd(SESSIONS, (index) => live(caller, index))
  await atRest()
  await until('no descriptor is left', () => gateway.openFiles <= before.files + SPARE_FILES)
  await until('memory is as before', () => gateway.residentMb <= before.memoryMb + SPARE_MB)
  const after = { files: gateway.openFiles, memoryMb: gateway.residentMb, processes: processesOf(mark).length }
  expect(after.processes).toBe(before.processes)
  console.error(`sessions: ${JSON.stringify({ before, after })}`)
}, 90_000)

test('200 servers that are killed, in mid-call and between calls, are each there again, and leave nothing behind', async () => {
  const mark = `killed-${process.pid}`
  await using lab = await openToolsLab({ shared: toolProgram(mark) })
  const caller = await start(lab)
  const { gateway } = caller
  const session = await begin(caller, '/mcp/shared')
  const own = { path: '/mcp/shared', session }
  const round = async (index: number) => {
    const [where, prefix] = index % 2 === 0 ? [{}, 'shared__'] : [own, '']
    const pid = pidIn(await call(caller, `${prefix}pid`, where))
    if (index % 4 < 2) {
      expect((await call(caller, `${prefix}die`, where)).text).toContain('"code":"server_exited"')
    } else {
      process.kill(pid, 'SIGKILL')
      // That it is gone is known a moment later; until then a call may meet it, and is told so.
      await until('it is there again', async () => (await call(caller, `${prefix}pid`, where)).text.includes('"content"'))
    }
    expect(pidIn(await call(caller, `${prefix}pid`, where))).not.toBe(pid)
  }
  for (let index = 0; index < 20; index++) await round(index)
  const before = { files: gateway.openFiles, memoryMb: gateway.residentMb, processes: processesOf(mark).length }
  for (let index = 0; index < KILLED; index++) await round(index)
  await until('the killed are gone', () => processesOf(mark).length <= before.processes)
  await until('no descriptor is left', () => gateway.openFiles <= before.files + SPARE_FILES)
  await until('memory is as before', () => gateway.residentMb <= before.memoryMb + SPARE_MB)
  const after = { files: gateway.openFiles, memoryMb: gateway.residentMb, processes: processesOf(mark).length }
  console.error(`killed: ${JSON.stringify({ before, after })}`)
}, 60_000)

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s of the gateway leaves no server behind, however stubborn, nor what that has started',
  async (signal) => {
    const mark = `${signal}-${process.pid}`
    await using lab = await openToolsLab({ good: toolProgram(mark), stubborn: toolProgram(mark, 'stubborn') })
    const caller = await start(lab)
    for (const server of ['good', 'stubborn']) {
      pidIn(await call(caller, `${server}__pid`))
      const path = `/mcp/${server}`
      pidIn(await call(caller, 'pid', { path, session: await begin(caller, path) }))
    }
    expect(processesOf(mark).length).toBeGreaterThan(6)
    caller.gateway.signal(signal)
    await inTime('the end of the gateway', caller.gateway.exited)
    await until('no server is left', () => processesOf(mark).length === 0)
  },
  30_000,
)
