import { describe, expect, test } from 'bun:test'
import { startScenario } from '../../src/testing/scenario.ts'
import { answer, answerStream, askAgent, message, startWithAgent, statusUpdate, task } from './a2a.ts'
import { endedCall } from './ask.ts'
import { expectRpcError, FAULTS, say, textOf, toolCall, withServers } from './mcp.ts'

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

  test('refuse a message', async () => {
    await using scenario = await startWithAgent({}, { guards: { pii: { on: 'all', action: 'block' } } })
    const reply = await askAgent(scenario, { body: message({ parts: [{ text: `Write to ${MAIL}` }] }) })
    expect(reply.text).toContain('it found EMAIL in params.message.parts[0].text')
    expect(scenario.upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(0)
  })
})
