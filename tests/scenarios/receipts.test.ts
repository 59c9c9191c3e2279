import { describe, expect, test } from 'bun:test'
import { parseUsd } from '../../src/core/money.ts'
import { chatAnswer, chatStream, errorReply, gate, streamReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

interface Receipt {
  readonly state: string
  readonly outcome?: string
  readonly model?: string
  readonly provider?: string
  readonly costUsd?: string
  readonly unpriced: boolean
  readonly principal: { readonly team?: string }
  readonly events: readonly { readonly type: string }[]
}

interface SpendLine {
  readonly team: string | null
  readonly model: string | null
  readonly calls: number
  readonly costNanoUsd: string
  readonly unpricedCalls: number
}

async function receiptOf(scenario: Scenario, callId: string): Promise<Receipt> {
  return (await scenario.control<Receipt>('GET', `/api/v1/receipts/${callId}`)).body
}

describe('the receipt', () => {
  test('of a stream says what was used and what it cost, though its headers could not', async () => {
    await using scenario = await startScenario()
    const usage = { inputTokens: 1200, cachedInputTokens: 200, outputTokens: 50, reasoningTokens: 30 }
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], usage }))
    const reply = await ask(scenario, { body: chat({ stream: true }), headers: { 'x-signalbox-prompt': 'reply@v3' } })
    expect(reply.headers.has('x-signalbox-cost-usd')).toBe(false)
    await scenario.expectCall({ outcome: 'ok' })
    const receipt = await receiptOf(scenario, reply.callId)
    expect(receipt).toMatchObject({
      ...{ call: reply.callId, state: 'ended', outcome: 'ok', status: 200, isStream: true, attempts: 1, finishReason: 'stop' },
      ...{ model: 'mini', provider: 'fake', target: 'fake-model', providerStatus: 200, usage, costUsd: '0.0029', unpriced: false },
      ...{ priceVersion: 'configuration', prompt: { name: 'reply', version: 'v3' }, principal: { team: 'support', keyId: scenario.keyId } },
      sizes: { inBytes: JSON.stringify(chat({ stream: true })).length },
    })
    expect(receipt.events.map(({ type }) => type)).toEqual(['call.started', 'call.ended'])
  })

  test('of a call that runs says so', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], before: { 2: door.step } }))
    const pending = ask(scenario, { body: chat({ stream: true }) })
    const [started] = await scenario.expectEvents([{ type: 'call.started' }])
    const callId = started?.type === 'call.started' ? started.callId : ''
    expect(await receiptOf(scenario, callId)).toMatchObject({ state: 'running', model: 'mini', attempts: 1 })
    door.open()
    await pending
    await scenario.expectEvents([{ type: 'call.ended', callId, outcome: 'ok' }])
    expect(await receiptOf(scenario, callId)).toMatchObject({ state: 'ended', outcome: 'ok' })
  })

  test('of a call that nobody made is not found', async () => {
    await using scenario = await startScenario()
    expect((await scenario.control('GET', '/api/v1/receipts/call_00000000000000000000000000')).status).toBe(404)
  })
})

