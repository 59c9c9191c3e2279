import { describe, expect, test } from 'bun:test'
import { type ReceivedRequest, wholeReply } from '../../src/testing/fake-upstream.ts'
import type { Scenario } from '../../src/testing/scenario.ts'
import { answer, askAgent, message, result, startWithAgent, task } from './a2a.ts'
import type { Question, Reply } from './ask.ts'

/** Asks, and gives what the agent received. */
async function exchange(scenario: Scenario, question: Question = {}): Promise<{ reply: Reply; received: ReceivedRequest }> {
  scenario.upstream.answer(answer({ task: task('task-1') }))
  const reply = await askAgent(scenario, question)
  const received = scenario.upstream.requests.at(-1)
  if (received === undefined) throw new Error('The agent was not asked.')
  return { reply, received }
}

/** The places in which a caller may put a key. */
const PLACES: readonly [string, (key: string) => Question][] = [
  ['authorization', (key) => ({ key })],
  ['x-api-key', (key) => ({ key: null, headers: { 'x-api-key': key } })],
  ['api-key', (key) => ({ key: null, headers: { 'api-key': key } })],
  ['the query', (key) => ({ key: null, path: `/a2a/researcher?key=${key}` })],
]

describe.each(PLACES)('a key in %s', (_place, questionWith) => {
  test('is for the gateway alone: the agent sees nothing of it', async () => {
    await using scenario = await startWithAgent()
    const { received } = await exchange(scenario, questionWith(scenario.key))
    expect(JSON.stringify([received.path, received.headers, received.body])).not.toContain(scenario.key)
    expect(received.header('authorization')).toBe(undefined)
  })

  test('is sent on as a bearer token where the configuration says so', async () => {
    await using scenario = await startWithAgent({ forwardKey: true })
    const { received } = await exchange(scenario, questionWith(scenario.key))
    expect(received.header('authorization')).toBe(`Bearer ${scenario.key}`)
    expect(JSON.stringify(received.headers).split(scenario.key)).toHaveLength(2)
    expect(received.path).toBe('/v1/rpc')
  })
})

test('a key that is sent on goes neither with the card, nor back into the world in an error that quotes it', async () => {
  await using scenario = await startWithAgent({ forwardKey: true })
  await askAgent(scenario, { method: 'GET' })
  expect(scenario.upstream.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  expect(JSON.stringify(scenario.upstream.requests.map(({ headers }) => headers))).not.toContain(scenario.key)
  scenario.upstream.answer((request) => {
    const error = { code: -32_000, message: `no right: ${request.header('authorization')}` }
    return wholeReply({ body: { jsonrpc: '2.0', id: 1, error } })(request)
  })
  const reply = await askAgent(scenario)
  expect(reply.text).toContain('no right: Bearer')
  expect(reply.text).not.toContain(scenario.key)
})

test('cookies and headers of the caller’s own stay at the gateway; A2A-Extensions goes through, both ways', async () => {
  await using scenario = await startWithAgent()
  const said = 'https://example.com/a, https://example.com/b'
  const activated = 'https://example.com/a'
  const headers = { cookie: 'session=1', 'x-forwarded-for': '10.0.0.1', 'x-user-id': 'root', 'a2a-extensions': said }
  const used = { 'a2a-extensions': activated, 'set-cookie': 'agent=1' }
  scenario.upstream.answer(wholeReply({ headers: used, body: result({ task: task('t') }) }))
  const reply = await askAgent(scenario, { headers })
  expect(reply.headers.get('a2a-extensions')).toBe(activated)
  expect(reply.headers.get('set-cookie')).toBe(null)
  const received = await scenario.upstream.received(1)
  const names = received.headers.map(([name]) => name.toLowerCase())
  for (const name of ['cookie', 'x-forwarded-for', 'x-user-id']) expect(names).not.toContain(name)
  expect(received.header('a2a-extensions')).toBe(said)
  expect(received.header('a2a-version')).toBe('1.0')
})

describe('the trace', () => {
  const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('of the caller is continued, and the agent’s is a child of the call', async () => {
    await using scenario = await startWithAgent()
    const { received } = await exchange(scenario, { headers: { traceparent: PARENT } })
    const [started] = await scenario.expectEvents([
      { type: 'call.started', traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' },
      { type: 'task.claimed' },
      { type: 'call.ended', traceId: '0af7651916cd43dd8448eb211c80319c' },
    ])
    const spanId = started?.type === 'call.started' ? started.spanId : ''
    expect(spanId).not.toBe('b7ad6b7169203331')
    expect(received.header('traceparent')).toBe(`00-0af7651916cd43dd8448eb211c80319c-${spanId}-01`)
  })

  test.each([['rubbish'], ['00-00000000000000000000000000000000-b7ad6b7169203331-01'], ['']])(
    '%p begins a new one',
    async (traceparent) => {
      await using scenario = await startWithAgent()
      const { received } = await exchange(scenario, { headers: { traceparent } })
      expect(received.header('traceparent')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    },
  )
})

test('labels and the identity of the prompt are recorded', async () => {
  await using scenario = await startWithAgent()
  const headers = { 'x-signalbox-labels': 'feature=search', 'x-signalbox-prompt': 'triage@3' }
  const { reply } = await exchange(scenario, { headers, body: message() })
  await scenario.expectEvents([
    { type: 'call.started', callId: reply.callId, principal: { labels: { feature: 'search' } }, prompt: { name: 'triage', version: '3' } },
    { type: 'task.claimed', callId: reply.callId },
    { type: 'call.ended', callId: reply.callId, principal: { team: 'support' } },
  ])
})
