import { expect, test } from 'bun:test'
import type { Principal } from '../core/call.ts'
import type { CallEnded, CallStarted, Event } from '../core/events.ts'
import { fakeWorld } from '../testing/fake-world.ts'
import { Ledger } from './ledger.ts'
import { type Admission, admit, leave } from './limiter.ts'
import type { Moment } from './moment.ts'
import { tokensOfCall } from './recount.ts'
import type { LedgerRules, Scope } from './rules.ts'

const KEYS: readonly Principal[] = ['k1', 'k2', 'k3'].map((keyId) => ({ organisation: 'acme', team: 'a', keyId, labels: {} }))
const AZURE: Scope = { name: 'providers=azure', matches: (_model, provider) => provider === 'azure' }
const RULES: LedgerRules = {
  accounts: [
    {
      kind: 'key',
      budgets: [],
      limits: [
        { unit: 'requests', limit: 40, perMs: 60_000, per: 'minute' },
        { unit: 'tokens', limit: 9000, perMs: 3_600_000, per: 'hour' },
      ],
    },
    { kind: 'team', name: 'a', budgets: [], limits: [{ unit: 'requests', limit: 30, perMs: 60_000, per: 'minute', scope: AZURE }] },
  ],
  onCrash: 'charge-estimate',
}

const at = (nowMs: number): Moment => ({ wallMs: nowMs, steadyMs: nowMs })

function ledgerAt(nowMs: number): Ledger {
  const ledger = new Ledger()
  ledger.apply(RULES, at(nowMs))
  return ledger
}

/** What every limit says that is used. */
function usedOf(ledger: Ledger, nowMs: number): Readonly<Record<string, number>> {
  const windows = KEYS.flatMap((principal) => ledger.accountsOf(principal, 'run', at(nowMs)).limits)
  return Object.fromEntries(windows.map((window) => [window.id, window.used(at(nowMs))]))
}

function startedOf(callId: string, principal: Principal, more: Partial<CallStarted>): CallStarted {
  const ids = { callId, traceId: 'run', spanId: '', prompt: {}, subject: 'mini' }
  return { type: 'call.started', atMs: 0, ...ids, layer: 'models', action: 'models.call', principal, ...more }
}

function endedOf(started: CallStarted, more: Partial<CallEnded>): CallEnded {
  const { hold: _, ...rest } = started
  return { ...rest, type: 'call.ended', startedAtMs: started.atMs, durationMs: 0, outcome: 'ok', attempts: 1, ...more }
}

test('after a crash limits have counted what the log says, what was running included, wherever the state was stored', () => {
  const world = fakeWorld({ seed: 44 })
  const chance = (below: number) => Math.floor(world.random() * below)
  for (let life = 0; life < 300; life++) {
    let nowMs = 1_795_000_000_000
    const live = ledgerAt(nowMs)
    const log: Event[] = []
    const running: { readonly started: CallStarted; readonly admission: Admission }[] = []
    let stored = { text: live.storedText(at(nowMs)), length: 0 }
    for (let step = 0; step < 120; step++) {
      nowMs += chance(2000)
      const kind = chance(10)
      if (kind < 5) {
        const principal = KEYS[chance(KEYS.length)] ?? KEYS[0]
        if (principal === undefined) throw new Error('There are keys.')
        const windows = live.accountsOf(principal, 'run', at(nowMs)).limits.filter(({ scope }) => scope === undefined)
        const asked = admit(windows, chance(300), at(nowMs))
        const callId = `call_${life}_${step}`
        if (asked.type === 'blocked') {
          const refused = startedOf(callId, principal, { atMs: nowMs })
          log.push(refused, endedOf(refused, { atMs: nowMs, outcome: 'refused', attempts: 0, errorCode: 'rate_limited' }))
          continue
        }
        const started = startedOf(callId, principal, { atMs: nowMs, limitTokens: asked.admission.tokens })
        log.push(started)
        running.push({ started, admission: asked.admission })
      } else if (kind < 9) {
        const [call] = running.splice(chance(running.length), 1)
        if (call === undefined) continue
        const usage = { inputTokens: chance(200), outputTokens: chance(100) }
        const isLeft = chance(4) === 0
        leave(call.admission, isLeft ? call.admission.tokens : usage.inputTokens + usage.outputTokens, at(nowMs))
        log.push(endedOf(call.started, isLeft ? { atMs: nowMs, outcome: 'cancelled' } : { atMs: nowMs, usage }))
      } else stored = { text: live.storedText(at(nowMs)), length: log.length }
    }
    const next = ledgerAt(nowMs)
    next.restoreText(stored.text, at(nowMs))
    for (const event of log.slice(stored.length)) next.fold(event)
    next.resolveCrashed(
      at(nowMs),
      running.map(({ started }) => started),
    )
    expect(usedOf(next, nowMs)).toEqual(usedOf(live, nowMs))
  }
})

test('what the log says of a second crash is what the first one counted', () => {
  const [principal] = KEYS
  if (principal === undefined) throw new Error('There are keys.')
  const started = startedOf('call_1', principal, { atMs: 1000, limitTokens: 250 })
  const first = ledgerAt(2000)
  first.fold(started)
  first.resolveCrashed(at(2000), [started])
  const second = ledgerAt(3000)
  second.fold(started)
  second.fold(endedOf(started, { atMs: 2000, outcome: 'broken', errorCode: 'crashed', attempts: 0 }))
  second.resolveCrashed(at(3000), [])
  expect(usedOf(second, 3000)).toEqual(usedOf(first, 3000))
  expect(usedOf(second, 3000)).toMatchObject({ 'requests 60000 key:k1': 1, 'tokens 3600000 key:k1': 250 })
})

