import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { purgeAtRest } from '../../src/app/answer-cache.ts'
import type { CallEnded } from '../../src/core/events.ts'
import { realWorld } from '../../src/platform/world.ts'
import { chatAnswer, fakeUpstream, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, type ScenarioConfig, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, type Reply } from './ask.ts'

const PRICED = { inputPerMillion: 2, outputPerMillion: 10 }

/** A model whose answers are cached, and what differs from that. */
function cached(cache: object = {}, more: ScenarioConfig = {}, store: object = {}) {
  return {
    config: (baseUrl: string) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: PRICED, cache }],
        cache: store,
      },
      access: { teams: { support: {}, search: {} } },
      ...more,
    }),
  }
}

const said = (reply: Reply) => reply.headers.get('x-signalbox-cache')
const stream = (fields: object = {}) => chat({ stream: true, ...fields })
const sent = (scenario: Scenario) => scenario.upstream.requests.length

function contentOf(reply: Reply): string {
  return reply.frames
    .filter((frame) => frame !== '[DONE]')
    .map((frame) => JSON.parse(frame).choices[0]?.delta?.content ?? '')
    .join('')
}

/** The endings of so many calls, once they are on disk; five seconds are waited for them at the most. */
async function endings(scenario: Scenario, count: number): Promise<readonly CallEnded[]> {
  for (let turn = 0; turn < 2000; turn++) {
    const ended = (await scenario.events()).flatMap((event) => (event.type === 'call.ended' ? [event] : []))
    if (ended.length >= count) return ended
    await Bun.sleep(10)
  }
  throw new Error(`${count} calls did not end`)
}

describe('an equal question', () => {
  test('is answered from the cache, byte for byte, free of charge, and its receipt says so', async () => {
    await using scenario = await startScenario(cached())
    const first = await ask(scenario)
    const second = await ask(scenario)
    expect([said(first), said(second), second.text === first.text, sent(scenario)]).toEqual(['miss', 'hit', true, 1])
    expect([second.headers.get('age'), second.headers.get('x-signalbox-cost-usd')]).toEqual(['0', '0'])
    const { body } = await scenario.control<{ cache: unknown }>('GET', `/api/v1/receipts/${second.callId}`)
    expect(body.cache).toMatchObject({ result: 'hit', savedUsd: '0.00005' })
    const ended = await endings(scenario, 2)
    expect(ended.map(({ costNanoUsd, attempts, provider, outcome }) => [costNanoUsd, attempts, provider, outcome])).toEqual([
      [50_000, 1, 'fake', 'ok'],
      [0, 0, 'fake', 'ok'],
    ])
  })

  test('is equal in another order, with other spaces, and as a stream', async () => {
    await using scenario = await startScenario(cached())
    const first = await ask(scenario, { body: '{"model":"mini","seed":1,"messages":[{"role":"user","content":"Hello?"}]}' })
    const spaced = await ask(scenario, { body: '{ "messages": [ {"content":"Hello?", "role":"user"} ], "model": "mini", "seed": 1 }' })
    const streamed = await ask(scenario, { body: stream({ seed: 1 }) })
    expect([said(first), said(spaced), said(streamed), sent(scenario)]).toEqual(['miss', 'hit', 'hit', 1])
    expect(contentOf(streamed)).toBe('Hello there.')
    expect(streamed.frames.at(-1)).toBe('[DONE]')
  })

  test('is answered as it was asked where a stream was kept: with usage for who wants it, without for who does not, and whole', async () => {
    await using scenario = await startScenario(cached())
    const first = await ask(scenario, { body: stream() })
    const again = await ask(scenario, { body: stream() })
    const withUsage = await ask(scenario, { body: stream({ stream_options: { include_usage: true } }) })
    const whole = await ask(scenario)
    expect([first, again, withUsage, whole].map(said)).toEqual(['miss', 'hit', 'hit', 'hit'])
    expect([again.text === first.text, sent(scenario)]).toEqual([true, 1])
    expect(first.text).not.toContain('"usage":{')
    expect(JSON.parse(withUsage.frames.at(-2) ?? '')).toMatchObject({ usage: { prompt_tokens: 10, completion_tokens: 3, cost: 0 } })
    expect(whole.json).toMatchObject({ choices: [{ message: { content: 'Hello there.' }, finish_reason: 'stop' }] })
  })

  test('is another one where anything of it differs that could change the answer', async () => {
    await using scenario = await startScenario(cached())
    await ask(scenario)
    const others = [chat({ temperature: 0 }), chat({ user: 'ana' }), chat({ vendor_field: 1 }), chat({ messages: [] }), chat({ n: 2 })]
    for (const body of others) expect(said(await ask(scenario, { body }))).toBe('miss')
    expect(sent(scenario)).toBe(6)
  })

  test('is another one when the model stands for something else', async () => {
    const config = cached().config
    await using scenario = await startScenario({ config })
    await ask(scenario)
    const next = config(scenario.upstream.baseUrl)
    const [model] = next.models.models
    await scenario.reconfigure({ ...next, models: { ...next.models, models: [{ ...model, id: 'another-model' }] } })
    expect(said(await ask(scenario))).toBe('miss')
    expect(scenario.upstream.requests[1]?.json()).toMatchObject({ model: 'another-model' })
  })
})

