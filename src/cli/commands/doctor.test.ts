import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../../app/doctor.ts'
import type { Rehearsed } from '../../app/rehearse.ts'
import { closedPort, errorReply, type FakeUpstream, fakeUpstream, NO_HOST, wholeReply } from '../../testing/fake-upstream.ts'
import type { CliIo, ExitCode } from '../io.ts'
import { run } from '../main.ts'

let folder: string
let upstream: FakeUpstream
let closed: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-doctor-'))
  upstream = await fakeUpstream()
  closed = await closedPort()
})

afterAll(async () => {
  await upstream.close()
  rmSync(folder, { recursive: true })
})

function write(models: object): void {
  writeFileSync(join(folder, 'signalbox.yaml'), JSON.stringify({ models, access: { teams: { support: {} } } }))
}

async function doctor(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  let exitCode: ExitCode | undefined
  const setExitCode = (code: ExitCode) => {
    exitCode = code
  }
  const env = { KEY_A: 'sk-a', KEY_B: 'sk-b' }
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: false,
    env,
    cwd: folder,
    setExitCode,
  }
  await run(['doctor', ...args], {
    io,
    onInterrupt: () => new AbortController().signal,
    reach: () => Promise.reject(new Error('Not needed.')),
  })
  return { out: out.join(''), err: err.join(''), exitCode }
}

