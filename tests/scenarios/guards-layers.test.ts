import { describe, expect, test } from 'bun:test'
import { streamReply, wholeReply } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { answer, answerStream, askAgent, message, rpcErrorOf, startWithAgent, statusUpdate, task } from './a2a.ts'
import { endedCall } from './ask.ts'
import { begin, expectRpcError, FAULTS, post, request, say, textOf, toolCall, withServers } from './mcp.ts'

const MAIL = 'ada@example.com'

function withGuards(guards: object) {
  return { ...withServers({ faults: { command: FAULTS } }), guards }
}

describe('guards on tools', () => {
  test('redact arguments, keys of them too, and put the values back into the result', async () => {
    await using scenario = await startScenario({ config: withGuards({ pii: { on: { tools: ['faults__*'] }, phases: ['toolArguments'] } }) })
    const reply = await say(scenario, { path: '/mcp/faults', body: toolCall('echo', { message: `for ${MAIL}`, [MAIL]: 1.0 }) })
    expect(JSON.parse(textOf(reply))).toMatchObject({ arguments: { message: `for ${MAIL}`, [MAIL]: 1 } })
    expect(await endedCall(scenario, reply.callId)).toMatchObject({
      outcome: 'ok',
      guards: [{ guard: 'pii', phase: 'toolArguments', did: 'redacted', kinds: { EMAIL: 2 } }],
    })
  })

  test('redact results', async () => {
    await using scenario = await startScenario({ config: withGuards({ pii: { on: 'all', phases: ['toolResults'] } }) })
    const reply = await say(scenario, { path: '/mcp/faults', body: toolCall('echo', { message: `for ${MAIL}` }) })
    expect(JSON.parse(textOf(reply))).toMatchObject({ arguments: { message: 'for [EMAIL]' } })
    expect(reply.text).not.toContain(MAIL)
  })

  test('see what is divided between the parts of a result, and what its escapes stand for', async () => {
    await using scenario = await startScenario({ config: withGuards({ pii: { on: 'all', phases: ['toolResults'] } }) })
    const blocks = async (...parts: readonly string[]) => {
      const { last } = await say(scenario, { path: '/mcp/faults', body: toolCall('in_parts', { parts }) })
      return (last.result as { readonly content: readonly { readonly text: string }[] }).content.map(({ text }) => text)
    }
    expect(await blocks('Write to ada@exa', 'mple.com now.')).toEqual(['Write to [EMAIL]', '[EMAIL] now.'])
    const plain = '{"of":"caf\\u00e9"}'
    expect(await blocks('{"to":"ada\\u0040example.com","of":"caf\\u00e9"}', plain)).toEqual(['{"to":"[EMAIL]","of":"café"}', plain])
  })

  test('refuse arguments, results and names', async () => {
    const guards = {
      pii: { on: 'all', action: 'block', phases: ['toolArguments'] },
      secrets: { on: 'all', phases: ['toolResults'] },
      toolNames: { on: 'all', deny: ['faults__drop'] },
    }
    await using scenario = await startScenario({ config: withGuards(guards) })
    const refused = await say(scenario, { path: '/mcp/faults', body: toolCall('echo', { message: `for ${MAIL}` }) })
    expect(expectRpcError(refused, { rpc: -32000, code: 'guard_blocked' })).toBe(
      'The guard "pii" refused this call: it found EMAIL in params.arguments.message.',
    )
    const secret = `ghp_${'a1B2'.repeat(9)}`
    const leaked = await say(scenario, { path: '/mcp/faults', body: toolCall('echo', { message: secret }) })
    expect(expectRpcError(leaked, { rpc: -32000, code: 'guard_blocked' })).toBe(
      'The guard "secrets" refused this call: it found GITHUB_TOKEN in the reply.',
    )
    expect(leaked.text).not.toContain(secret)
    const named = await say(scenario, { path: '/mcp/faults', body: toolCall('drop') })
    expect(expectRpcError(named, { rpc: -32000, code: 'guard_blocked' })).toContain('it found TOOL in params.name')
    const fine = await say(scenario, { path: '/mcp/faults', body: toolCall('look') })
    expect(textOf(fine)).toBe('looked')
  })
})