describe('answers are shared', () => {
  const keysOf = async (scenario: Scenario) => [
    scenario.key,
    (await scenario.newKey({ team: 'support' })).key,
    (await scenario.newKey({ team: 'search' })).key,
  ]

  test.each([
    ['principal', ['miss', 'miss', 'miss']],
    ['team', ['miss', 'hit', 'miss']],
    ['organisation', ['miss', 'hit', 'hit']],
  ])('by %s', async (scope, expected) => {
    await using scenario = await startScenario(cached({ scope }))
    const found: unknown[] = []
    for (const key of await keysOf(scenario)) found.push(said(await ask(scenario, { key })))
    expect(found).toEqual(expected)
  })

  test('by no text that looks like another scope', async () => {
    await using scenario = await startScenario(cached({ scope: 'principal' }))
    const other = await scenario.newKey({ team: 'support', user: '","search"]' })
    await ask(scenario)
    expect(said(await ask(scenario, { key: other.key }))).toBe('miss')
  })
})

describe('the caller decides', () => {
  const wish = (value: string) => ({ headers: { 'x-signalbox-cache': value } })

  test('not to use it, to refresh it, and how long its answer is kept', async () => {
    await using scenario = await startScenario(cached())
    expect(said(await ask(scenario, wish('no-store')))).toBeNull()
    expect(said(await ask(scenario, wish('ttl=60')))).toBe('miss')
    expect(said(await ask(scenario, wish('refresh')))).toBe('refresh')
    expect(said(await ask(scenario, wish('max-age=60')))).toBe('hit')
    expect(said(await ask(scenario, { headers: { 'cache-control': 'no-cache' } }))).toBe('refresh')
    expect(said(await ask(scenario, { headers: { 'cache-control': 'no-store' } }))).toBeNull()
    expect(sent(scenario)).toBe(5)
  })

  test('in words that are known', async () => {
    await using scenario = await startScenario(cached())
    expect(expectError(await ask(scenario, wish('maybe')), 400, 'invalid_request').message).toContain('no-store, refresh, ttl=<seconds>')
  })
})

