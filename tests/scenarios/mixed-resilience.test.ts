import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Booking } from '../../src/core/booking.ts'
import type { AttemptBooked, CallEnded, Event } from '../../src/core/events.ts'
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { drawn, moodyProvider, seeded } from './failures/chance.ts'
import { WIRES } from './failures/wires.ts'
import { CALLER_WIRES, type CallerWire } from './wires/caller-wires.ts'

// Hedging, going on, retries, cache and single flight, shadows, guards, strict budgets and clients that leave, all at once, over providers of three
// wires that do whatever chance says. Whatever happens: what was done is recorded once, paid once, and told truthfully.

const CALLS = 150
const AT_ONCE = 8
const PROVIDERS = WIRES.filter(({ name }) => ['openai-chat', 'anthropic-messages', 'gemini'].includes(name))
const TARGETS = PROVIDERS.map(({ name }) => ({ model: name }))
const HEDGE = { after: '8ms', share: '100%', spend: '100%' }
const ROUTES = {
  all: {
    ...{ hedge: HEDGE, onBrokenStream: 'continue', cache: { ttl: '1m', scope: 'team' }, guards: ['words'] },
    shadow: { model: 'gemini', share: '30%', account: 'lab' },
  },
  hedged: { hedge: HEDGE, onBrokenStream: 'continue' },
  cached: { hedge: HEDGE, cache: { ttl: '1m', scope: 'team' } },
  plain: { onBrokenStream: 'continue' },
} as const
const ROUTE_NAMES = ['all', 'hedged', 'cached', 'plain'] as const
const [FIRST_WIRE, ...OTHER_WIRES] = CALLER_WIRES

/** What a caller was told. */
interface Told {
  readonly callId: string
  readonly status: number
  readonly text: string
  readonly isStream: boolean
}

describe.each(['abort', 'drain'])('everything at once, where what a client left is dealt with by: %s', (onClientLeave) => {
  const random = seeded(onClientLeave === 'abort' ? 1 : 2)
  let upstreams: readonly FakeUpstream[]
  let scenario: Scenario
  const told: Told[] = []
  let events: readonly Event[]

  beforeAll(async () => {
    upstreams = await Promise.all(PROVIDERS.map((wire) => moodyProvider(wire, random)))
    scenario = await startScenario({ baseUrl: upstreams[0]?.baseUrl ?? '', config: configOf(upstreams, onClientLeave) })
    let asked = 0
    const caller = async () => {
      while (asked++ < CALLS) {
        const reply = await askOnce(scenario, random)
        if (reply !== undefined) told.push(reply)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, caller))
    events = await quietEvents(scenario)
  }, 60_000)
  afterAll(async () => {
    await scenario.close()
    await Promise.all(upstreams.map((upstream) => upstream.close()))
  })

  const ended = () => events.filter((event): event is CallEnded => event.type === 'call.ended')
  const lateOf = ({ callId }: CallEnded) =>
    events.filter((event): event is AttemptBooked => event.type === 'attempt.booked' && event.callId === callId)

  test('each call that began ended once, and nothing was sent that is no attempt', () => {
    const started = events.flatMap((event) => (event.type === 'call.started' ? [event.callId] : []))
    expect(
      ended()
        .map(({ callId }) => callId)
        .toSorted(),
    ).toEqual(started.toSorted())
    const sent = upstreams.reduce((sum, { requests }) => sum + requests.length, 0)
    expect(sent).toBeGreaterThan(CALLS)
    expect(ended().reduce((sum, { attempts }) => sum + attempts, 0)).toBeGreaterThanOrEqual(sent)
  })

  test('each attempt is in the receipt, is booked once, and the call costs what they do', () => {
    const wrong = ended().filter((call) => {
      const bookings: readonly Booking[] = [...(call.bookings ?? []), ...lateOf(call).map(({ booking }) => booking)]
      const paid = sum(bookings.map(({ nanoUsd }) => nanoUsd))
      const cost = sum([call.costNanoUsd, ...lateOf(call).map(({ costNanoUsd }) => costNanoUsd)])
      const isOnce = new Set(bookings.map(({ attempt }) => attempt)).size === bookings.length && bookings.length === call.attempts
      return !isOnce || paid !== cost || (call.choice !== undefined && (call.attemptLog ?? []).length !== call.attempts)
    })
    expect(wrong).toEqual([])
  })

  test('one attempt answered each call that went well, and it is the one that is told', () => {
    const wrong = ended().filter(({ action, outcome, attempts, attemptLog = [], provider }) => {
      if (outcome !== 'ok' || attempts === 0 || action === 'models.shadow') return false
      const [answered, another] = attemptLog.filter((attempt) => attempt.outcome === 'ok')
      return another !== undefined || answered?.provider !== provider
    })
    expect(wrong).toEqual([])
  })

  test('each caller was told what the log says, and nothing twice', () => {
    const wrong = told.filter(({ callId, status, text, isStream }) => {
      const outcome = ended().find((call) => call.callId === callId)?.outcome
      if (outcome === 'ok') return status !== 200 || !/Omega|Grüezi/.test(text) || timesSaid(text) > 1
      return status === 200 ? !isStream || !text.includes('error') : outcome === undefined
    })
    expect(wrong).toEqual([])
  })

  test('no money is held, every budget is what the log adds up to, and nothing is under way', async () => {
    const { body } = await scenario.control<{ budgets: { account: string; held: string; settled: string }[] }>('GET', '/api/v1/budgets')
    const spent = (team: string) =>
      sum([...ended(), ...events.filter((event) => event.type === 'attempt.booked')].map((event) => costFor(event, team)))
    for (const { account, held, settled } of body.budgets) {
      expect([account, held, Math.round(Number(settled) * 1e9)]).toEqual([account, '0', spent(account.replace('team:', ''))])
    }
    const { body: ways } = await scenario.control<{ providers: { inFlight: number }[] }>('GET', '/api/v1/providers')
    expect(ways.providers.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0])
  })
})

