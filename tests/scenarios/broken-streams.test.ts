import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { BROKEN_STREAMS } from '../../src/models/routing/failures.ts'
import { type FakeUpstream, fakeUpstream, READ_PAUSE, type Step, send } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { replyHead } from '../../src/testing/upstream-replies.ts'
import { ask, chat, endedCall, type Reply } from './ask.ts'
import { streamOf, WIRES, type Wire } from './failures/wires.ts'

// What breaks a stream after its first content, at a provider of every wire: what the caller is told, and whether a route that says so goes on.

type BrokenName = keyof typeof BROKEN_STREAMS
const NAMES = Object.keys(BROKEN_STREAMS) as readonly BrokenName[] // its own keys

interface Break {
  /** What comes behind the first content. */
  readonly behind: (wire: Wire) => readonly Step[]
  readonly timeouts?: object
}

const reported = (status: number) => (wire: Wire) => [send(wire.report(status, REPORTED[wire.name]?.[status] ?? {}))]
const STALL: readonly Step[] = [{ type: 'stall' }]
/** The words that stand for a status where a wire has no numbers. */
const OPENAI = { 429: { word: 'rate_limit_exceeded' }, 503: { word: 'server_is_overloaded' } }
const REPORTED: Readonly<Record<string, Readonly<Record<number, { readonly word: string }>>>> = {
  'openai-chat': OPENAI,
  'openai-responses': OPENAI,
  'anthropic-messages': { 503: { word: 'overloaded_error' } },
}

const BREAKS: Readonly<Record<BrokenName, Break>> = {
  cut: { behind: () => [READ_PAUSE, { type: 'reset' }] },
  no_end: { behind: () => [{ type: 'close' }] },
  stalled: { behind: () => STALL, timeouts: { idle: '200ms' } },
  reported: { behind: reported(500) },
  overloaded: { behind: reported(503) },
  limited: { behind: reported(429) },
  // A moment later: what comes with the first content was not given out yet.
  malformed: { behind: () => [READ_PAUSE, send('data: hello, this is none\n\n')] },
  late: { behind: () => STALL, timeouts: { total: '400ms' } },
}

function startUpstream(wire: Wire): Promise<FakeUpstream> {
  return fakeUpstream((request) => {
    const [, name = ''] = request.path.split('/')
    // What was said before is not said again.
    if (name === 'good') return streamOf(wire, wire.frames.toSpliced(wire.contentFrame, 1))(request)
    const head = replyHead(200, { 'content-type': wire.contentType, connection: 'close' })
    const said = wire.frames.slice(0, wire.contentFrame + 1)
    // The names of the providers are those of the table.
    const { behind } = BREAKS[name as BrokenName]
    return [send(Buffer.concat([head, ...said])), ...behind(wire), { type: 'close' }]
  })
}

/** A provider for each route: what was learned of one says nothing of another. */
function configOf(wire: Wire, { origin }: FakeUpstream) {
  const routes = NAMES.flatMap((name) => [
    { name, route: `${name}-ends`, more: {} },
    { name, route: `${name}-goes-on`, more: { onBrokenStream: 'continue' } },
  ])
  const providers = routes.map(({ name, route }) => [
    `at-${route}`,
    { ...wire.provider(`${origin}/${name}`), timeouts: BREAKS[name].timeouts ?? {} },
  ])
  return {
    models: {
      providers: { good: wire.provider(`${origin}/good`), ...Object.fromEntries(providers) },
      models: ['good', ...routes.map(({ route }) => `at-${route}`)].map((name) => ({
        name,
        provider: name,
        id: 'm',
        can: { prefill: true },
      })),
      routes: routes.map(({ route, more }) => ({
        ...{ name: route, targets: [{ model: `at-${route}` }, { model: 'good' }] },
        ...{ retries: { max: 0 }, ...more },
      })),
    },
  }
}

describe.each(WIRES.map((wire) => ({ name: wire.name, wire })))('at a provider of $name, after the first content,', ({ wire }) => {
  let upstream: FakeUpstream
  let scenario: Scenario
  beforeAll(async () => {
    upstream = await startUpstream(wire)
    scenario = await startScenario({ baseUrl: upstream.baseUrl, config: configOf(wire, upstream) })
  }, 60_000)
  afterAll(async () => {
    await scenario.close()
    await upstream.close()
  })

  test.each(NAMES)('%s: the caller is told, and a route that may goes on', async (name) => {
    const { code, continues } = BROKEN_STREAMS[name]
    const asked = ['ends', 'goes-on'].map((how) => ask(scenario, { body: chat({ model: `${name}-${how}`, stream: true }) }))
    // As many as were asked.
    const [ended, { text, callId }] = (await Promise.all(asked)) as [Reply, Reply]
    expect(ended.text).toContain('Alpha')
    expect(ended.text).not.toContain('[DONE]')
    expect(await endedCall(scenario, ended.callId)).toMatchObject({ outcome: 'broken', errorCode: code, attempts: 1 })

    expect(text.includes('Omega')).toBe(continues)
    expect(text.includes('[DONE]')).toBe(continues)
    expect(text.match(/Alpha/g)).toHaveLength(1)
    const outcome = continues ? { outcome: 'ok', attempts: 2 } : { outcome: 'broken', errorCode: code, attempts: 1 }
    expect(await endedCall(scenario, callId)).toMatchObject(outcome)
  })
})