describe('what is not kept', () => {
  test('a reply that failed, and one that was filtered', async () => {
    await using scenario = await startScenario(cached())
    scenario.upstream.answer(chatAnswer({ content: 'No.', finishReason: 'content_filter' }))
    await ask(scenario)
    expect(said(await ask(scenario))).toBe('miss')
    scenario.upstream.answer(chatAnswer({ content: 'Ha', cut: { afterFrames: 2, by: 'reset' } }))
    await ask(scenario, { body: stream() }).catch(() => undefined)
    expect(said(await ask(scenario, { body: stream({ n: 1 }) }))).toBe('miss')
    expect(sent(scenario)).toBe(4)
  })

  test('anything of a model without cache', async () => {
    await using scenario = await startScenario()
    await ask(scenario)
    expect([said(await ask(scenario)), sent(scenario)]).toEqual([null, 2])
  })
})

test('equal questions at one time are sent once', async () => {
  await using scenario = await startScenario(cached())
  const replies = await Promise.all(Array.from({ length: 20 }, () => ask(scenario, { body: stream() })))
  expect(new Set(replies.map(contentOf))).toEqual(new Set(['Hello there.']))
  expect(sent(scenario)).toBe(1)
  expect(replies.filter((reply) => said(reply) === 'miss')).toHaveLength(1)
  const costs = (await endings(scenario, 20)).map(({ costNanoUsd }) => costNanoUsd)
  expect([costs.filter((cost) => cost === 50_000).length, costs.filter((cost) => cost === 0).length]).toEqual([1, 19])
})

test('on disk, answers outlive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))
  await using upstream = await fakeUpstream()
  const options = { ...cached({}, {}, { store: 'disk' }), folder, baseUrl: upstream.baseUrl }
  const found: unknown[] = []
  let key: string | undefined
  for (let start = 0; start < 2; start++) {
    await using scenario = await startScenario(options)
    key ??= scenario.key
    found.push(said(await ask(scenario, { key })))
  }
  rmSync(folder, { recursive: true })
  expect([found, upstream.requests.length]).toEqual([['miss', 'hit'], 1])
})

test('an operator sees how much is cached and purges it, and the log says who did', async () => {
  await using scenario = await startScenario(cached())
  await ask(scenario)
  await ask(scenario, { body: chat({ seed: 1 }) })
  expect((await scenario.control('GET', '/api/v1/cache')).body).toMatchObject({ entries: 2, failures: 0 })
  expect((await scenario.control('POST', '/api/v1/cache/purge', {})).status).toBe(400)
  expect((await scenario.control('POST', '/api/v1/cache/purge', { model: 'large' })).body).toEqual({ purged: 0 })
  expect((await scenario.control('POST', '/api/v1/cache/purge', { model: 'mini', keyId: scenario.keyId })).body).toEqual({ purged: 2 })
  expect(said(await ask(scenario))).toBe('miss')
  const purges = (await scenario.events()).flatMap((event) => (event.type === 'cache.purged' ? [[event.answers, event.where]] : []))
  expect(purges).toEqual([
    [0, 'model = large'],
    [2, `model = mini and keyId = ${scenario.keyId}`],
  ])
})

