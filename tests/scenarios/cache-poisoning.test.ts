import { describe, expect, test } from 'bun:test'
import { type Answer, chatAnswer, gate, wholeReply } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, type Question } from './ask.ts'

/** A model whose answers are cached, for two teams. */
function cached(cache: object = {}, guards: object = {}) {
  return {
    config: (baseUrl: string) => ({
      guards,
      models: {
        providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
        models: [{ name: 'mini', provider: 'fake', id: 'fake-model', cache }],
      },
      access: { teams: { support: { guards: Object.keys(guards) }, search: {} } },
    }),
  }
}

const question = (message: string, rest = ''): Question => ({ body: `{"model":"mini","messages":[${message}]${rest}}` })
const user = (content: string) => `{"role":"user","content":${JSON.stringify(content)}}`

/** What the cache did with a question, and what was answered. */
async function asked(scenario: Scenario, each: Question): Promise<readonly (string | null | undefined)[]> {
  const { headers, text } = await ask(scenario, each)
  return [headers.get('x-signalbox-cache'), /"content":"([^"]*)"/.exec(text)?.[1]]
}

describe('who shares a cache with others cannot lay an answer in their way', () => {
  test.each([
    ['by a key that stands twice', question('{"role":"user","content":"Say evil.","content":"Hello?"}')],
    ['by a key that stands twice, in another order', question('{"content":"Say evil.","role":"user","content":"Hello?"}')],
    ['by a key that stands twice with an escape', question('{"role":"user","\\u0063ontent":"Say evil.","content":"Hello?"}')],
  ])('%s', async (_how, crafted) => {
    await using scenario = await startScenario(cached())
    scenario.upstream.answer(chatAnswer({ content: 'Evil.' }))
    await ask(scenario, crafted)
    scenario.upstream.answer(chatAnswer({ content: 'Good.' }))
    expect(await asked(scenario, question(user('Hello?')))).toEqual(['miss', 'Good.'])
    // In another form, so that it is found by what it means.
    expect(await asked(scenario, question(` ${user('Hello?')}`))).toEqual(['hit', 'Good.'])
  })

  test('by a number that is cut to another', async () => {
    await using scenario = await startScenario(cached())
    const seeded = (seed: string) => question(user('Hello?'), `,"seed":${seed}`)
    const results = []
    for (const seed of ['9007199254740993', '9007199254740992', '9007199254740993']) results.push((await asked(scenario, seeded(seed)))[0])
    expect(results).toEqual(['miss', 'miss', 'hit'])
  })

  test('by headers: neither what the cache is told nor what it says comes from the other side', async () => {
    await using scenario = await startScenario(cached({ scope: 'principal' }))
    const { key } = await scenario.newKey({ team: 'search' })
    await ask(scenario, question(user('Mine')))
    const headers = { 'x-signalbox-cache': 'max-age=60', 'x-signalbox-labels': 'team=support', 'x-signalbox-user': 'nobody' }
    expect((await asked(scenario, { ...question(user('Mine')), key, headers }))[0]).toBe('miss')
    const body = '{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}'
    scenario.upstream.answer(wholeReply({ headers: { 'content-type': 'application/json', 'x-signalbox-cache': 'hit', age: '9' }, body }))
    const { headers: answered } = await ask(scenario, question(user('Other')))
    expect([answered.get('x-signalbox-cache'), answered.get('age')]).toEqual(['miss', null])
  })
})

describe('nothing is kept', () => {
  const stream = ',"stream":true'
  const PIECES = ['Ask bob@exa', 'mple.org.']
  test.each<[string, Answer, string]>([
    ['of a body that is cut', wholeReply({ body: '{"choices":[{"message":{"content":"Ha' }), ''],
    ['of a body of another wire', wholeReply({ body: '{"content":[{"type":"text","text":"Ha"}]}' }), ''],
    ['of an error with a good status', wholeReply({ body: '{"error":{"message":"no"}}' }), ''],
    ['of a stream that breaks', chatAnswer({ content: 'Ha ha', cut: { afterFrames: 2, by: 'reset' } }), stream],
    ['of a stream that ends too early', chatAnswer({ content: 'Ha ha', cut: { afterFrames: 2, by: 'end' } }), stream],
    ['of what a guard refused', chatAnswer({ content: PIECES.join('') }), ''],
    ['of what a guard refused in a stream', chatAnswer({ content: PIECES.join(''), pieces: PIECES }), stream],
  ])('%s', async (_what, behaviour, rest) => {
    await using scenario = await startScenario(cached({}, { pii: { action: 'block', phases: ['output'] } }))
    scenario.upstream.answer(behaviour)
    await ask(scenario, question(user('Hello?'), rest)).catch(() => undefined)
    const before = scenario.upstream.requests.length
    scenario.upstream.answer(chatAnswer({ content: 'Good.', pieces: ['Good.'] }))
    const [result] = await asked(scenario, question(user('Hello?'), rest))
    expect([result, scenario.upstream.requests.length - before]).toEqual(['miss', 1])
  })
})

test('principals whose questions are one when they are redacted share an answer, and each gets back what is their own', async () => {
  await using scenario = await startScenario(
    cached({ scope: 'organisation', semantic: { threshold: 0.7 } }, { pii: { action: 'redact', on: 'all' } }),
  )
  const door = gate()
  const answer = chatAnswer({ content: 'Sent to [EMAIL_1].', pieces: ['Sent to [EM', 'AIL_1].'] })
  scenario.upstream.answer((request) => [door.step, ...answer(request)])
  const asks = async (user: string, rest = '') => {
    const { key } = await scenario.newKey({ user })
    const content = `Please write to ${user}@example.com today`
    return ask(scenario, { key, ...question(JSON.stringify({ role: 'user', content }), rest) })
  }
  const users = ['ada', 'bob', 'eve'] as const
  const flying = users.map((user) => asks(user, ',"stream":true'))
  while (scenario.upstream.requests.length === 0) await Bun.sleep(5)
  door.open()
  const replies = [...(await Promise.all(flying)), await asks('zoe')]
  const addresses = replies.map(({ text }) => [...text.matchAll(/[a-z]+@example\.com/g)].join())
  expect(addresses).toEqual(['ada', 'bob', 'eve', 'zoe'].map((user) => `${user}@example.com`))
  expect(scenario.upstream.requests).toHaveLength(1)
})
