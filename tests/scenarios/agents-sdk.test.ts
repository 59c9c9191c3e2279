import { describe, expect, test } from 'bun:test'
import { Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import { TaskNotFoundError } from '@a2a-js/sdk/errors'
import { fakeUpstream, streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { gather, say, sdkAgent, sdkClient, withAgent } from './sdk-agent.ts'

const BY_ID = { tenant: '', historyLength: undefined, metadata: undefined }

/** Client and agent, after the card was fetched. */
async function connect(scenario: Scenario) {
  const client = await sdkClient(scenario.dataUrl, scenario.key)
  await scenario.expectCall({ action: 'agents.card', outcome: 'ok' })
  return client
}

/** A task, where the answer is one. */
function taskOf(answer: object): Task {
  if (!('status' in answer)) throw new Error('The answer is no task.')
  // Only a task has a status of its own.
  return answer as Task
}

function kinds(events: readonly StreamResponse[]): readonly (string | undefined)[] {
  return events.map(({ payload }) => payload?.$case)
}

describe('the official A2A client, through the gateway, to an official A2A agent', () => {
  test('finds the agent by the card that the gateway serves, and gets a message', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const answer = await client.sendMessage(say('message'))
    expect(answer).toMatchObject({ role: Role.ROLE_AGENT, parts: [{ content: { $case: 'text', value: 'A message.' } }] })
    await scenario.expectEvents([
      { type: 'call.started', layer: 'agents', action: 'agents.send', subject: 'researcher', wire: 'a2a' },
      { type: 'task.claimed', agent: 'researcher', taskId: undefined },
      { type: 'call.ended', action: 'agents.send', outcome: 'ok', status: 200, attempts: 1, provider: 'researcher', isUnpriced: undefined },
    ])
  })

  test('gets a task, and asks for it again', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const task = taskOf(await client.sendMessage(say('work')))
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    const { id: taskId, contextId } = task
    await scenario.expectEvents([
      { type: 'call.started', action: 'agents.send' },
      { type: 'task.claimed', taskId, contextId, principal: { team: 'support' } },
      { type: 'call.ended', outcome: 'ok', taskId, contextId, finishReason: 'TASK_STATE_COMPLETED' },
    ])
    expect(await client.getTask({ ...BY_ID, id: taskId })).toMatchObject({ id: taskId, artifacts: [{ artifactId: 'a' }] })
    await scenario.expectCall({ action: 'agents.get_task', outcome: 'ok', taskId })
  })

  test('streams a task to its end', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const events = await gather(client.sendMessageStream(say('work')))
    expect(kinds(events)).toEqual(['task', 'artifactUpdate', 'statusUpdate'])
    await scenario.expectEvents([
      { type: 'call.started', action: 'agents.stream' },
      { type: 'task.claimed' },
      { type: 'call.ended', action: 'agents.stream', outcome: 'ok', isStream: true, finishReason: 'TASK_STATE_COMPLETED' },
    ])
  })

  test('streams a message', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    expect(kinds(await gather(client.sendMessageStream(say('message'))))).toEqual(['message'])
    await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed' }, { type: 'call.ended', outcome: 'ok', isStream: true }])
  })

  test('subscribes to a task that runs, and cancels it', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const stream = client.sendMessageStream(say('wait'))[Symbol.asyncIterator]()
    const first = await stream.next()
    const payload = first.value?.payload
    const id = payload?.$case === 'task' ? payload.value.id : ''
    const second = client.resubscribeTask({ tenant: '', id })[Symbol.asyncIterator]()
    const again = await second.next()
    expect(again.value?.payload).toMatchObject({ $case: 'task', value: { id } })
    const cancelled = await client.cancelTask({ tenant: '', id, metadata: undefined })
    expect(cancelled.id).toBe(id)
    expect(agent.cancelled).toEqual([id])
    for (const rest of [stream, second]) while (!(await rest.next()).done) {}
    const ended = (action: string) => ({ type: 'call.ended' as const, action, outcome: 'ok' as const, taskId: id })
    const events = await scenario.expectEvents([
      ...[
        { type: 'call.started' as const },
        { type: 'task.claimed' as const },
        { type: 'call.started' as const },
        { type: 'call.started' as const },
      ],
      ...[{ type: 'call.ended' as const }, { type: 'call.ended' as const }, { type: 'call.ended' as const }],
    ])
    const actions = events.flatMap((event) => (event.type === 'call.ended' ? [ended(event.action)] : []))
    expect(events.filter(({ type }) => type === 'call.ended')).toMatchObject(actions)
    expect(actions.map(({ action }) => action).sort()).toEqual(['agents.cancel_task', 'agents.stream', 'agents.subscribe'])
  })

  test('answers what the agent asks, in the same task', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const events = await gather(client.sendMessageStream(say('ask')))
    const payload = events[0]?.payload
    const { id: taskId, contextId } = payload?.$case === 'task' ? payload.value : { id: '', contextId: '' }
    const task = taskOf(await client.sendMessage(say('work', { taskId, contextId })))
    expect(task).toMatchObject({ id: taskId, status: { state: TaskState.TASK_STATE_COMPLETED } })
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed', taskId },
      { type: 'call.ended', outcome: 'ok', finishReason: 'TASK_STATE_INPUT_REQUIRED' },
      { type: 'call.started', action: 'agents.send' },
      { type: 'call.ended', outcome: 'ok', taskId, contextId },
    ])
  })

  test('lists its own tasks and no others', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const other = await scenario.newKey({ team: 'others' })
    const client = await connect(scenario)
    const own = taskOf(await client.sendMessage(say('work')))
    await (await sdkClient(scenario.dataUrl, other.key)).sendMessage(say('work'))
    const listed = await client.listTasks({
      ...{ tenant: '', contextId: '', status: TaskState.TASK_STATE_UNSPECIFIED, pageSize: 50, pageToken: '', historyLength: undefined },
      ...{ statusTimestampAfter: undefined, includeArtifacts: false },
    })
    expect(listed.tasks.map(({ id }) => id)).toEqual([own.id])
    expect(listed.totalSize).toBe(1)
  })

  test('is told of its mistakes in the errors that it knows', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const missing = client.getTask({ ...BY_ID, id: 'nothing' })
    expect(await missing.catch((thrown: unknown) => thrown instanceof TaskNotFoundError)).toBe(true)
    await scenario.expectCall({
      action: 'agents.get_task',
      outcome: 'refused',
      errorCode: 'task_not_found',
      status: 200,
      rpcErrorCode: -32001,
    })
    expect(agent.asked).toHaveLength(0)
  })
})

