import { expect, test } from 'bun:test'
import { Role, type SendMessageResult, type Task, TaskState } from '@a2a-js/sdk'
import { ClientFactory } from '@a2a-js/sdk/client'
import OpenAI from 'openai'
import { startSandboxAgent } from '../../src/app/sandbox/agent.ts'
import type { Gates } from '../../src/app/sandbox/agent-work.ts'
import { startSandboxProvider } from '../../src/app/sandbox/provider.ts'
import { realWorld } from '../../src/platform/world.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const ADD = {
  type: 'function' as const,
  function: {
    name: 'add',
    parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
  },
}
const ECHO = {
  type: 'function' as const,
  function: { name: 'echo', parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } },
}

/** A gateway in front of the sandbox provider, and everything that was started for it. */
async function openSandbox(): Promise<AsyncDisposable & { readonly scenario: Scenario; readonly client: OpenAI }> {
  const provider = startSandboxProvider(realWorld())
  const scenario = await startScenario({
    baseUrl: `http://${provider.address}/v1`,
    config: (baseUrl) => ({
      models: {
        providers: { sandbox: { wire: 'openai-chat', baseUrl } },
        models: [{ name: 'sandbox', provider: 'sandbox', price: { inputPerMillion: 1, outputPerMillion: 1 } }],
      },
    }),
  })
  return {
    scenario,
    client: new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1`, maxRetries: 0 }),
    [Symbol.asyncDispose]: async () => {
      await scenario.close()
      await provider.stop({ force: true })
    },
  }
}

const user = (content: string) => ({ role: 'user' as const, content })

test('the sandbox says that it is no model, the same every time, and reports usage', async () => {
  await using sandbox = await openSandbox()
  const request = { model: 'sandbox', messages: [user('Hello there')] }
  const [first, second] = [await sandbox.client.chat.completions.create(request), await sandbox.client.chat.completions.create(request)]
  expect(first.choices[0]?.message.content).toBe('This is the Signalbox sandbox, not a model. You said: Hello there')
  expect({ ...second, created: 0 }).toEqual({ ...first, created: 0 })
  expect(first.usage?.total_tokens).toBe((first.usage?.prompt_tokens ?? 0) + (first.usage?.completion_tokens ?? 0))
  expect(first.usage?.completion_tokens).toBeGreaterThan(5)
})

test('offered tools, it calls the first, or the one that the user names, with arguments that fit', async () => {
  await using sandbox = await openSandbox()
  const ask = (said: string, more: object = {}) =>
    sandbox.client.chat.completions.create({ model: 'sandbox', messages: [user(said)], tools: [ADD, ECHO], ...more })
  const calledIn = async (pending: ReturnType<typeof ask>) => {
    const [choice] = (await pending).choices
    const [call] = choice?.message.tool_calls ?? []
    return [choice?.finish_reason, call?.type === 'function' ? [call.function.name, call.function.arguments] : undefined]
  }
  expect(await calledIn(ask('Hello'))).toEqual(['tool_calls', ['add', '{"a":1,"b":1}']])
  expect(await calledIn(ask('please echo this'))).toEqual(['tool_calls', ['echo', '{"text":"please echo this"}']])
  const insist = { tool_choice: { type: 'function', function: { name: 'echo' } } }
  expect(await calledIn(ask('Hello', insist))).toEqual(['tool_calls', ['echo', '{"text":"Hello"}']])
  expect(await calledIn(ask('Hello', { tool_choice: 'none' }))).toEqual(['stop', undefined])
  await sandbox.scenario.expectEvents([
    ...[['add'], ['echo'], ['echo'], undefined].flatMap((toolCalls) => [
      { type: 'call.started' as const },
      { type: 'call.ended' as const, outcome: 'ok' as const, toolCalls },
    ]),
  ])
})

test('given the result of a tool, it answers with it', async () => {
  await using sandbox = await openSandbox()
  const call = { id: 'call_1', type: 'function' as const, function: { name: 'add', arguments: '{"a":1,"b":1}' } }
  const completion = await sandbox.client.chat.completions.create({
    model: 'sandbox',
    messages: [user('Add one and one'), { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: '2' }],
    tools: [ADD],
  })
  expect(completion.choices[0]?.message.content).toBe('This is the Signalbox sandbox, not a model. The tool answered: 2')
})

test('streams its tool calls in pieces, many at a time, with usage', async () => {
  await using sandbox = await openSandbox()
  const texts = ['one', 'two', 'three', 'four']
  const streams = texts.map(async (text) => {
    const stream = sandbox.client.chat.completions.stream({
      model: 'sandbox',
      messages: [user(text)],
      tools: [ECHO],
      stream_options: { include_usage: true },
    })
    const { choices, usage } = await stream.finalChatCompletion()
    const [call] = choices[0]?.message.tool_calls ?? []
    expect(usage?.completion_tokens).toBeGreaterThan(0)
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    return call?.type === 'function' ? JSON.parse(call.function.arguments) : undefined
  })
  expect(await Promise.all(streams)).toEqual(texts.map((text) => ({ text })))
})

/** The sandbox agent, and a client of the official SDK for it. */
async function openAgent(gates: Gates, key: string) {
  const agent = startSandboxAgent({ world: realWorld(), gates: () => gates, model: 'sandbox' })
  const client = await new ClientFactory().createFromUrl(`http://${agent.address}`)
  const options = { serviceParameters: { authorization: `Bearer ${key}`, traceparent: TRACEPARENT } }
  const message = (text: string) => ({
    tenant: '',
    configuration: undefined,
    metadata: undefined,
    message: {
      ...{ messageId: 'm1', contextId: '', taskId: '', role: Role.ROLE_USER, metadata: undefined, extensions: [], referenceTaskIds: [] },
      parts: [{ content: { $case: 'text' as const, value: text }, metadata: undefined, filename: '', mediaType: '' }],
    },
  })
  return { agent, client, options, message }
}

function taskOf(result: SendMessageResult): Task {
  if ('artifacts' in result) return result
  throw new Error(`This is no task: ${JSON.stringify(result)}`)
}

const textOf = (task: Task) => task.artifacts[0]?.parts.map(({ content }) => content?.value).join('')

test('the sandbox agent asks the model with the key and in the trace that it was given', async () => {
  await using sandbox = await openSandbox()
  const { scenario } = sandbox
  const { agent, client, options, message } = await openAgent({ models: scenario.dataUrl }, scenario.key)
  try {
    const task = taskOf(await client.sendMessage(message('Hello agent'), options))
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED)
    const said = 'This is the Signalbox sandbox agent. The model says: This is the Signalbox sandbox, not a model. You said: Hello agent'
    expect(textOf(task)).toBe(said)
    await scenario.expectCall({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331', subject: 'sandbox' })
    const kept = await client.getTask({ tenant: '', id: task.id, historyLength: undefined })
    expect(textOf(kept)).toBe(said)
  } finally {
    await agent.stop({ force: true })
  }
})

test('the sandbox agent streams: the task, its artifact, its end', async () => {
  await using sandbox = await openSandbox()
  const { scenario } = sandbox
  const { agent, client, options, message } = await openAgent({ models: scenario.dataUrl }, scenario.key)
  try {
    const kinds: (string | undefined)[] = []
    for await (const event of client.sendMessageStream(message('Hello'), options)) kinds.push(event.payload?.$case)
    expect(kinds).toEqual(['task', 'artifactUpdate', 'statusUpdate'])
  } finally {
    await agent.stop({ force: true })
  }
})

test('the sandbox agent says what a gateway refused', async () => {
  await using sandbox = await openSandbox()
  const { agent, client, options, message } = await openAgent({ models: sandbox.scenario.dataUrl }, 'sb_wrong')
  try {
    const task = taskOf(await client.sendMessage(message('Hello'), options))
    expect(task.status?.state).toBe(TaskState.TASK_STATE_FAILED)
    expect(JSON.stringify(task.status)).toContain('the models gateway answered 401: This key is not known here.')
  } finally {
    await agent.stop({ force: true })
  }
})
