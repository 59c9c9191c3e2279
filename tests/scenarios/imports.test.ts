import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { checkConfig } from '../../src/app/check-config.ts'
import { importConfig } from '../../src/app/import-config.ts'
import { importScores } from '../../src/app/import-scores.ts'
import { chatAnswer, errorReply, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'

const EXAMPLES = join(import.meta.dirname, '../../src/models/import/examples')
const KEYS = ['OPENAI', 'ANTHROPIC', 'AZURE_EU', 'AZURE_CA', 'VLLM'].map((name) => [`${name}_API_KEY`, `sk-${name}`] as const)
const ENV = Object.fromEntries(KEYS)

interface Written {
  readonly models: {
    readonly providers: Record<string, { baseUrl?: string; apiKey?: string }>
    readonly models: readonly {
      readonly name: string
      readonly provider: string
      readonly id?: string
      readonly guards?: readonly string[]
    }[]
    readonly routes?: readonly {
      readonly name: string
      readonly strategy: string
      readonly targets: readonly { readonly model: string }[]
    }[]
    readonly breaker?: object
  }
}

/** Imports an example; what comes out passes the check of the configuration. */
function imported(format: 'litellm' | 'legacy', file: string) {
  const { yaml, notes } = importConfig(format, join(EXAMPLES, file))
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-import-'))
  try {
    writeFileSync(join(folder, 'signalbox.yaml'), yaml)
    const report = checkConfig({ file: 'signalbox.yaml', cwd: folder, env: ENV })
    expect(report.type === 'bad' ? report.lines : []).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
  // The check has just accepted it.
  return { config: parse(yaml) as Written, yaml, notes }
}

function targetsOf({ models }: Written): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (models.routes ?? []).map(({ name, strategy, targets }) => [name, `${strategy}: ${targets.map(({ model }) => model).join(', ')}`]),
  )
}