describe('erasing what was said to a user', () => {
  test('takes the cached answers of that user too, and no others', async () => {
    await using scenario = await startScenario(cached())
    const [ada, bob] = [await scenario.newKey({ user: 'ada' }), await scenario.newKey({ user: 'bob' })]
    const byAda = { key: ada.key, body: chat({ seed: 1 }) }
    const byBob = { key: bob.key, body: chat({ seed: 2 }) }
    for (const asked of [byAda, byBob]) await ask(scenario, asked)
    expect((await scenario.control('POST', '/api/v1/bodies/erase', { user: 'ada' })).body).toEqual({ erased: 1 })
    expect([said(await ask(scenario, byAda)), said(await ask(scenario, byBob))]).toEqual(['miss', 'hit'])
    const erasures = (await scenario.events()).flatMap((event) => (event.type === 'body.erased' ? [[event.bodies, event.where]] : []))
    expect(erasures).toEqual([[1, 'user = ada']])
  })

  test('takes them from the file, while a gateway runs and while none does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))
    const options = { ...cached({}, {}, { store: 'disk' }), folder }
    const [file = '', filled] = await (async () => {
      await using scenario = await startScenario(options)
      scenario.upstream.answer(chatAnswer({ content: 'A very recognisable sentence.' }))
      const { key } = await scenario.newKey({ user: 'ada' })
      for (const seed of [1, 2]) await ask(scenario, { key, body: chat({ seed }) })
      const { callId } = await ask(scenario, { key, body: chat({ seed: 3 }) })
      const path = [...new Bun.Glob('**/cache.db').scanSync({ cwd: folder, absolute: true })][0]
      await scenario.control('POST', '/api/v1/bodies/erase', { callId })
      const { body } = await scenario.control<{ entries: number }>('GET', '/api/v1/cache')
      return [path, body.entries] as const
    })()
    const isThere = () => readFileSync(file).includes('recognisable')
    expect([filled, isThere()]).toEqual([2, true])
    const atRest = { config: undefined, folder: dirname(file), world: realWorld() }
    expect(await purgeAtRest({ user: 'bob' }, atRest)).toBe(0)
    expect(await purgeAtRest({ user: 'ada' }, atRest)).toBe(2)
    expect(isThere()).toBe(false)
    rmSync(folder, { recursive: true })
  })
})

describe('a like question', () => {
  const ASKED = 'How do I reset the password of my account?'
  const asks = (content: string, more: object = {}) => ({ body: chat({ messages: [{ role: 'user', content }], ...more }) })

  test('gets the same answer where it is alike enough, and hears how alike it was', async () => {
    await using scenario = await startScenario(cached({ semantic: { threshold: 0.7 } }))
    await ask(scenario, asks(ASKED))
    const like = await ask(scenario, asks('how do i reset the password of my account'))
    const other = await ask(scenario, asks('How do I delete my account?'))
    expect([said(like), said(other)]).toEqual(['similar', 'miss'])
    expect(Number(like.headers.get('x-signalbox-cache-similarity'))).toBeGreaterThan(0.9)
  })

  test.each([
    [
      'another system prompt',
      {
        messages: [
          { role: 'system', content: 'Say no.' },
          { role: 'user', content: `${ASKED}!` },
        ],
      },
    ],
    ['tools', { tools: [{ type: 'function', function: { name: 'reset', parameters: { type: 'object' } } }] }],
    ['a form of the answer', { response_format: { type: 'json_object' } }],
    ['a high temperature', { temperature: 1 }],
    ['a field that nobody knows', { vendor_field: 1 }],
  ])('gets none with %s', async (_what, more) => {
    await using scenario = await startScenario(cached({ semantic: { threshold: 0.7 } }))
    await ask(scenario, asks(ASKED))
    expect(said(await ask(scenario, asks(`${ASKED}!`, more)))).toBe('miss')
  })

  test('is not one with another number, however long it is, nor a long one with another word', async () => {
    await using scenario = await startScenario(cached({ semantic: {} }))
    const long = (verb: string, dollars: string) =>
      asks(
        `Our customer called this morning about the blue winter jacket from last season, which arrived damaged at the warehouse in Leeds. The parcel label was torn, the courier signed for delivery without photograph, and the insurance form remains open. Please ${verb} the account and refund ${dollars} dollars to the original payment card, then write a friendly message that confirms everything.`,
      )
    const short = (dollars: string) => asks(`Please refund ${dollars} dollars to the card of our customer in Leeds.`)
    const asked = [
      long('enable', '10'),
      long('enable', '100'),
      long('disable', '10'),
      short('10'),
      short('100'),
      short('10.00'),
      short('10'),
    ]
    const replies: unknown[] = []
    for (const question of asked) replies.push(said(await ask(scenario, question)))
    expect(replies).toEqual(['miss', 'miss', 'miss', 'miss', 'miss', 'miss', 'hit'])
  })

  const system = {
    messages: [
      { role: 'system', content: 'Say no.' },
      { role: 'user', content: `${ASKED}!` },
    ],
  }
  const tools = { tools: [{ type: 'function', function: { name: 'reset', parameters: { type: 'object' } } }] }
  test.each([
    ['model', { model: 'maxi' }],
    ['system', system],
    ['tools', tools],
    ['output', { response_format: { type: 'json_object' } }],
  ])('crosses another %s only where that is allowed', async (what, more) => {
    const results: unknown[] = []
    for (const across of [[], [what]]) {
      const cache = { semantic: { threshold: 0.7, across } }
      await using scenario = await startScenario(twoModels(cache))
      await ask(scenario, asks(ASKED))
      results.push(said(await ask(scenario, asks(`${ASKED}!`, more))))
    }
    expect(results).toEqual(['miss', 'similar'])
  })

  test('is another temperature’s where that differs, also below the highest', async () => {
    await using scenario = await startScenario(cached({ semantic: { threshold: 0.7 } }))
    await ask(scenario, asks(ASKED, { temperature: 0 }))
    expect(said(await ask(scenario, asks(`${ASKED}!`, { temperature: 0.2 })))).toBe('miss')
    expect(said(await ask(scenario, asks(`${ASKED}!`, { temperature: 0 })))).toBe('similar')
  })
})

