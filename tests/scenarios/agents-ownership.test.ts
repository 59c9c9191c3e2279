import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/json.ts'
import { fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { answer, answerStream, askAgent, message, rpc, rpcErrorOf, startWithAgent, statusUpdate, task } from './a2a.ts'
import type { Reply } from './ask.ts'
import { withAgent } from './sdk-agent.ts'

/** Whatever names a task. */
const OPERATIONS: readonly [string, (taskId: string) => JsonObject][] = [
  ['GetTask', (id) => rpc('GetTask', { id })],
  ['CancelTask', (id) => rpc('CancelTask', { id })],
  ['SubscribeToTask', (id) => rpc('SubscribeToTask', { id })],
  ['SendMessage', (taskId) => message({ taskId })],
  ['SendStreamingMessage', (taskId) => message({ taskId }, 'SendStreamingMessage')],
  ['SendMessage that refers to it', (taskId) => message({ referenceTaskIds: [taskId] })],
]

/** A reply without what differs from call to call. */
function told(reply: Reply, taskId: string): string {
  return JSON.stringify([reply.status, reply.text]).replaceAll(reply.callId, 'CALL').replaceAll(taskId, 'TASK')
}

/** Answers whatever is asked of a task. */
function answerAs(scenario: Scenario, operation: string, taskId: string): void {
  const isStream = operation.startsWith('Sub') || operation.startsWith('SendStr')
  if (isStream) scenario.upstream.answer(answerStream([{ task: task(taskId) }]))
  else scenario.upstream.answer(operation.startsWith('Send') ? answer({ task: task(taskId) }) : answer(task(taskId)))
}

/** Begins a task as the scenario's own key, and forgets the events. */
async function begin(scenario: Scenario, taskId: string, state = 'TASK_STATE_WORKING'): Promise<void> {
  scenario.upstream.answer(answer({ task: task(taskId, state) }))
  expect((await askAgent(scenario)).status).toBe(200)
  await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed', taskId }, { type: 'call.ended', outcome: 'ok', taskId }])
}

test('a message to a task of one’s own that refers to one of somebody else is refused, and the agent is not asked', async () => {
  await using scenario = await startWithAgent()
  await begin(scenario, 'task-1')
  const { key } = await scenario.newKey({ team: 'support' })
  scenario.upstream.answer(answer({ task: task('task-2', 'TASK_STATE_WORKING', 'context-2') }))
  expect((await askAgent(scenario, { key })).status).toBe(200)
  await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed', taskId: 'task-2' }, { type: 'call.ended', outcome: 'ok' }])
  const reply = await askAgent(scenario, { key, body: message({ taskId: 'task-2', referenceTaskIds: ['task-1'] }) })
  expect(rpcErrorOf(reply)).toMatchObject({ code: -32001, message: expect.stringContaining('task-1') })
  await scenario.expectCall({ outcome: 'refused', errorCode: 'task_not_found' })
  expect(scenario.upstream.requests).toHaveLength(2)
})

describe.each(OPERATIONS)('%s', (operation, ofTask) => {
  test('of a task of one’s own is passed on', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    answerAs(scenario, operation, 'task-1')
    const reply = await askAgent(scenario, { body: ofTask('task-1') })
    expect(reply.text).toContain('"result"')
    expect(scenario.upstream.requests).toHaveLength(2)
    await scenario.expectCall({ outcome: 'ok', taskId: 'task-1' })
  })

  test('of a task of somebody else looks like one of a task that is not there, and the agent is not asked', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    answerAs(scenario, operation, 'task-1')
    // Another team, and another key of the same team.
    for (const team of ['others', 'support']) {
      const { key } = await scenario.newKey({ team })
      const foreign = await askAgent(scenario, { key, body: ofTask('task-1') })
      expect(foreign.status).toBe(200)
      expect(rpcErrorOf(foreign)).toMatchObject({ code: -32001, data: [{ reason: 'TASK_NOT_FOUND', domain: 'a2a-protocol.org' }] })
      await scenario.expectCall({ outcome: 'refused', errorCode: 'task_not_found', rpcErrorCode: -32001, attempts: 0 })
      const missing = await askAgent(scenario, { key, body: ofTask('task-2') })
      expect(told(foreign, 'task-1')).toBe(told(missing, 'task-2'))
      await scenario.expectCall({ outcome: 'refused', errorCode: 'task_not_found' })
    }
    expect(scenario.upstream.requests).toHaveLength(1)
  })
})

test('the keys of one user see the same tasks', async () => {
  await using scenario = await startWithAgent()
  const [first, second] = [await scenario.newKey({ user: 'ann' }), await scenario.newKey({ user: 'ann' })]
  scenario.upstream.answer(answer({ task: task('task-1') }))
  await askAgent(scenario, { key: first.key })
  scenario.upstream.answer(answer(task('task-1')))
  expect((await askAgent(scenario, { key: second.key, body: rpc('GetTask', { id: 'task-1' }) })).json).toMatchObject({
    result: { id: 'task-1' },
  })
})

