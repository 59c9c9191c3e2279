import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import { type Gate, gate, type Step, send } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { CALLER_WIRES, type CallerWire } from './wires/caller-wires.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes } from './wires/lies.ts'

// A client leaves in the middle of a stream: what that costs is the same rule in every wire in front and behind.

interface Left {
  readonly scenario: Scenario
  readonly provider: Provider
}

function start({ wire, path, id }: Provider, onClientLeave: 'abort' | 'drain'): Promise<Scenario> {
  return startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id, price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
      money: { onClientLeave, drainFor: '5s' },
      access: { teams: { support: { budgets: [{ usd: 5, per: 'total', mode: 'hard' }] } } },
    }),
  })
}

/** The beginning and a piece; the rest behind a door. */
function answerInTwo({ scenario, provider }: Left): Gate {
  const door = gate()
  const { begin, piece, finish, last, usage } = provider
  const chunk = (frames: readonly Frame[]): Step => {
    const bytes = streamBytes(provider, frames)
    return send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
  }
  const type = provider.wire === 'converse' ? 'application/vnd.amazon.eventstream' : 'text/event-stream'
  const head = send(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`)
  scenario.upstream.answer(() => [head, chunk([...begin, piece]), door.step, chunk([piece, ...finish, ...last(usage)]), send('0\r\n\r\n')])
  return door
}

/** Reads until the first text, and leaves. Gives the id of the call. */
async function leave({ dataUrl, key }: Scenario, wire: CallerWire): Promise<string> {
  const leaving = new AbortController()
  const response = await fetch(`${dataUrl}${wire.path('mini')}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(wire.body('mini', 'Hello?')),
    signal: leaving.signal,
  })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('Grüezi')) text += new TextDecoder().decode((await reader?.read())?.value)
  leaving.abort()
  return response.headers.get('x-signalbox-request-id') ?? ''
}

/** The event of a call, once it is on disk. */
async function eventOf<Type extends Event['type']>(scenario: Scenario, type: Type, callId: string): Promise<Event & { type: Type }> {
  for (let look = 0; look < 2000; look++) {
    const found = (await scenario.events()).find((event) => event.type === type && 'callId' in event && event.callId === callId)
    // Its type was just looked at.
    if (found !== undefined) return found as Event & { type: Type }
    await Bun.sleep(5)
  }
  throw new Error(`There is no ${type} of ${callId}.`)
}

async function heldIn(scenario: Scenario): Promise<string | undefined> {
  const { body } = await scenario.control<{ budgets: readonly { held: string }[] }>('GET', '/api/v1/budgets')
  return body.budgets[0]?.held
}

describe.each(PROVIDERS.map((provider) => ({ wire: provider.wire, provider })))(
  'of a provider of $wire, a client that leaves',
  ({ provider }) => {
    const scenarios = new Map<string, Scenario>()
    const at = (policy: 'abort' | 'drain'): Scenario => {
      const found = scenarios.get(policy)
      if (found === undefined) throw new Error('It was started before.')
      return found
    }
    beforeAll(async () => {
      for (const policy of ['abort', 'drain'] as const) scenarios.set(policy, await start(provider, policy))
    })
    afterAll(async () => {
      for (const scenario of scenarios.values()) await scenario.close()
    })

    const callers = CALLER_WIRES.map((caller) => ({ caller, name: caller.name }))
    test.each(callers)('$name: takes the provider along, and is charged no more than was held', async ({ caller }) => {
      const scenario = at('abort')
      const door = answerInTwo({ scenario, provider })
      const callId = await leave(scenario, caller)
      const { hold } = await eventOf(scenario, 'call.started', callId)
      const { outcome, isEstimate, bookings, costNanoUsd } = await eventOf(scenario, 'call.ended', callId)
      expect({ outcome, isEstimate }).toEqual({ outcome: 'cancelled', isEstimate: true })
      expect(bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: costNanoUsd }])
      // At least what the provider did until then: 10 tokens of input and 5 of output.
      expect(costNanoUsd).toBeGreaterThanOrEqual(70_000)
      expect(costNanoUsd).toBeLessThanOrEqual(hold?.nanoUsd ?? 0)
      expect(await scenario.upstream.requests.at(-1)?.whenLeft).toBeDefined()
      expect(await heldIn(scenario)).toBe('0')
      door.open()
    })

    test.each(callers)('$name: is charged what it cost, where what it left is read to its end', async ({ caller }) => {
      const scenario = at('drain')
      const door = answerInTwo({ scenario, provider })
      const callId = await leave(scenario, caller)
      const { outcome, bookings } = await eventOf(scenario, 'call.ended', callId)
      expect([outcome, bookings]).toEqual(['cancelled', undefined])
      door.open()
      const booked = await eventOf(scenario, 'attempt.booked', callId)
      expect(booked).toMatchObject({ costNanoUsd: 70_000, booking: { state: 'settled', nanoUsd: 70_000, tokens: 15 } })
      expect(booked).not.toHaveProperty('isEstimate')
      expect(await heldIn(scenario)).toBe('0')
    })
  },
)