/** Two models with a cache each. */
function twoModels(cache: object) {
  const config = (baseUrl: string) => ({
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: ['mini', 'maxi'].map((name) => ({ name, provider: 'fake', id: `fake-${name}`, cache })),
    },
    access: { teams: { support: {} } },
  })
  return { config }
}

test.each([
  ['semantic with Redis', { semantic: {} }, { store: 'redis' }, { shared: 'redis://127.0.0.1:1' }, 'models.models[0].cache.semantic'],
  ['Redis that is nowhere', {}, { store: 'redis' }, {}, 'models.cache.store'],
  ['an embedder that is none', { semantic: { embedder: 'none' } }, {}, {}, 'models.models[0].cache.semantic.embedder'],
])('%s is refused', async (_what, cache, store, more, place) => {
  const refused = await startScenario(cached(cache, more, store)).then(
    () => 'started',
    (error) => String(error.message ?? error),
  )
  expect(refused).toContain(place)
})

test('a configured model finds like questions by meaning, as a call of its own that is paid and traced', async () => {
  await using scenario = await startScenario({
    config: (baseUrl) => ({
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [
          { name: 'mini', provider: 'fake', id: 'fake-model', price: PRICED, cache: { semantic: { embedder: 'vectors', threshold: 0.9 } } },
          { name: 'vectors', provider: 'fake', id: 'embed-model', price: PRICED },
        ],
      },
    }),
  })
  const vectorOf = (text: string) => (/cancel|end/.test(text) ? [3, 4] : [4, -3])
  const answer = chatAnswer()
  for (let turn = 0; turn < 6; turn++) {
    scenario.upstream.answer((request) => {
      if (!request.path.endsWith('/embeddings')) return answer(request)
      const { input } = request.jsonObject()
      const data = [{ object: 'embedding', index: 0, embedding: vectorOf(String(input)) }]
      return wholeReply({ body: { object: 'list', data, model: 'embed-model', usage: { prompt_tokens: 5, total_tokens: 5 } } })(request)
    })
  }
  const asks = (content: string) => ({ body: chat({ messages: [{ role: 'user', content }] }) })
  const first = await ask(scenario, asks('How do I cancel my plan?'))
  const like = await ask(scenario, asks('Where can I end my subscription?'))
  const other = await ask(scenario, asks('What does it cost?'))
  expect([first, like, other].map(said)).toEqual(['miss', 'similar', 'miss'])
  const embedded = (await endings(scenario, 6)).filter(({ subject }) => subject === 'vectors')
  expect(embedded.map(({ parentId, costNanoUsd }) => [parentId, costNanoUsd])).toEqual(
    [first, like, other].map(({ callId }) => [callId, 10_000]),
  )
})
