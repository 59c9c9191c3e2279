import { expect, test } from 'bun:test'
import { type Answer, type FakeUpstream, fakeUpstream, streamReply } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { chanceFor } from './lab/chance.ts'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'
import { MANNERS, POINTS, vanish } from './lab/vanishing-client.ts'

const CLIENTS = 500
const AT_ONE_TIME = 100
/** Connections of the control API; a leak of one a client would be many times that. */
const SPARE_FILES = 20
const SPARE_MB = 40
const EVENTS = 30

const ASKS = {
  path: '/a2a/researcher',
  headers: ['a2a-version: 1.0'],
  body: {
    ...{ jsonrpc: '2.0', id: 1, method: 'SendStreamingMessage' },
    params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Hello. '.repeat(200) }] } },
  },
}

/** A third of a second of a task that works, and its end. */
function slowTask(): Answer {
  let tasks = 0
  return (request) => {
    const id = `task-${++tasks}`
    const event = (result: object) => `data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result })}\n\n`
    const status = (state: string) => event({ statusUpdate: { taskId: id, contextId: id, status: { state } } })
    const frames = Array.from({ length: EVENTS }, (_, at) => status(at === EVENTS - 1 ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_WORKING'))
    return streamReply({ frames, pauseMs: 10 })(request)
  }
}

test('500 clients that vanish at any point of their streams from an agent leave nothing behind', async () => {
  const chance = chanceFor('vanishing clients of agents')
  await using agent = await fakeUpstream(slowTask())
  const config = {
    models: undefined,
    agents: { agents: { researcher: { url: `${agent.origin}/rpc` } } },
    access: { teams: { support: { agents: ['researcher'] } } },
  }
  await using lab = await openLab({ baseUrl: agent.baseUrl, config })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const send = async () => {
    let left = CLIENTS
    const member = async () => {
      while (left-- > 0) {
        const [point, manner] = [chance.pick(POINTS), chance.pick(MANNERS)]
        await vanish({ point, manner, port: gateway.port, key, isStream: true, chance, asks: ASKS })
      }
    }
    await inTime('the clients', Promise.all(Array.from({ length: AT_ONE_TIME }, member)), 60_000)
    await until('no call is left', async () => (await gateway.liveCalls()) === 0)
    await until('the agent serves nobody', () => agent.requests.every(({ isAnswered, left }) => isAnswered || left !== undefined))
    await pause(300)
  }

  // The first ones make what is made once and kept.
  await send()
  const before = { files: filesInUse(gateway, agent), memoryMb: gateway.residentMb }
  await send()
  await until('no connection is left', () => filesInUse(gateway, agent) <= before.files + SPARE_FILES)
  await until('memory is as before', () => gateway.residentMb <= before.memoryMb + SPARE_MB)

  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'a2a-version': '1.0' }
  const stays = await fetch(`${gateway.origin}${ASKS.path}`, { method: 'POST', headers, body: JSON.stringify(ASKS.body) })
  expect((await stays.text()).split('\n\n')).toHaveLength(EVENTS + 1)

  const { problems, ended, endedOf, verification } = await readSettledBooks(lab.dataFolder)
  expect(problems).toEqual([])
  expect(verification.type).toBe('intact')
  // Every call that reached the agent is in the log, with one attempt (a client may be gone while it connects), and none whose client left is a success.
  const reached = agent.requests.filter(({ method }) => method === 'POST')
  expect(reached.length).toBeGreaterThan(CLIENTS)
  expect(reached.map((request) => endedOf(request.header('traceparent')?.split('-')[1] ?? '')?.attempts)).toEqual(reached.map(() => 1))
  expect(ended.filter(({ outcome }) => outcome === 'ok')).toHaveLength(1)
  expect(ended.filter(({ outcome }) => outcome === 'broken')).toEqual([])
}, 120_000)

/** Descriptors of the gateway, less its connections to the agent that are kept for the next call: those are no leak. */
function filesInUse(gateway: GatewayProcess, agent: FakeUpstream): number {
  return gateway.openFiles - agent.openConnections
}