/** How often the end of the text came as a piece of a stream. Responses tell the whole text again at the end. */
function timesSaid(text: string): number {
  const isPiece = (line: string) => !line.includes('"response.') || line.includes('"response.output_text.delta"')
  return text.split('\n').filter((line) => line.startsWith('data:') && line.includes('Omega') && isPiece(line)).length
}

function configOf(upstreams: readonly FakeUpstream[], onClientLeave: string) {
  const price = { inputPerMillion: 2, outputPerMillion: 10 }
  const retries = { max: 1, base: '1ms', longest: '5ms' }
  return {
    models: {
      breaker: { failures: 1000, share: '100%' },
      timeouts: { connect: '2s', firstToken: '2s', idle: '100ms', total: '4s' },
      providers: Object.fromEntries(PROVIDERS.map(({ name, provider }, index) => [name, provider(upstreams[index]?.origin ?? '')])),
      models: PROVIDERS.map(({ name }) => ({ name, provider: name, id: 'm', price, can: { prefill: true } })),
      routes: ROUTE_NAMES.map((name) => ({ name, targets: TARGETS, retries, ...ROUTES[name] })),
    },
    guards: { words: { type: 'keywords', words: ['Forbidden'], action: 'redact' } },
    access: {
      teams: {
        support: { budgets: [{ usd: 50, per: 'total', mode: 'strict' }] },
        lab: { budgets: [{ usd: 50, per: 'total', mode: 'hard' }] },
      },
    },
    money: { onClientLeave, drainFor: '1s' },
  }
}

/** Asks in a wire that is drawn, and leaves now and then. Undefined where it left. */
async function askOnce({ dataUrl, key }: Scenario, random: () => number): Promise<Told | undefined> {
  const wire: CallerWire = FIRST_WIRE === undefined ? drawnNothing() : drawn([FIRST_WIRE, ...OTHER_WIRES], random)
  const route = drawn(ROUTE_NAMES, random)
  const { stream: _asked, ...body } = wire.body(route, `Question ${Math.floor(random() * 40)}?`)
  const isStream = wire.name === 'gemini' || random() < 0.6
  const leaving = new AbortController()
  const timer = random() < 0.2 ? setTimeout(() => leaving.abort(), random() * 30) : undefined
  try {
    const response = await fetch(`${dataUrl}${wire.path(route)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(isStream && wire.name !== 'gemini' ? { ...body, stream: true } : body),
      signal: leaving.signal,
    })
    const text = await response.text()
    return { callId: response.headers.get('x-signalbox-request-id') ?? '', status: response.status, text, isStream }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

function drawnNothing(): never {
  throw new Error('There are no wires of callers.')
}

/** The events once nothing is under way any more, what is read on for nobody included. */
async function quietEvents(scenario: Scenario): Promise<readonly Event[]> {
  const isBusy = async () => {
    const { body: live } = await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')
    const { body: ways } = await scenario.control<{ providers: { inFlight: number }[] }>('GET', '/api/v1/providers')
    const { body: money } = await scenario.control<{ budgets: { held: string }[] }>('GET', '/api/v1/budgets')
    return live.calls.length > 0 || ways.providers.some(({ inFlight }) => inFlight > 0) || money.budgets.some(({ held }) => held !== '0')
  }
  for (let look = 0; look < 500 && (await isBusy()); look++) await Bun.sleep(20)
  const before = (await scenario.events()).length
  await Bun.sleep(50)
  const events = await scenario.events()
  return events.length === before ? events : quietEvents(scenario)
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0)
}

function costFor(event: Event, team: string): number {
  return 'costNanoUsd' in event && 'principal' in event && event.principal.team === team ? (event.costNanoUsd ?? 0) : 0
}
