import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { type Answer, type FakeUpstream, fakeUpstream, send, silence, wholeReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { answer, askAgent, rpcErrorOf, startWithAgent, task } from './a2a.ts'
import type { Reply } from './ask.ts'

const PLACE = '/.well-known/agent-card.json'

/** An interface as a card names it. */
function at(url: string, more: object = {}): JsonObject {
  return { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', ...more }
}

function card(interfaces: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    ...{ name: 'Researcher', description: 'Finds things out.', version: '1.2.0', supportedInterfaces: interfaces },
    ...{ capabilities: { streaming: true }, defaultInputModes: [], defaultOutputModes: [], skills: [] },
    ...more,
  }
}

/** Answers GET with cards by their paths, and calls with a task. */
function answerWith(agent: FakeUpstream, cards: Readonly<Record<string, JsonObject | Answer>>): void {
  agent.answer((request) => {
    if (request.method === 'POST') return answer({ task: task('task-1') })(request)
    const found = cards[request.path]
    if (typeof found === 'function') return found(request)
    return wholeReply(found === undefined ? { status: 404, body: '' } : { body: found })(request)
  })
}

/** A gateway before an agent that is configured by its bare origin. */
async function startBare(more: object = {}): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      agents: { agents: { researcher: { url: new URL(baseUrl).origin, ...more } } },
      access: { teams: { support: { agents: ['researcher'] } } },
    }),
  })
}

function getCard(scenario: Scenario, headers: Readonly<Record<string, string>> = {}, path = `/a2a/researcher${PLACE}`): Promise<Reply> {
  return askAgent(scenario, { method: 'GET', path, headers })
}

describe('the card that the gateway serves', () => {
  test('has the gateway in the agent’s place, keeps what it does not know, and shows the agent’s host nowhere', async () => {
    await using scenario = await startWithAgent()
    const { origin } = scenario.upstream
    answerWith(scenario.upstream, {
      [`/v1/rpc${PLACE}`]: card([at(`${origin}/rpc`), at(`${origin}/rest`, { protocolBinding: 'HTTP+JSON' })], {
        url: `${origin}/old`,
        iconUrl: `${origin}/icon.png`,
        documentationUrl: 'https://docs.example.com/researcher',
        description: `Finds things out. See ${origin}/about for more.`,
        capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true, extensions: [{ uri: 'https://example.com/e' }] },
        securitySchemes: { own: { oauth2SecurityScheme: { flows: {} } } },
        securityRequirements: [{ schemes: { own: { list: [] } } }],
        signatures: [{ protected: 'e30', signature: 'AA' }],
        skills: [{ id: 'find', name: 'Find', securityRequirements: [{}], vendor: 7 }],
        vendorField: { deep: [1, `${origin}/deep`] },
      }),
    })
    const reply = await getCard(scenario)
    const url = `${scenario.dataUrl}/a2a/researcher`
    expect(reply.json).toEqual({
      ...{ name: 'Researcher', version: '1.2.0', defaultInputModes: [], defaultOutputModes: [] },
      description: `Finds things out. See ${url} for more.`,
      documentationUrl: 'https://docs.example.com/researcher',
      supportedInterfaces: [at(url)],
      capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [{ uri: 'https://example.com/e' }] },
      securitySchemes: { signalbox: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'A key of the gateway.' } } },
      securityRequirements: [{ schemes: { signalbox: { list: [] } } }],
      skills: [{ id: 'find', name: 'Find', vendor: 7 }],
      vendorField: { deep: [1] },
    })
    expect(reply.text).not.toContain(new URL(origin).host)
    await scenario.expectCall({ action: 'agents.card', outcome: 'ok', subject: 'researcher', attempts: 1 })
  })

  test('is fetched once, answers If-None-Match, and stands at the agent’s own path too', async () => {
    await using scenario = await startWithAgent()
    answerWith(scenario.upstream, { [`/v1/rpc${PLACE}`]: card([at(`${scenario.upstream.origin}/rpc`)]) })
    const first = await getCard(scenario)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect((await getCard(scenario, { 'if-none-match': etag })).status).toBe(304)
    expect((await getCard(scenario, {}, '/a2a/researcher')).text).toBe(first.text)
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('may hold a word of half a megabyte beside a URL: it is read in one go', async () => {
    await using scenario = await startBare()
    const { origin } = scenario.upstream
    const long = 'a'.repeat(500_000)
    answerWith(scenario.upstream, { [PLACE]: card([at(`${origin}/rpc`)], { description: `${long} ${origin}/about` }) })
    expect((await getCard(scenario)).json.description).toBe(`${long} ${scenario.dataUrl}/a2a/researcher`)
  })

  test('keeps the tenant of the interface that is called: callers must send it', async () => {
    await using scenario = await startBare()
    const { origin } = scenario.upstream
    answerWith(scenario.upstream, { [PLACE]: card([at('https://other.example', { tenant: 'b' }), at(`${origin}/rpc`, { tenant: 'a' })]) })
    expect((await getCard(scenario)).json.supportedInterfaces).toEqual([at(`${scenario.dataUrl}/a2a/researcher`, { tenant: 'a' })])
  })

  test('has the URL that the configuration gives to callers', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => ({
        agents: { publicUrl: 'https://gate.example.com', agents: { researcher: { url: `${baseUrl}/rpc` } } },
        access: { teams: { support: { agents: ['researcher'] } } },
      }),
    })
    answerWith(scenario.upstream, { [PLACE]: card([at(`${scenario.upstream.origin}/v1/rpc`)]) })
    expect((await getCard(scenario)).json).toMatchObject({ supportedInterfaces: [at('https://gate.example.com/a2a/researcher')] })
    expect(scenario.upstream.requests.map(({ path }) => path)).toEqual([`/v1/rpc${PLACE}`, PLACE])
  })
})