describe('doctor', () => {
  test('in a folder without a file looks at the machine, and says what a start would run', async () => {
    rmSync(join(folder, 'signalbox.yaml'), { force: true })
    const { out, exitCode } = await doctor()
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^ok {2}configuration: There is no configuration file in .*: `signalbox serve` opens all three gateways/)
    expect(out).toMatch(/^ok {2}permissions: /m)
    const missing = await doctor('--config', 'nope.yaml')
    expect([missing.exitCode, missing.out]).toEqual([2, expect.stringContaining('nope.yaml:1:1 the file cannot be read')])
  })

  test('says of each thing whether it is good, and what to do where it is not', async () => {
    // The keys are asked about side by side: whose request is there first is not said.
    upstream.answer((request) => {
      if (request.header('authorization') === 'Bearer sk-a')
        return wholeReply({ headers: { date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, body: { data: [] } })(request)
      return errorReply({ status: 401, headers: { date: new Date(Date.now() + 600_000).toUTCString() } })(request)
    })
    const asked = upstream.requests.length
    const at = (baseUrl: string, apiKey: unknown) => ({ wire: 'openai-chat', baseUrl, apiKey })
    write({
      providers: {
        one: at(upstream.baseUrl, ['env:KEY_A', 'env:KEY_B']),
        two: at(`http://127.0.0.1:${closed}/v1`, 'env:KEY_A'),
        three: at(`http://${NO_HOST}/v1`, 'env:KEY_A'),
      },
      models: [
        { name: 'a', provider: 'one', price: { inputPerMillion: 1, outputPerMillion: 1 } },
        { name: 'b', provider: 'two' },
        { name: 'c', provider: 'three' },
      ],
    })
    const { out, exitCode } = await doctor('--json')
    const findings: readonly Finding[] = JSON.parse(out)
    const said = findings
      .filter(({ check }) => check !== 'permissions' && check !== 'version' && check !== 'proxy')
      .map(({ check, verdict, what }) => `${verdict} ${check}: ${what}`)
    expect(said.toSorted()).toEqual([
      expect.stringMatching(/^bad clock: The clock of this machine is (?:59\d|600) s off that of Key 2 of provider one\.$/),
      'bad key: Key 2 of provider one refuses its key (401).',
      'bad reachable: Provider three could not be reached (ENOTFOUND).',
      'bad reachable: Provider two could not be reached (ECONNREFUSED).',
      'doubtful price: The price of the model b is not known: its calls are counted and cost nothing that is known.',
      'doubtful price: The price of the model c is not known: its calls are counted and cost nothing that is known.',
      expect.stringMatching(/^good configuration: signalbox.yaml is good \(revision [0-9a-f]{12}\)\.$/),
      'good key: Key 1 of provider one accepts its key.',
      'good reachable: Key 1 of provider one answers.',
      'good reachable: Key 2 of provider one answers.',
    ])
    expect(findings.filter(({ verdict, todo }) => verdict !== 'good' && todo === undefined)).toEqual([])
    expect(upstream.requests.slice(asked).map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models', 'GET /v1/models'])
    expect(out).not.toContain('sk-')
    expect(exitCode).toBe(1)
  })

  test('asks the providers of wildcards too: those are what `init` writes', async () => {
    upstream.queue(errorReply({ status: 401 }))
    write({
      providers: {
        one: { wire: 'openai-chat', baseUrl: upstream.baseUrl, apiKey: 'env:KEY_A' },
        two: { wire: 'openai-chat', baseUrl: `http://127.0.0.1:${closed}/v1`, apiKey: 'env:KEY_A' },
      },
      models: [
        { name: 'one/*', provider: 'one' },
        { name: 'two/*', provider: 'two' },
      ],
    })
    const { out, exitCode } = await doctor()
    expect(out).toContain('Provider one refuses its key (401).')
    expect(out).toContain('Provider two could not be reached (ECONNREFUSED).')
    expect(exitCode).toBe(1)
    expect(upstream.requests.at(-1)?.path).toBe('/v1/models')
  })

  test('says what is wrong in the file: exit 2', async () => {
    write({ models: [{ name: 'a', provider: 'nobody' }] })
    expect(await doctor()).toMatchObject({ exitCode: 2, out: expect.stringContaining('NO  configuration: signalbox.yaml:') })
  })

  test('says of servers and agents whether they are there', async () => {
    const answers = { '/v1/open': wholeReply({ status: 405, body: '' }), '/v1/closed': errorReply({ status: 401 }) }
    upstream.answer((request) =>
      (Object.entries(answers).find(([path]) => path === request.path)?.[1] ?? wholeReply({ body: {} }))(request),
    )
    const { baseUrl, origin } = upstream
    const tools = {
      servers: {
        open: { url: `${baseUrl}/open` },
        closed: { url: `${baseUrl}/closed` },
        gone: { url: `http://127.0.0.1:${closed}/mcp` },
        own: { command: [process.execPath, 'x'] },
        none: { command: ['no-such-program'] },
      },
    }
    const agents = { agents: { there: { url: `${origin}/a` }, away: { url: `http://127.0.0.1:${closed}/` } } }
    writeFileSync(join(folder, 'signalbox.yaml'), JSON.stringify({ tools, agents, access: { teams: {} } }))
    const { out, exitCode } = await doctor('--json')
    expect(exitCode).toBe(1)
    const findings = (JSON.parse(out) as readonly Finding[]).map(({ check, verdict, what }) => `${verdict} ${check}: ${what}`)
    expect(findings.slice(3).map((line) => line.replace(/\(.*(?:REFUSED|refused|FailedToOpen|no connection).*\)/i, '(nobody)'))).toEqual([
      'good reachable: The MCP server open answers.',
      'bad key: The MCP server closed refuses what it is sent (401).',
      'bad reachable: The MCP server gone could not be reached (nobody).',
      `good program: The MCP server own has its program ${process.execPath}.`,
      'bad program: The MCP server none cannot be started: no-such-program: it is in no folder of PATH.',
      'good card: The agent there answers, and has a card.',
      'bad reachable: The agent away could not be reached (nobody).',
    ])
  })
})

describe('doctor --rehearse', () => {
  const section = (routes: readonly object[]) => ({
    providers: { groq: { apiKey: 'env:NOT_SET_ANYWHERE' }, mistral: { apiKey: 'env:NOT_SET_EITHER' } },
    models: [
      { name: 'a', provider: 'groq' },
      { name: 'b', provider: 'mistral' },
    ],
    routes,
  })

  test('shows that a route with a second target survives all that can be survived, and tells the rest', async () => {
    write(section([{ name: 'smart', targets: [{ model: 'a' }, { model: 'b' }] }]))
    const { out, exitCode } = await doctor('--rehearse', '--json')
    const results: readonly Rehearsed[] = JSON.parse(out)
    const smart = results.filter(({ route }) => route === 'smart')
    expect(smart.filter(({ verdict }) => verdict !== 'survived').map(({ fault, reply }) => `${fault} ${reply}`)).toEqual([
      'total_timeout whole',
      'content_filtered whole',
      'content_filtered stream',
      'rejected whole',
      'rejected stream',
      'cut stream',
      'no_end stream',
      'stalled stream',
      'reported stream',
    ])
    expect(results.filter(({ verdict }) => verdict === 'wrong' || verdict === 'exposed')).toEqual([])
    expect(exitCode).toBe(0)
    // Nothing of the user's own was touched.
    expect(readdirSync(folder)).toEqual(['signalbox.yaml'])
  }, 30_000)

  test('finds nothing wrong where the targets of a route speak other wires', async () => {
    const server = (wire: string) => ({ wire, baseUrl: `https://${wire}.invalid/v1`, apiKey: 'env:NOT_SET_ANYWHERE' })
    const wires = ['anthropic-messages', 'gemini', 'openai-responses', 'converse', 'invoke']
    const pairs = wires.map((wire, index) => [wire, wires[(index + 1) % wires.length]])
    write({
      providers: {
        ...Object.fromEntries(wires.map((wire) => [wire, server(wire)])),
        invoke: { kind: 'bedrock-anthropic', region: 'eu-central-1', apiKey: 'env:NOT_SET_ANYWHERE' },
      },
      models: wires.map((wire) => ({ name: wire, provider: wire, id: `${wire}-model` })),
      routes: pairs.map(([first, second]) => ({ name: `from-${first}`, targets: [{ model: first }, { model: second }] })),
    })
    const { out, exitCode } = await doctor('--rehearse', '--json')
    const results: readonly Rehearsed[] = JSON.parse(out)
    expect(results.filter(({ verdict }) => verdict === 'wrong' || verdict === 'exposed')).toEqual([])
    const survived = results.filter(({ route, verdict }) => route.startsWith('from-') && verdict === 'survived')
    // All but what cannot be survived: nine rows of each of the routes.
    expect(survived.length).toBe(results.filter(({ route }) => route.startsWith('from-')).length - 9 * wires.length)
    expect(exitCode).toBe(0)
  }, 60_000)

  test('does not ask of two keys what only another model could do, and says which route it could not try', async () => {
    const { providers, models } = section([])
    write({
      providers: { ...providers, groq: { apiKey: ['env:NOT_SET_ANYWHERE', 'env:NOT_SET_EITHER'] } },
      models,
      routes: [{ name: 'tools', strategy: 'conditional', targets: [{ model: 'b', when: { tools: true } }] }],
    })
    const { out, exitCode } = await doctor('--rehearse', '--json')
    const results: readonly Rehearsed[] = JSON.parse(out)
    const verdicts = (route: string, fault: string) =>
      results.filter((one) => one.route === route && one.fault === fault).map(({ verdict }) => verdict)
    expect(verdicts('a', 'auth')).toEqual(['survived', 'survived'])
    expect(verdicts('a', 'server_error')).toEqual(['told', 'told'])
    expect(new Set(results.flatMap(({ route, verdict }) => (route === 'tools' ? [verdict] : [])))).toEqual(new Set(['untried']))
    expect(exitCode).toBe(0)
  }, 30_000)

  test('tells no replica of what it makes believe, and answers nothing from a cache', async () => {
    let knocks = 0
    const redis = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { open: () => void knocks++, data: () => {} } })
    try {
      const models = { ...section([]), cache: { store: 'disk' }, models: [{ name: 'a', provider: 'groq', cache: {} }] }
      const config = { models, shared: `redis://127.0.0.1:${redis.port}`, access: { teams: { support: {} } } }
      writeFileSync(join(folder, 'signalbox.yaml'), JSON.stringify(config))
      const { out, exitCode } = await doctor('--rehearse', '--json')
      const results: readonly Rehearsed[] = JSON.parse(out)
      expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(['told']))
      expect([exitCode, knocks]).toEqual([0, 0])
    } finally {
      redis.stop(true)
    }
  }, 30_000)

  test('finds a route whose second target is never reached: exit 1', async () => {
    const second = { model: 'b', when: { team: ['nobody'] } }
    write(section([{ name: 'smart', retries: { max: 0 }, targets: [{ model: 'a' }, second] }]))
    const { out, exitCode } = await doctor('--rehearse')
    expect(out).toMatch(/^smart +server_error +whole +exposed +502 +provider_error +1$/m)
    expect(exitCode).toBe(1)
  }, 30_000)
})