describe('a configuration of the LiteLLM proxy', () => {
  test('with fallbacks becomes routes by priority, without a loop', () => {
    const { config, notes } = imported('litellm', 'fallbacks.yaml')
    expect(targetsOf(config)).toEqual({
      'gpt-small': 'priority: gpt-small-1, gpt-large-1, claude',
      'gpt-large': 'priority: gpt-large-1, gpt-small-1',
    })
    expect(config.models).toMatchObject({
      providers: { openai: { apiKey: 'env:OPENAI_API_KEY' }, anthropic: { apiKey: 'env:ANTHROPIC_API_KEY' } },
      models: [
        { name: 'gpt-small-1', provider: 'openai', id: 'gpt-4o-mini' },
        { name: 'gpt-large-1', provider: 'openai', id: 'gpt-4o' },
        { name: 'claude', provider: 'anthropic', id: 'claude-sonnet-4-5', price: { inputPerMillion: 3, outputPerMillion: 15 } },
      ],
      routes: [{ retries: { max: 3 }, timeouts: { total: '10s' }, onFiltered: 'next' }, {}],
      breaker: { failures: 3 },
    })
    expect(notes).toContain('litellm_settings.success_callback: was not carried over')
  })

  test('with several deployments of one name becomes a route over them', () => {
    const { config, notes } = imported('litellm', 'load-balancing.yaml')
    expect(targetsOf(config)).toEqual({ 'gpt-4o': 'fastest: gpt-4o-1, gpt-4o-2, gpt-4o-3', 'gpt-4': 'priority: gpt-4o' })
    const urls = Object.values(config.models.providers).map(({ baseUrl }) => baseUrl)
    expect(urls).toEqual(['https://example-eu.openai.azure.com/openai/v1', 'https://example-ca.openai.azure.com/openai/v1', undefined])
    expect(config.models.routes?.[0]).toMatchObject({ targets: [{ weight: 3 }, {}, {}], retries: { max: 2 }, timeouts: { total: '30s' } })
    expect(config.models.breaker).toEqual({ pause: '60s' })
    expect(notes).toEqual(['router_settings.redis_host: was not carried over'])
  })

  test('with own servers and wildcards keeps addresses, and repeats no key', () => {
    const { config, yaml, notes } = imported('litellm', 'own-servers.yaml')
    expect(config.models.models).toMatchObject([
      { name: '*', provider: 'openai' },
      { name: 'llama', id: 'meta-llama/Llama-3.1-8B-Instruct' },
      { name: 'mistral-local', id: 'mistral' },
      { name: 'facebook', id: 'facebook/opt-125m' },
    ])
    expect(yaml).not.toContain('sk-a-key')
    expect(notes.join('\n')).toContain('put it into the environment variable VLLM_API_KEY')
    expect(notes.join('\n')).not.toContain('sk-a-key')
  })

  test.each([
    ['fallbacks.yaml', ['gpt-small', 'gpt-large', 'claude']],
    ['load-balancing.yaml', ['gpt-4o', 'gpt-4']],
    ['own-servers.yaml', ['llama', 'mistral-local', 'facebook', 'anything-else']],
  ])('runs: %s answers whole and streamed by every name, and goes on where it says so', async (file, names) => {
    const { config } = imported('litellm', file)
    await using upstream = await fakeUpstream()
    const at = (name: string) => ({ wire: 'openai-chat', baseUrl: `${upstream.origin}/${name}`, apiKey: 'env:FAKE_PROVIDER_KEY' })
    const providers = Object.fromEntries(Object.keys(config.models.providers).map((name) => [name, at(name)]))
    await using scenario = await startScenario({ baseUrl: upstream.baseUrl, config: { models: { ...config.models, providers } } })
    for (const model of names) {
      for (const stream of [false, true]) {
        const reply = await ask(scenario, { body: chat({ model, stream }) })
        expect([model, reply.status, reply.text.includes('Hello there.')]).toEqual([model, 200, true])
      }
      const isRoute = config.models.routes?.some(({ name }) => name === model) ?? false
      upstream.queue(errorReply({ status: 500 }))
      const after = await ask(scenario, { body: chat({ model }) })
      expect([model, after.status]).toEqual([model, isRoute ? 200 : 502])
    }
  })

  test.each([
    ['no list of models', '{}', 'It has no model_list, so it is no configuration of the LiteLLM proxy.'],
    ['no YAML', '{', /^It is not valid YAML \(/],
  ])('with %s is refused', (_what, text, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-import-'))
    writeFileSync(join(folder, 'config.yaml'), text)
    expect(() => importConfig('litellm', join(folder, 'config.yaml'))).toThrow(message)
    rmSync(folder, { recursive: true })
  })
})

describe('a configuration of the old form', () => {
  test('becomes models with guards, a fallback, and a route by priority', () => {
    const { config } = imported('legacy', 'legacy.yaml')
    expect(targetsOf(config)).toEqual({
      'claude-3-5': 'priority: anthropic/claude-3-5, gpt-4o, gpt-4o-mini',
      default: 'priority: gpt-4o, anthropic/claude-3-5',
    })
    const guards = config.models.models.map((model) => [model.name, model.guards?.includes('pii') ?? false])
    expect(guards).toEqual([
      ['gpt-4o', true],
      ['gpt-4o-mini', true],
      ['anthropic/claude-3-5', false],
    ])
  })

  test('does what it says: the fallback serves, guarded, when the first provider is down', async () => {
    await using openai = await fakeUpstream(chatAnswer({ content: 'From the fallback.' }))
    await using anthropic = await fakeUpstream(errorReply({ status: 529 }))
    const { config } = imported('legacy', 'legacy.yaml')
    const at = (baseUrl: string) => ({ wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' })
    const models = { ...config.models, providers: { openai: at(openai.baseUrl), anthropic: at(anthropic.baseUrl) } }
    await using scenario = await startScenario({ baseUrl: openai.baseUrl, config: { models } })
    const messages = [{ role: 'user', content: 'My mail address is jane.doe@example.org.' }]
    const reply = await ask(scenario, { body: chat({ model: 'claude-3-5', messages }) })
    expect(reply.text).toContain('From the fallback.')
    expect(anthropic.requests[0]?.jsonObject()).toMatchObject({ model: 'claude-3-5' })
    expect(openai.requests[0]?.jsonObject()).toMatchObject({ model: 'gpt-4o' })
    expect((await ask(scenario, { body: chat({ model: 'default', messages }) })).headers.get('x-signalbox-provider')).toBe('openai')
    const direct = await ask(scenario, { body: chat({ model: 'gpt-4o', messages }) })
    expect(direct.status).toBe(200)
    expect(openai.requests.at(-1)?.body).not.toContain('jane.doe@example.org')
  })
})

describe('scores of a file', () => {
  const CONFIG = `models:
  providers: { ollama: }
  models:
    # Small.
    - { name: mini, provider: ollama, id: vendor/gpt-5.5-mini }
    - { name: big, provider: ollama }
    - { name: odd, provider: ollama }
  routes:
    - { name: smart, strategy: best, targets: [ { model: mini }, { model: big }, { model: odd, scores: { default: 1 } } ] }
`
  const TABLE = 'model,code,default\nGPT-5-5-Mini,90,20\nbig-thinking,50,80\n'

  test('are put at the models, with what stood there left as it was, and the best target for the task is asked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-import-'))
    try {
      writeFileSync(join(folder, 'signalbox.yaml'), CONFIG)
      writeFileSync(join(folder, 'scores.csv'), TABLE)
      const asked = { file: 'scores.csv', as: ['big=big-thinking'], cwd: folder, env: {} }
      const shown = importScores({ ...asked, isWritten: false })
      expect(shown.scores).toEqual({ mini: { code: 90, default: 20 }, big: { code: 50, default: 80 } })
      expect(shown.notes).toEqual(['odd: scores.csv has no scores of it; say how it is called there with --as odd=NAME'])
      expect(readFileSync(join(folder, 'signalbox.yaml'), 'utf8')).toBe(CONFIG)
      importScores({ ...asked, isWritten: true })
      const written = readFileSync(join(folder, 'signalbox.yaml'), 'utf8')
      expect(written).toContain('# Small.')
      expect(checkConfig({ file: 'signalbox.yaml', cwd: folder, env: {} }).type).toBe('good')
      await using upstream = await fakeUpstream()
      const { models } = parse(written) as Written
      const providers = { ollama: { baseUrl: upstream.baseUrl } }
      await using scenario = await startScenario({ baseUrl: upstream.baseUrl, config: { models: { ...models, providers } } })
      for (const [content, asks] of [
        ['```js\nlet a = () => 1\n```', 'vendor/gpt-5.5-mini'],
        ['Hello?', 'big'],
      ] as const) {
        await ask(scenario, { body: chat({ model: 'smart', messages: [{ role: 'user', content }] }) })
        expect(upstream.requests.at(-1)?.jsonObject().model).toBe(asks)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
