import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Step, send, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, endedCall } from './ask.ts'
import { ASKING_WIRES } from './wires/asking.ts'
import { CALLER_WIRES, readStream } from './wires/caller-wires.ts'
import { type Frame, PROVIDERS, type Provider, streamBytes } from './wires/lies.ts'

// A guard that refuses what was said ends the call, and the provider bills it all the same: what that costs is known, or estimated and marked, on all wires.

const PRICE = { inputPerMillion: 2, outputPerMillion: 10 }
/** 10 tokens of input and 5 of output: what every provider here says. */
const COST = 70_000
/** 4,096 tokens of output, and a token for each byte of some request. */
const MOST = 4096 * 10_000 + 1000 * 2000

const BUDGETS = {
  'without a budget': [],
  'with a budget': [{ usd: 5, per: 'total', mode: 'hard' }],
} as const

function start({ wire, path, id }: Provider, budgets: readonly object[]): Promise<Scenario> {
  const model = { provider: 'fake', id, price: PRICE }
  return startScenario({
    config: (baseUrl) => ({
      guards: {
        short: { type: 'length', maxCharacters: 10, action: 'block', phases: ['output'] },
        json: { type: 'schema', schema: { type: 'object' }, action: 'block', phases: ['output'] },
      },
      models: {
        providers: { fake: { wire, baseUrl: `${baseUrl.replace(/\/v1$/, '')}${path}`, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [
          { ...model, name: 'short', guards: ['short'] },
          { ...model, name: 'json', guards: ['json'] },
        ],
      },
      access: { teams: { support: { budgets } } },
    }),
  })
}

/** The frames of each chunk in one write, then what is to be done before the next. */
function answerInChunks(scenario: Scenario, provider: Provider, chunks: readonly (readonly Frame[] | Step)[]): void {
  const type = provider.wire === 'converse' ? 'application/vnd.amazon.eventstream' : 'text/event-stream'
  const steps = chunks.map((chunk): Step => {
    if ('type' in chunk) return chunk
    const bytes = streamBytes(provider, chunk)
    return send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
  })
  const head = send(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`)
  scenario.upstream.answer(() => [head, ...steps, send('0\r\n\r\n')])
}

/** What the refusal of a guard is called in a wire. */
const codeIn = (wire: string): string => (wire.startsWith('openai-c') ? 'content_filter' : 'guard_blocked')

const rows = PROVIDERS.flatMap((provider) =>
  Object.entries(BUDGETS).map(([how, budgets]) => ({ wire: provider.wire, how, provider, budgets })),
)

describe.each(rows)('an answer of a provider of $wire that is refused, $how', ({ provider, budgets }) => {
  const { begin, piece, finish, last, usage } = provider
  let scenario: Scenario
  beforeAll(async () => {
    scenario = await start(provider, budgets)
  })
  afterAll(() => scenario.close())

  test.each(Object.entries(ASKING_WIRES))('whole, for a caller of %s, costs what the provider says', async (_name, wire) => {
    scenario.upstream.answer(wholeReply({ body: provider.whole(usage) }))
    const reply = await ask(scenario, { path: wire.path(false, 'json'), body: wire.body(false, 'json') })
    expect([reply.status, reply.text.includes('Grüezi')]).toEqual([400, false])
    const { errorCode, costNanoUsd, isEstimate, isUnpriced } = await endedCall(scenario, reply.callId)
    expect({ errorCode, costNanoUsd, isEstimate, isUnpriced }).toEqual({
      ...{ errorCode: 'guard_blocked', costNanoUsd: COST },
      ...{ isEstimate: undefined, isUnpriced: undefined },
    })
  })

  const callers = CALLER_WIRES.map((caller) => ({ name: caller.name, caller }))

  test.each(callers)('at its end, for a caller of $name, costs what the provider says behind it', async ({ caller }) => {
    answerInChunks(scenario, provider, [[...begin, piece, piece, ...finish], { type: 'pause', ms: 20 }, last(usage)])
    const read = await readStream(scenario, caller, { model: 'json', prompt: 'Hello?' })
    expect(read).toMatchObject({ text: '', ends: 0, errors: 1, code: codeIn(caller.name) })
    const { outcome, costNanoUsd, isEstimate, isUnpriced, bookings } = await endedCall(scenario, read.callId)
    expect({ outcome, costNanoUsd, isEstimate, isUnpriced }).toEqual({
      ...{ outcome: 'refused', costNanoUsd: COST },
      ...{ isEstimate: undefined, isUnpriced: undefined },
    })
    if (budgets.length > 0) expect(bookings).toMatchObject([{ state: 'settled', nanoUsd: COST, tokens: 15 }])
  })

  test.each(callers)('in its middle, for a caller of $name, takes the provider along and costs an estimate', async ({ caller }) => {
    answerInChunks(scenario, provider, [[...begin, piece, piece], { type: 'stall' }])
    const read = await readStream(scenario, caller, { model: 'short', prompt: 'Hello?' })
    expect(read).toMatchObject({ ends: 0, errors: 1, code: codeIn(caller.name) })
    const { costNanoUsd, isEstimate, isUnpriced, bookings } = await endedCall(scenario, read.callId)
    expect({ isEstimate, isUnpriced }).toEqual({ isEstimate: true, isUnpriced: undefined })
    // Two pieces of seven bytes were seen, and some request was sent.
    expect(costNanoUsd).toBeGreaterThan(14 * 10_000)
    expect(costNanoUsd).toBeLessThanOrEqual(MOST)
    if (budgets.length > 0) expect(bookings).toMatchObject([{ state: 'settled', isEstimate: true, nanoUsd: costNanoUsd }])
    expect(await scenario.upstream.requests.at(-1)?.whenLeft).toBeDefined()
  })

  test('at its end costs an estimate where its provider then says nothing more', async () => {
    answerInChunks(scenario, provider, [[...begin, piece, piece, ...finish], { type: 'stall' }])
    // One that is told the end of the text before the end of all.
    const caller = CALLER_WIRES.find(({ name }) => name === (provider.wire === 'converse' ? 'anthropic-messages' : provider.wire))
    if (caller === undefined) throw new Error(`Nobody asks in the wire ${provider.wire}.`)
    const read = await readStream(scenario, caller, { model: 'json', prompt: 'Hello?' })
    expect(read).toMatchObject({ text: '', ends: 0, errors: 1, code: codeIn(caller.name) })
    const { costNanoUsd, isEstimate, isUnpriced } = await endedCall(scenario, read.callId)
    expect({ isEstimate, isUnpriced }).toEqual({ isEstimate: true, isUnpriced: undefined })
    expect(costNanoUsd).toBeGreaterThan(14 * 10_000)
    expect(costNanoUsd).toBeLessThanOrEqual(MOST)
    expect(await scenario.upstream.requests.at(-1)?.whenLeft).toBeDefined()
  })
})

test.each(Object.entries(BUDGETS))('what a provider counts with each piece is no bill while more would come: %s', async (_how, budgets) => {
  const provider = PROVIDERS.find(({ wire }) => wire === 'gemini')
  const caller = CALLER_WIRES.find(({ name }) => name === 'gemini')
  if (provider === undefined || caller === undefined) throw new Error('Google has a wire.')
  await using scenario = await start(provider, budgets)
  const counted = (candidatesTokenCount: number): Frame => ({
    data: {
      ...{ candidates: [{ content: { role: 'model', parts: [{ text: 'Grüezi' }] }, index: 0 }], modelVersion: 'm', responseId: 'r1' },
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount, totalTokenCount: 10 + candidatesTokenCount },
    },
  })
  answerInChunks(scenario, provider, [[counted(300), counted(600)], { type: 'stall' }])
  const read = await readStream(scenario, caller, { model: 'short', prompt: 'Hello?' })
  const { costNanoUsd, isEstimate } = await endedCall(scenario, read.callId)
  expect(isEstimate).toBe(true)
  expect(costNanoUsd).toBeGreaterThan(10 * 2000 + 600 * 10_000)
  expect(costNanoUsd).toBeLessThanOrEqual(MOST)
})
