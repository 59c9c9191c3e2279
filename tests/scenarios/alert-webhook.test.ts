import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

type IsGenuine = (body: string, header: string, secret: string, nowSeconds?: number) => boolean

/** What docs/money.md gives to those who take alerts. */
async function documented(): Promise<IsGenuine> {
  const page = readFileSync(new URL('../../docs/money.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-docs-'))
  try {
    const file = join(folder, 'is-genuine.mjs')
    writeFileSync(file, code)
    // The page exports one function of this name; were it another, the test would fail.
    const { isGenuine } = (await import(file)) as { readonly isGenuine: IsGenuine }
    return isGenuine
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('an alert is taken by the check that the documentation gives, and nothing else is', async () => {
  const isGenuine = await documented()
  const told = Promise.withResolvers<{ readonly body: string; readonly header: string }>()
  using webhook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      told.resolve({ body: await request.text(), header: request.headers.get('x-signalbox-signature') ?? '' })
      return new Response(null, { status: 204 })
    },
  })
  await using scenario = await startScenario({
    config: {
      access: { teams: { support: { budgets: [{ usd: '0.0001', per: 'day', mode: 'soft', alertAt: [50] }] } } },
      money: { webhook: { url: `http://127.0.0.1:${webhook.port}/hook`, secret: 'env:FAKE_PROVIDER_KEY' } },
    },
  })
  scenario.upstream.answer(chatReply({ content: 'Grüezi', usage: { inputTokens: 100, outputTokens: 20 } }))
  expect((await ask(scenario)).status).toBe(200)
  const { body, header } = await told.promise
  const seconds = Number(/^t=(\d+),/.exec(header)?.[1])
  expect(isGenuine(body, header, FAKE_PROVIDER_KEY)).toBe(true)
  expect(isGenuine(body, header, FAKE_PROVIDER_KEY, seconds + 299)).toBe(true)
  expect(isGenuine(body, header, FAKE_PROVIDER_KEY, seconds + 301)).toBe(false)
  expect(isGenuine(`${body} `, header, FAKE_PROVIDER_KEY)).toBe(false)
  expect(isGenuine(body, header, 'another secret')).toBe(false)
  expect(isGenuine(body, header.replace(String(seconds), String(seconds + 1)), FAKE_PROVIDER_KEY)).toBe(false)
  expect(isGenuine(body, '', FAKE_PROVIDER_KEY)).toBe(false)
  expect(JSON.parse(body)).toMatchObject({ type: 'budget.alerted', account: 'team:support', percent: 50, settled: '0.0004' })
})