describe('guards on what else a server does', () => {
  const NEAR = '/mcp/faults'
  const RESULTS = withGuards({ pii: { on: { tools: ['faults__*'] }, phases: ['toolResults'] } })

  test.each(['resources/read', 'prompts/get'])('redact what %s gives, and leave files alone', async (method) => {
    await using scenario = await startScenario({ config: RESULTS })
    const session = await begin(scenario, { path: NEAR })
    const params = { uri: 'mem://bob@example.org', name: 'p', arguments: { who: 'bob@example.org' } }
    const reply = await say(scenario, { path: NEAR, session, body: request(method, params) })
    expect(reply.text).toContain('[EMAIL]')
    expect(reply.text).not.toContain('bob@example.org')
    // In the field that holds base64.
    expect(reply.text).toContain(MAIL)
    expect(await endedCall(scenario, reply.callId)).toMatchObject({
      subject: `faults__${method}`,
      guards: [{ guard: 'pii', phase: 'toolResults', did: 'redacted', kinds: { EMAIL: 1 } }],
    })
  })

  test.each([
    ['resources/read', { uri: `mem://${MAIL}` }, 'params.uri'],
    ['prompts/get', { name: 'p', arguments: { [MAIL]: 'x' } }, 'a key of params.arguments'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'who', value: MAIL } }, 'params.argument.value'],
  ])('refuse what is sent with %s', async (method, params, place) => {
    const guards = { pii: { on: 'all', action: 'block', phases: ['toolArguments'] } }
    await using scenario = await startScenario({ config: withGuards(guards) })
    const session = await begin(scenario, { path: NEAR })
    const refused = await say(scenario, { path: NEAR, session, body: request(method, params) })
    const said = expectRpcError(refused, { rpc: -32000, code: 'guard_blocked' })
    expect(said).toBe(`The guard "pii" refused this call: it found EMAIL in ${place}.`)
  })

  test.each([['a text'], ['an object']])('redact %s that it writes to its log in a call, and adds to an error', async (kind) => {
    await using scenario = await startScenario({ config: RESULTS })
    const said = kind === 'a text' ? `Ask ${MAIL}` : { type: MAIL, [MAIL]: { data: MAIL } }
    const session = await begin(scenario, { path: NEAR })
    const reply = await say(scenario, { path: NEAR, session, body: toolCall('reveal', { said }) })
    expect(reply.messages.map(({ method }) => method)).toEqual(['notifications/message', undefined])
    expect(reply.text).toContain('[EMAIL]')
    expect(reply.text).not.toContain(MAIL)
  })
})

test('a guard sees what a server writes to its log in a call also where the client has its stream open', async () => {
  const path = '/mcp/faults'
  await using scenario = await startScenario({ config: withGuards({ pii: { on: 'all', phases: ['toolResults'] } }) })
  const session = await begin(scenario, { path })
  const stream = await post(scenario, { method: 'GET', path, session })
  const reply = await say(scenario, { path, session, body: toolCall('reveal', { said: MAIL }) })
  expect(reply.messages).toMatchObject([{ params: { data: '[EMAIL]' } }, { error: { data: '[EMAIL]' } }])
  expect((await post(scenario, { method: 'DELETE', path, session })).status).toBe(204)
  expect(await stream.text()).not.toContain(MAIL)
})

describe('guards on agents', () => {
  const guards = { pii: { on: { agents: ['researcher'] } } }

  test('redact what goes to an agent, restore it, and redact what comes from it', async () => {
    await using scenario = await startWithAgent({}, { guards })
    scenario.upstream.answer(
      answer({ message: { messageId: 'r1', role: 'ROLE_AGENT', parts: [{ text: 'Wrote to [EMAIL_1], not bob@example.org' }] } }),
    )
    const reply = await askAgent(scenario, { body: message({ parts: [{ text: `Write to ${MAIL}` }] }) })
    const sent = scenario.upstream.requests.find(({ method }) => method === 'POST')?.body ?? ''
    expect(sent).toContain('Write to [EMAIL_1]')
    expect(reply.json).toMatchObject({ result: { message: { parts: [{ text: `Wrote to ${MAIL}, not [EMAIL]` }] } } })
  })

  test('redact the events of a stream', async () => {
    await using scenario = await startWithAgent({}, { guards })
    const status = { ...statusUpdate('t1', 'TASK_STATE_WORKING') }
    scenario.upstream.answer(
      answerStream([
        { task: task('t1', 'TASK_STATE_WORKING') },
        status,
        { artifactUpdate: { taskId: 't1', contextId: 'of-t1', artifact: { artifactId: 'a', parts: [{ text: 'Ask bob@example.org' }] } } },
        statusUpdate('t1', 'TASK_STATE_COMPLETED'),
      ]),
    )
    const reply = await askAgent(scenario, { body: message({}, 'SendStreamingMessage') })
    expect(reply.text).toContain('Ask [EMAIL]')
    expect(reply.text).not.toContain('bob@')
    expect(reply.frames.length).toBe(4)
  })

  test.each(['SendMessage', 'SendStreamingMessage'])('redact the errors of an agent: %s', async (method) => {
    await using scenario = await startWithAgent({}, { guards })
    const error = {
      code: -32_050,
      message: 'Ask bob@example.org',
      data: [{ '@type': 'x', metadata: { 'bob@example.org': 'or ada@example.com' } }],
    }
    const isStream = method === 'SendStreamingMessage'
    scenario.upstream.answer(
      isStream
        ? streamReply({ frames: [`data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, error })}\n\n`] })
        : wholeReply({ body: { jsonrpc: '2.0', id: 1, error } }),
    )
    const reply = await askAgent(scenario, { body: message({}, method) })
    expect(reply.frames.length).toBe(isStream ? 1 : 0)
    expect(reply.text).toContain('Ask [EMAIL]')
    expect(reply.text).not.toMatch(/bob@|ada@/)
    expect(rpcErrorOf(reply).code).toBe(-32_050)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_error', rpcErrorCode: -32_050 })
  })

  test('refuse a message', async () => {
    await using scenario = await startWithAgent({}, { guards: { pii: { on: 'all', action: 'block' } } })
    const reply = await askAgent(scenario, { body: message({ parts: [{ text: `Write to ${MAIL}` }] }) })
    expect(reply.text).toContain('it found EMAIL in params.message.parts[0].text')
    expect(scenario.upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(0)
  })
})
