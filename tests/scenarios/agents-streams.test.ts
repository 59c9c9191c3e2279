import { describe, expect, test } from 'bun:test'
import { type Gate, gate } from '../../src/testing/fake-upstream.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import {
  answer,
  answerStream,
  askAgent,
  event,
  message,
  openAgent,
  result,
  rpc,
  rpcErrorOf,
  startWithAgent,
  statusUpdate,
  task,
} from './a2a.ts'

const STREAM = message({}, 'SendStreamingMessage')
const WORKING = { task: task('task-1', 'TASK_STATE_WORKING') }
const DONE = statusUpdate('task-1', 'TASK_STATE_COMPLETED')
const CLAIMED = [{ type: 'call.started' }, { type: 'task.claimed', taskId: 'task-1' }] as const

/** The agent sends one event, and the last one when the gate is opened. */
function answerInTwo(scenario: Scenario): Gate {
  const door = gate()
  scenario.upstream.answer(answerStream([WORKING, DONE], { before: { 1: door.step } }))
  return door
}

/** The next piece of a body, as text; undefined at its end. */
function pieces(response: Response): () => Promise<string | undefined> {
  const reader = response.body?.getReader()
  return async () => {
    const read = await reader?.read()
    return read?.value === undefined ? undefined : new TextDecoder().decode(read.value)
  }
}

describe('a stream', () => {
  test('is passed on event by event, as they come', async () => {
    await using scenario = await startWithAgent()
    const door = answerInTwo(scenario)
    const next = pieces(await openAgent(scenario))
    // The agent has not sent the second one yet.
    expect(await next()).toBe(event(WORKING))
    door.open()
    expect(await next()).toBe(event(DONE))
    expect(await next()).toBe(undefined)
    await scenario.expectEvents([...CLAIMED, { type: 'call.ended', outcome: 'ok', finishReason: 'TASK_STATE_COMPLETED' }])
  })

  test('has its head soon, also where the agent is quiet, and a comment where an event would be', async () => {
    await using scenario = await startWithAgent()
    const door = gate()
    scenario.upstream.answer(answerStream([WORKING, DONE], { before: { 0: door.step } }))
    const response = await openAgent(scenario)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const next = pieces(response)
    expect(await next()).toBe(':\n\n')
    door.open()
    let rest = ''
    for (let more = await next(); more !== undefined; more = await next()) rest += more
    expect(rest).toBe(event(WORKING) + event(DONE))
    await scenario.expectEvents([...CLAIMED, { type: 'call.ended', outcome: 'ok' }])
  })

  test.each([
    ['before the first event', 0],
    ['after the first event', 1],
  ])('whose client leaves %s is not read on from the agent', async (_when, read) => {
    await using scenario = await startWithAgent()
    const door = gate()
    scenario.upstream.answer(answerStream([WORKING, DONE], { before: { [read]: door.step } }))
    const controller = new AbortController()
    const opening = openAgent(scenario, { signal: controller.signal })
    const asked = await scenario.upstream.received(1)
    if (read === 1) await pieces(await opening)()
    controller.abort()
    await opening.catch(() => {})
    await asked.whenLeft
    const claims = read === 1 ? [{ type: 'task.claimed' as const }] : []
    await scenario.expectEvents([
      { type: 'call.started' },
      ...claims,
      { type: 'call.ended', outcome: 'cancelled', errorCode: 'client_closed', errorSource: 'caller' },
    ])
    // The task is the agent's and goes on: nothing but the message was sent.
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('of a client that leaves after the final event is a success', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answerStream([WORKING, DONE], { cut: { afterFrames: 2, by: 'stall' } }))
    const controller = new AbortController()
    const next = pieces(await openAgent(scenario, { signal: controller.signal }))
    for (let seen = ''; !seen.includes('COMPLETED'); ) seen += await next()
    controller.abort()
    await scenario.expectEvents([...CLAIMED, { type: 'call.ended', outcome: 'ok' }])
  })

  test('ends, told in the protocol, when its key is revoked', async () => {
    await using scenario = await startWithAgent()
    const { id, key } = await scenario.newKey()
    answerInTwo(scenario)
    const response = await openAgent(scenario, { key })
    const next = pieces(response)
    expect(await next()).toBe(event(WORKING))
    expect((await scenario.control('DELETE', `/api/v1/keys/${id}`)).status).toBe(200)
    const last = await next()
    expect(last).toContain('"code":"key_revoked"')
    expect(await next()).toBe(undefined)
    await (await scenario.upstream.received(1)).whenLeft
  })

  test('ends, told in the protocol, when the gateway stops', async () => {
    await using scenario = await startWithAgent({}, { shutdown: { drain: '1ms' } })
    answerInTwo(scenario)
    const next = pieces(await openAgent(scenario))
    expect(await next()).toBe(event(WORKING))
    const stopping = scenario.shutDown()
    expect(await next()).toContain('"code":"shutting_down"')
    await stopping
  })
})

