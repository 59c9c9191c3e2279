import { describe, expect, test } from 'bun:test'
import { Secret } from '../core/secret.ts'
import { type ModelsConfig, modelsSection } from './config.ts'
import { PROVIDERS } from './providers.ts'

const OLLAMA = { providers: { ollama: {} } }

/** The section as it is parsed, where it is written. */
function parse(written: unknown): ModelsConfig {
  return modelsSection.schema.parse(written) ?? raise()
}

function raise(): never {
  throw new Error('there is no section')
}

/** The problems of a section as the loader would find them: those of the schema, else those of the check. */
function problemsOf(written: unknown): readonly string[] {
  const parsed = modelsSection.schema.safeParse(written)
  const problems = parsed.success ? modelsSection.check(parsed.data, {}) : parsed.error.issues
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('the section models', () => {
  test('is not there unless it is written', () => {
    expect(modelsSection.schema.parse(undefined)).toBeUndefined()
    expect(modelsSection.check(undefined, {})).toEqual([])
  })

  test('has timeouts and a circuit breaker by default, and neither providers, models nor routes', () => {
    expect(modelsSection.schema.parse({})).toEqual({
      providers: {},
      models: [],
      routes: [],
      cache: { store: 'memory', maxEntries: 10_000, maxSize: 256_000_000 },
      breaker: { failures: 5, share: 0.5, pause: 5000, longestPause: 120_000 },
      responses: { keep: 'policy', retention: 30 * 86_400_000, maxSize: 16_000_000, maxTotal: 2 ** 30 },
      fidelity: 'warn',
      timeouts: { connect: 10_000, firstToken: 60_000, idle: 60_000, total: 600_000 },
    })
  })

  test('reads prices exactly, as nano-USD per million tokens', () => {
    const price = { inputPerMillion: 0.1, outputPerMillion: '2.000000001', cachedInputPerMillion: 0 }
    const { models } = parse({ models: [{ name: 'a', provider: 'b', price }] })
    expect(models[0]?.price).toEqual({ inputPerMillion: 100_000_000, outputPerMillion: 2_000_000_001, cachedInputPerMillion: 0 })
  })

  test('takes the name for the id, where no id is given and the name is of one model', () => {
    const names = [{ name: 'a' }, { name: 'b', id: 'x' }, { name: 'c/*' }].map((model) => ({ ...model, provider: 'ollama' }))
    const { models } = parse({ models: names })
    expect(models.map(({ id }) => id)).toEqual(['a', 'x', undefined])
  })

  test('reads one key or a list of them', () => {
    const keys = (apiKey: unknown) => parse({ providers: { openai: { apiKey } } }).providers.openai?.apiKey
    expect(keys('env:A')?.map(({ origin }) => origin)).toEqual(['env:A'])
    expect(keys(['env:A', 'file:b'])?.map(({ origin }) => origin)).toEqual(['env:A', 'file:b'])
  })

  test('reads timeouts of a provider and of a model, and leaves out what they do not say', () => {
    const written = { ...OLLAMA, models: [{ name: 'a', provider: 'ollama', timeouts: { total: '5s' } }] }
    expect(parse(written).models[0]?.timeouts).toEqual({ total: 5000 })
  })
})

describe('a check of the section models', () => {
  test.each([
    ['nothing at all', undefined],
    ['a known provider that needs no key', { ...OLLAMA, models: [{ name: 'ollama/*', provider: 'ollama' }] }],
    ['a known provider with a key', { providers: { openai: { apiKey: 'env:OPENAI_API_KEY' } } }],
    ['a known provider at another address, which may have the key itself', { providers: { openai: { baseUrl: 'http://proxy' } } }],
    ['a provider of its own', { providers: { mine: { wire: 'openai-chat', baseUrl: 'http://127.0.0.1:8000/v1' } } }],
  ])('passes %s', (_what, written) => {
    expect(problemsOf(written)).toEqual([])
  })

  const provider = (settings: object) => ({ providers: { mine: { wire: 'openai-chat', baseUrl: 'http://h', ...settings } } })
  const model = (settings: object) => ({ ...OLLAMA, models: [{ name: 'a', provider: 'ollama', ...settings }] })

  test.each([
    [
      'a provider of a wrong name',
      model({ provider: 'olama' }),
      'models.models.0.provider: no provider is called "olama"; did you mean "ollama"?',
    ],
    [
      'a known provider that the file does not have',
      model({ provider: 'groq' }),
      'models.models.0.provider: no provider is called "groq"; add it under models.providers',
    ],
    ['a provider like no other', model({ provider: 'zzz' }), 'models.models.0.provider: no provider is called "zzz"'],
    [
      'a provider named like what every object has',
      model({ provider: 'constructor' }),
      'models.models.0.provider: no provider is called "constructor"',
    ],
    [
      'an unknown provider without a wire',
      { providers: { opnai: {} } },
      'models.providers.opnai: needs wire and baseUrl, for its name is none of a known provider; did you mean "openai"?',
    ],
    [
      'an unknown provider named like what every object has',
      { providers: { constructor: {} } },
      'models.providers.constructor: needs wire and baseUrl, for its name is none of a known provider',
    ],
    [
      'an unknown provider without an address',
      { providers: { mine: { wire: 'openai-chat' } } },
      'models.providers.mine: needs baseUrl, for its name is none of a known provider',
    ],
    [
      'a known provider without its key',
      { providers: { groq: {} } },
      'models.providers.groq: needs apiKey, such as apiKey: env:GROQ_API_KEY',
    ],
    ['an empty list of keys', provider({ apiKey: [] }), 'providers.mine.apiKey: is an empty list'],
    [
      'a credential in a header',
      provider({ headers: { 'X-Api-Key': 'hunter2' } }),
      'models.providers.mine.headers.X-Api-Key: looks like a credential; write env:NAME or file:PATH, which say where it is (the value is not shown)',
    ],
    [
      'a header of the gateway',
      provider({ headers: { Host: 'a' } }),
      'models.providers.mine.headers.Host: is a header that the gateway sets itself; remove it',
    ],
    [
      'a header that breaks the line',
      provider({ headers: { 'x-a': 'b\r\nx-c: d' } }),
      'models.providers.mine.headers.x-a: holds a character that no header may have, such as a line break',
    ],
    [
      'an id for many models',
      model({ name: 'a*', id: 'x' }),
      'models.models.0.id: is not allowed, for what * in "a*" stands for is the id',
    ],
  ])('refuses %s', (_what, written, problem) => {
    expect(problemsOf(written)).toEqual([problem])
  })

  test('refuses a name that stands twice', () => {
    const models = [{ name: 'a' }, { name: 'b' }, { name: 'a' }].map((each) => ({ ...each, provider: 'ollama' }))
    expect(problemsOf({ ...OLLAMA, models })).toEqual(['models.models.2.name: "a" is the name of models.models[0] already'])
  })

  test('refuses a key that cannot be sent, and does not repeat it', () => {
    const config = parse({ providers: { openai: { apiKey: 'env:A' } } })
    const read = (key: string) => ({ ...config, providers: { openai: { apiKey: [new Secret(key, 'env:A')] } } })
    expect(modelsSection.check(read('sk-1'), {})).toEqual([])
    expect(modelsSection.check(read('sk 1'), {})).toEqual([
      {
        path: ['models', 'providers', 'openai', 'apiKey', 0],
        message: 'env:A holds a character that no key has, such as a space or a line break',
      },
    ])
  })
})

describe('a known provider', () => {
  test.each(Object.entries(PROVIDERS))('%s has an address without a slash at its end, or says where it is asked', (_name, row) => {
    if (row.baseUrl === '') expect(row.paths).toBeDefined()
    else expect(row.baseUrl).toMatch(/^https?:\/\/[^\s?#]*[^/]$/)
  })

  test.each(Object.entries(PROVIDERS))('%s works with its key alone where it is found by its key', (_name, row) => {
    if (row.keyEnv === undefined) return
    expect(row.keyEnv).toMatch(/^[A-Z]+_(API_KEY|TOKEN)$/)
    expect([row.baseUrl === '', row.baseUrl.includes('{'), row.needs]).toEqual([false, false, undefined])
  })

  test.each([
    ['bedrock', {}, 'needs region, which its address is made of'],
    ['vertex', { region: 'eu' }, 'needs project'],
    ['azure', { apiKey: 'env:X' }, 'needs baseUrl: its address is not the same for everybody'],
    [
      'azure',
      { baseUrl: 'https://a.example', wire: 'openai-responses', deployment: 'd', apiVersion: 'v' },
      'openai-responses is spoken at no path of a deployment; leave deployment out',
    ],
  ])('%s says what it needs', (name, provider, message) => {
    expect(modelsSection.check(parse({ providers: { [name]: provider } }), {}).map((problem) => problem.message)).toContain(message)
  })
})