test('attempts are counted again on limits of providers: the first with the start of its call, others with its end', () => {
  const [principal] = KEYS
  if (principal === undefined) throw new Error('There are keys.')
  const limitAttempt = { id: 'call_1.1', model: 'gpt', provider: 'azure', tokens: 0 }
  const started = startedOf('call_1', principal, { atMs: 1000, limitTokens: 0, limitAttempt })
  const tried = { target: 't', why: '', startedAfterMs: 0, durationMs: 0, outcome: 'ok' } as const
  const ended = endedOf(started, {
    atMs: 1500,
    attemptLog: [
      { ...tried, id: 'call_1.1', model: 'gpt', provider: 'azure' },
      { ...tried, id: 'call_1.2', model: 'gpt', provider: 'azure', outcome: 'refused', errorCode: 'rate_limited' },
      { ...tried, id: 'call_1.3', model: 'gpt', provider: 'azure' },
      { ...tried, id: 'call_1.4', model: 'gpt', provider: 'openai' },
    ],
  })
  const azure = 'requests 60000 providers=azure team:a'
  const ledger = ledgerAt(2000)
  ledger.fold(started)
  expect(usedOf(ledger, 2000)[azure]).toBe(1)
  ledger.fold(ended)
  expect(usedOf(ledger, 2000)).toMatchObject({ [azure]: 2, 'requests 60000 key:k1': 1 })
})

test('what was stored of a limit that no call touched since is stored again, until it has left the window', () => {
  const [principal] = KEYS
  if (principal === undefined) throw new Error('There are keys.')
  const first = ledgerAt(1000)
  first.fold(startedOf('call_1', principal, { atMs: 1000, limitTokens: 10 }))
  const second = ledgerAt(2000)
  second.restore(first.stored(at(2000)), at(2000))
  const third = ledgerAt(3000)
  third.restore(second.stored(at(3000)), at(3000))
  expect(usedOf(third, 3000)).toMatchObject({ 'requests 60000 key:k1': 1 })
  const late = ledgerAt(3000)
  late.restore(second.stored(at(3000)), at(3000))
  expect(late.stored(at(70_000)).windows).toEqual([])
})

const bookingOf = (tokens: number) => ({ attempt: 'call_1.1', state: 'settled', atMs: 0, nanoUsd: 0, tokens, balances: [] }) as const

test.each<[string, Parameters<typeof tokensOfCall>[0], Parameters<typeof tokensOfCall>[1], number | undefined]>([
  ['nothing was sent', { attempts: 0 }, 'refused', 0],
  ['one attempt said it', { attempts: 1, usage: { inputTokens: 3, outputTokens: 4 } }, 'ok', 7],
  ['nobody said it', { attempts: 1 }, 'cancelled', undefined],
  ['it broke off after it began', { attempts: 1, sizeOutBytes: 10 }, 'broken', undefined],
  ['it failed before it began', { attempts: 1 }, 'broken', 0],
  [
    'more was booked than was said last',
    { attempts: 2, usage: { inputTokens: 3, outputTokens: 4 }, bookings: [bookingOf(9), bookingOf(7)] },
    'ok',
    16,
  ],
  ['more was said than was booked', { attempts: 1, usage: { inputTokens: 30, outputTokens: 4 }, bookings: [bookingOf(9)] }, 'ok', 34],
])('the tokens of a call that count where %s', (_what, facts, outcome, tokens) => {
  expect(tokensOfCall(facts, outcome)).toBe(tokens)
})

test.each(['stored', 'logged'])(
  'what was %s by a clock that was a year ahead counts from now at the next start, and leaves the window as ever',
  (how) => {
    const [principal] = KEYS
    if (principal === undefined) throw new Error('There are keys.')
    const nowMs = 1_795_000_000_000
    const ahead = nowMs + 365 * 86_400_000
    const before = ledgerAt(ahead)
    const events = [1, 2, 3].map((call) => startedOf(`call_${call}`, principal, { atMs: ahead + call, limitTokens: 100 }))
    const ended = events.map((started) => endedOf(started, { atMs: ahead + 10, usage: { inputTokens: 60, outputTokens: 40 } }))
    for (const event of [...events, ...ended]) before.fold(event)
    const next = ledgerAt(nowMs)
    if (how === 'stored') next.restoreText(before.storedText(at(ahead + 20)), at(nowMs))
    else for (const event of [...events, ...ended]) next.fold(event)
    next.resolveCrashed(at(nowMs))
    expect(usedOf(next, nowMs)).toMatchObject({ 'requests 60000 key:k1': 3, 'tokens 3600000 key:k1': 300 })
    expect(usedOf(next, nowMs + 61_000)).toMatchObject({ 'requests 60000 key:k1': 0, 'tokens 3600000 key:k1': 300 })
    expect(usedOf(next, nowMs + 3_661_000)).toMatchObject({ 'tokens 3600000 key:k1': 0 })
  },
)