test('ownership survives a restart, also that of a stream which was never read to its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-owners-'))
  await using agent = await fakeUpstream()
  const config = withAgent(`${agent.origin}/rpc`)
  const keys: string[] = []
  {
    await using scenario = await startScenario({ folder, config, baseUrl: agent.baseUrl })
    keys.push(scenario.key, (await scenario.newKey({ team: 'others' })).key)
    agent.answer(answer({ task: task('task-1') }))
    await askAgent(scenario)
    agent.answer(
      answerStream([{ task: task('task-2', 'TASK_STATE_WORKING') }, statusUpdate('task-2', 'TASK_STATE_WORKING')], {
        cut: { afterFrames: 1, by: 'stall' },
      }),
    )
    const controller = new AbortController()
    const open = askAgent(scenario, { body: message({}, 'SendStreamingMessage'), signal: controller.signal }).catch(() => undefined)
    while (!(await scenario.events()).some((each) => each.type === 'task.claimed' && each.taskId === 'task-2')) await Bun.sleep(2)
    controller.abort()
    await open
  }
  await using scenario = await startScenario({ folder, config, baseUrl: agent.baseUrl })
  const [own = '', foreign = ''] = keys
  for (const id of ['task-1', 'task-2']) {
    agent.answer(answer(task(id)))
    expect((await askAgent(scenario, { key: own, body: rpc('GetTask', { id }) })).json).toMatchObject({ result: { id } })
    expect(rpcErrorOf(await askAgent(scenario, { key: foreign, body: rpc('GetTask', { id }) })).code).toBe(-32001)
  }
  rmSync(folder, { recursive: true, force: true })
})

describe('a conversation', () => {
  test('of somebody else cannot be joined', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    const { key } = await scenario.newKey({ team: 'others' })
    const reply = await askAgent(scenario, { key, body: message({ contextId: 'of-task-1' }) })
    expect(rpcErrorOf(reply).code).toBe(-32001)
    expect(scenario.upstream.requests).toHaveLength(1)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'task_not_found' })
  })

  test('may be begun by whoever names it first', async () => {
    await using scenario = await startWithAgent()
    scenario.upstream.answer(answer({ message: { messageId: 'a', role: 'ROLE_AGENT', parts: [], contextId: 'mine' } }))
    expect((await askAgent(scenario, { body: message({ contextId: 'mine' }) })).status).toBe(200)
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed', contextId: 'mine' },
      { type: 'call.ended', contextId: 'mine' },
    ])
    await askAgent(scenario, { body: message({ contextId: 'mine' }) })
    await scenario.expectCall({ outcome: 'ok' })
  })
})

describe('an agent that mixes up its callers', () => {
  test('is not believed where it answers with a task of somebody else', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    const { key } = await scenario.newKey({ team: 'others' })
    const reply = await askAgent(scenario, { key })
    expect(reply.text).not.toContain('TASK_STATE')
    expect(rpcErrorOf(reply)).toMatchObject({
      code: -32006,
      message: 'Agent researcher answered with a task or context that belongs to another caller.',
    })
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_malformed' })
  })

  test('is not believed where it streams one', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    const { key } = await scenario.newKey({ team: 'others' })
    scenario.upstream.answer(answerStream([{ task: task('task-1') }]))
    const reply = await askAgent(scenario, { key, body: message({}, 'SendStreamingMessage') })
    expect(reply.frames).toHaveLength(1)
    expect(rpcErrorOf(reply).code).toBe(-32006)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_malformed', status: 200 })
  })

  test('is not believed where it answers with another task than was asked for', async () => {
    await using scenario = await startWithAgent()
    await begin(scenario, 'task-1')
    await begin(scenario, 'task-2')
    scenario.upstream.answer(answer(task('task-2')))
    expect(rpcErrorOf(await askAgent(scenario, { body: rpc('GetTask', { id: 'task-1' }) })).code).toBe(-32006)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_malformed' })
  })
})

test('a list holds the caller’s own tasks only, and what the agent says of them beside', async () => {
  await using scenario = await startWithAgent()
  await begin(scenario, 'task-1')
  const { key } = await scenario.newKey({ team: 'others' })
  scenario.upstream.answer(
    answer({
      tasks: [{ ...task('task-1'), generation: 7 }, task('task-9')],
      nextPageToken: 'more',
      pageSize: 50,
      totalSize: 812,
      vendor: true,
    }),
  )
  const body = rpc('ListTasks', {})
  const own = await askAgent(scenario, { body })
  expect(own.json).toEqual({
    ...{ jsonrpc: '2.0', id: 1 },
    result: { tasks: [{ ...task('task-1'), generation: 7 }], nextPageToken: 'more', pageSize: 50, totalSize: 1, vendor: true },
  })
  expect((await askAgent(scenario, { key, body })).json).toMatchObject({ result: { tasks: [], totalSize: 0 } })
})