describe('spend', () => {
  const config = (baseUrl: string) => ({
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl } },
      models: [
        // Prices of which a single token is a part of a billionth of a dollar: every call is rounded, no sum may be.
        { name: 'mini', provider: 'fake', price: { inputPerMillion: 0.000123457, outputPerMillion: 0.333333333 } },
        { name: 'maxi', provider: 'fake', price: { inputPerMillion: 15, outputPerMillion: 75.000000001 } },
        { name: 'free', provider: 'fake', price: { inputPerMillion: 0, outputPerMillion: 0 } },
        { name: 'unpriced', provider: 'fake' },
      ],
    },
    access: { teams: { support: {}, search: {} } },
  })

  /** Calls of every kind, for two teams and four models; gives their ids. */
  async function makeCalls(scenario: Scenario): Promise<readonly string[]> {
    const keys = [scenario.key, (await scenario.newKey({ team: 'search' })).key]
    const ids: string[] = []
    for (let number = 0; number < 60; number++) {
      const usage = { inputTokens: 1 + number * 37, outputTokens: 3 + number * 11 }
      const chunk = `data: {"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":${usage.inputTokens},"completion_tokens":${usage.outputTokens}}}\n\n`
      const answers = [
        chatAnswer({ content: 'a', usage }),
        chatAnswer({ content: 'a' }),
        errorReply({ status: 500 }),
        streamReply({ frames: [chunk, chunk], cut: { afterFrames: 1, by: 'reset' } }),
      ]
      // Mostly good ones; the others are none the less part of the sums.
      const kind = number % 6 < 3 ? 0 : (number % 6) - 2
      scenario.upstream.queue(answers[kind] ?? chatAnswer())
      const model = ['mini', 'maxi', 'free', 'unpriced', 'none'][number % 5] ?? 'mini'
      const stream = kind === 3 || number % 2 === 0
      const key = keys[number % 2] ?? null
      const reply = await ask(scenario, { key, body: chat({ model, stream }) })
      ids.push(reply.callId)
      // What was queued for a call that was refused here is for nobody.
      if (reply.status === 404) await dropQueued(scenario)
    }
    await scenario.expectEvents(ids.flatMap(() => [{ type: 'call.started' } as const, { type: 'call.ended' } as const]))
    return ids
  }

  /** Takes the answer that is queued. */
  async function dropQueued({ upstream }: Scenario): Promise<void> {
    await fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', body: '{}' }).then(
      (response) => response.text().catch(() => ''),
      () => '',
    )
  }

  test('by team and model is the sum of the receipts, to the billionth of a dollar, also when it is folded again', async () => {
    await using scenario = await startScenario({ config })
    const ids = await makeCalls(scenario)
    const expected = new Map<string, { calls: number; nano: bigint }>()
    for (const id of ids) {
      const { principal, model, provider, costUsd } = await receiptOf(scenario, id)
      // A receipt says what the caller wrote. Where no such model was found, spend does not: anybody could fill the table with names.
      const key = `${principal.team} ${provider === undefined ? null : model}`
      const line = expected.get(key) ?? { calls: 0, nano: 0n }
      expected.set(key, { calls: line.calls + 1, nano: line.nano + BigInt(parseUsd(costUsd ?? '0') ?? Number.NaN) })
    }
    expect(expected.size).toBe(10)
    expect([...expected.values()].filter(({ nano }) => nano > 0n).length).toBe(4)

    const spent = async () => {
      const { body } = await scenario.control<readonly SpendLine[]>('GET', '/api/v1/spend?by=team,model')
      return new Map(body.map(({ team, model, calls, costNanoUsd }) => [`${team} ${model}`, { calls, nano: BigInt(costNanoUsd) }]))
    }
    const sorted = (lines: ReadonlyMap<string, object>) => [...lines].sort(([left], [right]) => left.localeCompare(right))
    expect(sorted(await spent())).toEqual(sorted(expected))
    expect((await scenario.control('POST', '/api/v1/spend/rebuild')).status).toBe(200)
    expect(sorted(await spent())).toEqual(sorted(expected))
  })

  test('counts calls whose price is not known apart, and never as free', async () => {
    await using scenario = await startScenario({ config })
    await ask(scenario, { body: chat({ model: 'unpriced' }) })
    await ask(scenario, { body: chat({ model: 'free' }) })
    await scenario.expectEvents([0, 1].flatMap(() => [{ type: 'call.started' } as const, { type: 'call.ended' } as const]))
    const { body } = await scenario.control<readonly SpendLine[]>('GET', '/api/v1/spend?by=model')
    expect(body.find(({ model }) => model === 'unpriced')).toMatchObject({ calls: 1, unpricedCalls: 1, costUsd: null })
    expect(body.find(({ model }) => model === 'free')).toMatchObject({ calls: 1, unpricedCalls: 0, costUsd: 0 })
  })
})