describe('a card that', () => {
  test.each<[string, (origin: string) => JsonObject | Answer, RegExp]>([
    [
      'points to a private address',
      () => card([at('http://169.254.169.254/rpc')]),
      /names an endpoint elsewhere than at the origin of its url/,
    ],
    ['points to another port', () => card([at('http://127.0.0.1:1/rpc')]), /names an endpoint elsewhere/],
    [
      'names no JSON-RPC',
      (origin) => card([at(`${origin}/x`, { protocolBinding: 'GRPC' })]),
      /offers no interface of JSON-RPC for A2A 1\.0/,
    ],
    ['is of 0.3', (origin) => ({ name: 'Old', url: origin, protocolVersion: '0.3.0' }), /one of A2A 0\.3, and the gateway speaks 1\.0/],
    ['is no JSON', () => wholeReply({ body: '<p>' }), /is not JSON/],
    ['is a list', () => wholeReply({ body: '[]' }), /is no JSON object/],
    [
      'is behind a redirect',
      () => wholeReply({ status: 302, headers: { location: 'http://169.254.169.254/' }, body: '' }),
      /behind a redirect \(302\)/,
    ],
    ['is nested without an end', () => wholeReply({ body: `{"name":"Deep","x":${'['.repeat(200_000)}` }), /nested deeper than 64 levels/],
    ['is larger than 1 MB', (origin) => card([at(origin)], { x: 'x'.repeat(1_100_000) }), /more than 1048576 bytes/],
    [
      'never ends',
      () => () => [
        send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"'),
        { type: 'repeat', bytes: new Uint8Array(65536).fill(120), maxBytes: 64 * 1024 * 1024 },
      ],
      /more than 1048576 bytes/,
    ],
  ])('%s is not believed, and nothing is sent where it points', async (_what, make, says) => {
    await using scenario = await startBare()
    const made = make(scenario.upstream.origin)
    answerWith(scenario.upstream, { [PLACE]: made })
    const shown = await getCard(scenario)
    expect(shown.status).toBe(502)
    expect(rpcErrorOf(shown).message).toMatch(says)
    await scenario.expectCall({ action: 'agents.card', outcome: 'broken', errorCode: 'agent_malformed', status: 502 })
    const asked = await askAgent(scenario)
    expect(rpcErrorOf(asked)).toMatchObject({ code: -32_006, message: expect.stringMatching(says) })
    await scenario.expectCall({ action: 'agents.send', outcome: 'broken', errorCode: 'agent_malformed' })
    expect(scenario.upstream.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  test('is not there is said so', async () => {
    await using scenario = await startBare()
    answerWith(scenario.upstream, {})
    expect(rpcErrorOf(await askAgent(scenario)).message).toBe('Agent researcher has no card at its place; say where it is with card.')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_error' })
  })

  test('does not come ends at the timeout', async () => {
    await using scenario = await startBare({ timeouts: { idle: '200ms' } })
    scenario.upstream.answer(silence())
    expect(rpcErrorOf(await getCard(scenario)).message).toBe('The card of agent researcher sent nothing more within 0.2 s.')
    await scenario.expectCall({ outcome: 'broken', errorCode: 'agent_timeout', status: 504 })
  })

  test('was bad once is fetched again', async () => {
    await using scenario = await startBare()
    answerWith(scenario.upstream, { [PLACE]: wholeReply({ body: '<p>' }) })
    expect((await getCard(scenario)).status).toBe(502)
    answerWith(scenario.upstream, { [PLACE]: card([at(`${scenario.upstream.origin}/rpc`)]) })
    expect((await getCard(scenario)).status).toBe(200)
  })

  test('points elsewhere may be allowed; the agent is called where it is configured all the same', async () => {
    await using scenario = await startBare({ ignoreCardUrls: true })
    answerWith(scenario.upstream, { [PLACE]: card([at('http://10.0.0.7/rpc')], { description: 'At http://10.0.0.7/about.' }) })
    const shown = await getCard(scenario)
    expect(shown.text).not.toContain('10.0.0.7')
    expect((await askAgent(scenario)).json).toMatchObject({ result: { task: { id: 'task-1' } } })
    expect(scenario.upstream.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${PLACE}`, 'POST /'])
  })

  test('names the endpoint decides where the call goes', async () => {
    await using scenario = await startBare()
    answerWith(scenario.upstream, { [PLACE]: card([at('https://other.example/rpc'), at(`${scenario.upstream.origin}/deep/rpc`)]) })
    await askAgent(scenario)
    expect(scenario.upstream.requests.map(({ path }) => path)).toEqual([PLACE, '/deep/rpc'])
    // The message was sent once: that its card was fetched on the way is no try at it.
    await scenario.expectEvents([
      { type: 'call.started' },
      { type: 'task.claimed' },
      { type: 'call.ended', action: 'agents.send', outcome: 'ok', attempts: 1 },
    ])
  })

  test('stands at another host is fetched without the credential', async () => {
    await using host = await fakeUpstream()
    answerWith(host, {})
    await using scenario = await startScenario({
      config: (baseUrl) => {
        const { origin } = new URL(baseUrl)
        answerWith(host, { '/card.json': card([at(`${origin}/rpc`)]) })
        const researcher = { url: origin, card: `${host.origin}/card.json`, headers: { 'x-api-key': 'env:FAKE_PROVIDER_KEY' } }
        return { agents: { agents: { researcher } }, access: { teams: { support: { agents: ['*'] } } } }
      },
    })
    answerWith(scenario.upstream, {})
    await askAgent(scenario)
    expect(host.requests[0]?.header('x-api-key')).toBe(undefined)
    expect(scenario.upstream.requests.map((request) => [request.path, request.header('x-api-key')])).toEqual([['/rpc', FAKE_PROVIDER_KEY]])
  })
})