describe('the official client, where a stream', () => {
  test('is refused, is told why', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url) })
    const client = await connect(scenario)
    const refused = gather(client.resubscribeTask({ tenant: '', id: 'nothing' }))
    expect(await refused.catch((thrown: unknown) => thrown instanceof TaskNotFoundError)).toBe(true)
    await scenario.expectCall({ action: 'agents.subscribe', outcome: 'refused', errorCode: 'task_not_found' })
  })

  test('breaks off, is told so, and does not take it for the end', async () => {
    await using agent = await fakeUpstream()
    await using scenario = await startScenario({ config: withAgent(`${agent.origin}/rpc`) })
    const { origin } = agent
    const interfaces = [{ url: `${origin}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }]
    const shown = { description: '', version: '1', capabilities: { streaming: true }, defaultInputModes: [], defaultOutputModes: [] }
    agent.answer((request) => {
      if (request.method === 'GET')
        return wholeReply({ body: { name: 'R', supportedInterfaces: interfaces, skills: [], ...shown } })(request)
      const { id } = request.jsonObject()
      const working = { task: { id: 'task-1', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } } }
      return streamReply({ frames: [':\n\n', `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: working })}\n\n`] })(request)
    })
    const client = await connect(scenario)
    const events: StreamResponse[] = []
    const reading = (async () => {
      for await (const event of client.sendMessageStream(say('work'))) events.push(event)
    })()
    await expect(reading).rejects.toThrow(/ended the stream while its task was in state TASK_STATE_WORKING/)
    expect(kinds(events)).toEqual(['task'])
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed' },
      { type: 'call.ended', outcome: 'broken', errorCode: 'agent_truncated' },
    ])
  })
})

describe('what the agent is sent', () => {
  test('is the trace, the version, the operator’s credential, and nothing of the caller’s', async () => {
    await using agent = await sdkAgent()
    await using scenario = await startScenario({ config: withAgent(agent.url, { headers: { 'x-api-key': 'env:FAKE_PROVIDER_KEY' } }) })
    await (await connect(scenario)).sendMessage(say('message'), { serviceParameters: { 'A2A-Extensions': 'https://example.com/ext' } })
    const [headers] = agent.asked
    expect(headers?.get('x-api-key')).toBe(FAKE_PROVIDER_KEY)
    expect(headers?.get('authorization')).toBe(null)
    expect(headers?.get('a2a-version')).toBe('1.0')
    expect(headers?.get('a2a-extensions')).toBe('https://example.com/ext')
    const [started] = await scenario.expectEvents([{ type: 'call.started' }, { type: 'task.claimed' }, { type: 'call.ended' }])
    if (started?.type !== 'call.started') throw new Error('no start')
    expect(headers?.get('traceparent')).toBe(`00-${started.traceId}-${started.spanId}-01`)
  })

  test('is the caller’s own key too, where the configuration says so, and where it is good', async () => {
    await using agent = await sdkAgent()
    const config = withAgent(agent.url, { forwardKey: true })
    await using scenario = await startScenario({
      config: { ...config, agents: { ...Object(config.agents), models: 'http://127.0.0.1:9/' } },
    })
    await (await connect(scenario)).sendMessage(say('message'))
    expect(agent.asked[0]?.get('authorization')).toBe(`Bearer ${scenario.key}`)
    expect(agent.asked[0]?.get('x-signalbox-models')).toBe('http://127.0.0.1:9')
  })
})