test('a call whose client leaves is given up at the agent', async () => {
  await using scenario = await startWithAgent()
  const door = gate()
  scenario.upstream.answer(() => [door.step])
  const controller = new AbortController()
  const asking = askAgent(scenario, { signal: controller.signal }).catch(() => 'left')
  const asked = await scenario.upstream.received(1)
  controller.abort()
  expect(await asking).toBe('left')
  await asked.whenLeft
  await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', attempts: 1 })
})

test('many calls with one id at one time get each its own answer', async () => {
  await using scenario = await startWithAgent()
  scenario.upstream.answer((request) => {
    const { params } = request.jsonObject()
    const text = JSON.stringify(params).match(/number-\d+/)?.[0] ?? ''
    return [{ type: 'pause', ms: Number(text.slice(7)) % 7 }, ...answer({ task: task(text) })(request)]
  })
  const ask = (number: number) => askAgent(scenario, { body: message({ parts: [{ text: `number-${number}` }] }) })
  const replies = await Promise.all(Array.from({ length: 50 }, (_, number) => ask(number)))
  expect(replies.map(({ json }) => json)).toEqual(replies.map((_, number) => result({ task: task(`number-${number}`) })))
})

describe('a configuration that changes while a stream runs', () => {
  test.each<[string, (baseUrl: string) => object]>([
    ['removes its agent', () => ({})],
    ['sends it elsewhere', () => ({ researcher: { url: 'http://127.0.0.1:9/rpc' } })],
    ['adds another', (baseUrl) => ({ researcher: { url: `${baseUrl}/rpc` }, writer: { url: `${baseUrl}/writer` } })],
  ])('and %s: the stream goes on as it began, and new calls find the new agents', async (_what, agents) => {
    await using scenario = await startWithAgent()
    const door = answerInTwo(scenario)
    const next = pieces(await openAgent(scenario))
    expect(await next()).toBe(event(WORKING))
    const { baseUrl } = scenario.upstream
    const present = agents(baseUrl)
    const access = { teams: { support: { agents: ['*'] } } }
    expect((await scenario.reconfigure({ agents: { agents: present }, access })).status).toBe(200)
    const names = Object.keys(present)
    scenario.upstream.answer(answer({ task: task('task-2') }))
    const unknown = await askAgent(scenario, { path: '/a2a/nobody' })
    expect(rpcErrorOf(unknown).message).toContain(
      names.length === 0 ? 'none of the configured agents' : `The key may use: ${names.join(', ')}.`,
    )
    if (names.includes('writer')) {
      const reply = await askAgent(scenario, { path: '/a2a/writer' })
      expect(reply.json).toMatchObject({ result: { task: { id: 'task-2' } } })
      expect(scenario.upstream.requests.at(-1)?.path).toBe('/v1/writer')
    }
    door.open()
    expect(await next()).toBe(event(DONE))
    expect(await next()).toBe(undefined)
  })

  test('and takes the grant away: the next call is refused, also for a task of one’s own', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answer({ task: task('task-1') }))
    await askAgent(scenario)
    const researcher = { url: `${scenario.upstream.baseUrl}/rpc` }
    await scenario.reconfigure({ agents: { agents: { researcher } }, access: { teams: { support: {} } } })
    const reply = await askAgent(scenario, { body: rpc('GetTask', { id: 'task-1' }) })
    expect([reply.status, rpcErrorOf(reply).data[0].reason]).toEqual([403, 'AGENT_NOT_ALLOWED'])
    expect(scenario.upstream.requests).toHaveLength(1)
  })
})

test('a message that streams is refused like any other: with one answer, and no stream', async () => {
  await using scenario = await startWithAgent()
  const { key } = await scenario.newKey({ team: 'nobody' })
  const reply = await askAgent(scenario, { key, body: STREAM })
  expect([reply.status, reply.headers.get('content-type')]).toEqual([403, 'application/json'])
  expect(rpcErrorOf(reply).data[0].metadata).toMatchObject({ code: 'agent_not_allowed' })
})
