import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, expectError } from './ask.ts'
import { type Certificates, makeCertificates, startProxy, startTlsProvider } from './tls-lab.ts'

let certificates: Certificates

beforeAll(() => {
  certificates = makeCertificates()
})

afterAll(() => certificates[Symbol.dispose]())

/** A gateway before one provider at this address, reached as is said. */
function startAt(baseUrl: string, connection: object): Promise<Scenario> {
  const provider = {
    wire: 'openai-chat',
    apiKey: 'env:FAKE_PROVIDER_KEY',
    baseUrl,
    passthrough: { paths: ['POST /audio'], usdPerCall: 0 },
    ...connection,
  }
  return startScenario({
    baseUrl,
    config: {
      models: {
        providers: { fake: provider },
        models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
      },
      access: { teams: { support: {} } },
    },
  })
}

const file = (path: string) => `file:${path}`

describe('an authority of one’s own', () => {
  test('is believed for its provider, and without it nothing is sent', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: false })
    await using trusting = await startAt(provider.baseUrl, { tls: { ca: file(certificates.ca) } })
    expect((await ask(trusting)).status).toBe(200)
    await trusting.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
    expect(provider.asked).toMatchObject([{ key: `Bearer ${FAKE_PROVIDER_KEY}` }])
    await using plain = await startAt(provider.baseUrl, {})
    expect(expectError(await ask(plain), 502, 'provider_unreachable').message).toContain('TLS')
    expect(provider.asked).toHaveLength(1)
  })
})

describe('a client certificate', () => {
  test('is shown to the provider that wants one', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: true })
    const { client, ca } = certificates
    await using scenario = await startAt(provider.baseUrl, {
      tls: { ca: file(ca), certificate: file(client.certificate), key: file(client.key) },
    })
    expect((await ask(scenario)).status).toBe(200)
    // The provider answers nobody else: see below.
    expect(provider.asked).toHaveLength(1)
  })

  test.each(['none', 'stranger'] as const)('that is %s is refused by it, and the call says so', async (which) => {
    await using provider = await startTlsProvider(certificates, { wantsClient: true })
    const { stranger, ca } = certificates
    const own = which === 'none' ? {} : { certificate: file(stranger.certificate), key: file(stranger.key) }
    await using scenario = await startAt(provider.baseUrl, { tls: { ca: file(ca), ...own } })
    expectError(await ask(scenario), 502, 'provider_unreachable')
    expect(provider.asked).toHaveLength(0)
    await scenario.expectCall({ outcome: 'broken', errorCode: 'provider_unreachable' })
  })
})

describe('a proxy', () => {
  test('makes a tunnel to a provider over TLS, and sees nothing of what goes through', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: true })
    await using proxy = await startProxy()
    const { client, ca } = certificates
    await using scenario = await startAt(provider.baseUrl, {
      proxy: `http://127.0.0.1:${proxy.port}`,
      tls: { ca: file(ca), certificate: file(client.certificate), key: file(client.key) },
    })
    expect((await ask(scenario)).status).toBe(200)
    expect(proxy.asked.map(({ line }) => line)).toEqual([`CONNECT 127.0.0.1:${provider.port} HTTP/1.1`])
    expect(provider.asked).toMatchObject([{ key: `Bearer ${FAKE_PROVIDER_KEY}` }])
    expect(proxy.seen()).not.toContain(FAKE_PROVIDER_KEY)
  })

  test('is told its own credential, and the provider is not', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: false })
    await using proxy = await startProxy({ password: 'of-the-proxy' })
    const place = join(certificates.folder, 'proxy')
    writeFileSync(place, `http://user:of-the-proxy@127.0.0.1:${proxy.port}`, { mode: 0o600 })
    await using scenario = await startAt(provider.baseUrl, { proxy: file(place), tls: { ca: file(certificates.ca) } })
    expect((await ask(scenario)).status).toBe(200)
    expect(proxy.asked).toMatchObject([{ credential: `Basic ${btoa('user:of-the-proxy')}` }])
    expect(JSON.stringify(await scenario.events())).not.toContain('of-the-proxy')
    writeFileSync(join(certificates.folder, 'wrong'), `http://user:wrong@127.0.0.1:${proxy.port}`, { mode: 0o600 })
    await using refused = await startAt(provider.baseUrl, {
      proxy: file(join(certificates.folder, 'wrong')),
      tls: { ca: file(certificates.ca) },
    })
    const reply = await ask(refused)
    expect([reply.status >= 500, reply.text.includes('wrong@')]).toEqual([true, false])
    expect(provider.asked).toHaveLength(1)
  })

  test('passes on what goes to a provider without TLS', async () => {
    await using proxy = await startProxy()
    await using other = await startScenario()
    other.upstream.answer(chatReply({ content: 'Hello.', usage: { inputTokens: 10, outputTokens: 3 } }))
    await using scenario = await startAt(other.upstream.baseUrl, { proxy: `http://127.0.0.1:${proxy.port}` })
    expect((await ask(scenario)).status).toBe(200)
    expect(proxy.asked.map(({ line }) => line)).toEqual([`POST ${other.upstream.baseUrl}/chat/completions HTTP/1.1`])
  })

  test('that is away is the reason that is told', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: false })
    const { port } = await startProxy().then(async (proxy) => {
      await proxy[Symbol.asyncDispose]()
      return proxy
    })
    await using scenario = await startAt(provider.baseUrl, { proxy: `http://127.0.0.1:${port}`, tls: { ca: file(certificates.ca) } })
    expectError(await ask(scenario), 502, 'provider_unreachable')
    expect(provider.asked).toHaveLength(0)
  })

  test('carries bodies that go out piece by piece: a large request, and one that is passed through', async () => {
    await using provider = await startTlsProvider(certificates, { wantsClient: false })
    await using proxy = await startProxy()
    await using scenario = await startAt(provider.baseUrl, {
      proxy: `http://127.0.0.1:${proxy.port}`,
      tls: { ca: file(certificates.ca) },
    })
    const url = `data:image/png;base64,iVBORw0KGgo${'QUJD'.repeat(200_000)}QQ=`
    const body = JSON.stringify({ model: 'mini', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
    expect((await ask(scenario, { body })).status).toBe(200)
    expect(provider.asked[0]?.body === body.replace('"mini"', '"fake-model"')).toBe(true)
    const sound = 'x'.repeat(700_000)
    expect((await ask(scenario, { path: '/passthrough/fake/audio', body: sound, headers: { 'content-type': 'audio/wav' } })).status).toBe(
      200,
    )
    expect(provider.asked[1]?.body === sound).toBe(true)
  })
})
