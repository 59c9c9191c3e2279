import { expect, test } from 'bun:test'
import { Secret } from '../core/secret.ts'
import type { ProviderConfig } from './config.ts'
import { compileProvider } from './place.ts'
import { PROVIDERS } from './providers.ts'

const KEY = 'key-of-a-test'
const BEARER = `Bearer ${KEY}`

interface Row {
  /** Where a whole reply, a stream and vectors are asked for; a stream where the whole reply is, unless said. */
  readonly url: string
  readonly streamUrl?: string
  readonly countUrl?: string
  readonly embedUrl?: string
  /** The one header that has the key; none where requests are signed, or nothing is sent. */
  readonly header?: readonly [name: string, value: string]
  /** What the provider cannot do without, beside its key. */
  readonly config?: Partial<ProviderConfig>
}

const chat = (base: string, header: Row['header'] = ['authorization', BEARER]): Row => ({
  url: `${base}/chat/completions`,
  embedUrl: `${base}/embeddings`,
  ...(header === undefined ? {} : { header }),
})
const GEMINI = 'https://generativelanguage.googleapis.com/v1beta/models/some-model'
const VERTEX = 'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers'
const BEDROCK = 'https://bedrock-runtime.eu-west-1.amazonaws.com/model/some-model'
const AZURE = 'https://acme.openai.azure.com/openai/v1'

/** What each provider documents, written down a second time: a row that is mistyped must not agree with itself. */
const PLACES: Readonly<Record<string, Row>> = {
  openai: chat('https://api.openai.com/v1'),
  anthropic: {
    url: 'https://api.anthropic.com/v1/messages',
    countUrl: 'https://api.anthropic.com/v1/messages/count_tokens',
    header: ['x-api-key', KEY],
  },
  gemini: {
    url: `${GEMINI}:generateContent`,
    streamUrl: `${GEMINI}:streamGenerateContent?alt=sse`,
    countUrl: `${GEMINI}:countTokens`,
    embedUrl: `${GEMINI}:batchEmbedContents`,
    header: ['x-goog-api-key', KEY],
  },
  azure: { ...chat(AZURE, ['api-key', KEY]), config: { baseUrl: 'https://acme.openai.azure.com' } },
  'azure-anthropic': {
    url: 'https://acme.services.ai.azure.com/anthropic/v1/messages',
    countUrl: 'https://acme.services.ai.azure.com/anthropic/v1/messages/count_tokens',
    header: ['api-key', KEY],
    config: { baseUrl: 'https://acme.services.ai.azure.com/anthropic/' },
  },
  vertex: {
    url: `${VERTEX}/google/models/some-model:generateContent`,
    streamUrl: `${VERTEX}/google/models/some-model:streamGenerateContent?alt=sse`,
    countUrl: `${VERTEX}/google/models/some-model:countTokens`,
    header: ['authorization', BEARER],
    config: { project: 'p', region: 'europe-west4' },
  },
  'vertex-anthropic': {
    url: `${VERTEX}/anthropic/models/some-model:rawPredict`,
    streamUrl: `${VERTEX}/anthropic/models/some-model:streamRawPredict`,
    header: ['authorization', BEARER],
    config: { project: 'p', region: 'europe-west4' },
  },
  bedrock: {
    url: `${BEDROCK}/converse`,
    streamUrl: `${BEDROCK}/converse-stream`,
    countUrl: `${BEDROCK}/count-tokens`,
    header: ['authorization', BEARER],
    config: { region: 'eu-west-1' },
  },
  'bedrock-anthropic': {
    url: `${BEDROCK}/invoke`,
    streamUrl: `${BEDROCK}/invoke-with-response-stream`,
    header: ['authorization', BEARER],
    config: { region: 'eu-west-1' },
  },
  groq: chat('https://api.groq.com/openai/v1'),
  mistral: chat('https://api.mistral.ai/v1'),
  deepseek: chat('https://api.deepseek.com'),
  together: chat('https://api.together.ai/v1'),
  fireworks: chat('https://api.fireworks.ai/inference/v1'),
  openrouter: chat('https://openrouter.ai/api/v1'),
  xai: chat('https://api.x.ai/v1'),
  nvidia: chat('https://integrate.api.nvidia.com/v1'),
  perplexity: chat('https://api.perplexity.ai'),
  cohere: chat('https://api.cohere.ai/compatibility/v1'),
  huggingface: chat('https://router.huggingface.co/v1'),
  cerebras: chat('https://api.cerebras.ai/v1'),
  ollama: { url: 'http://127.0.0.1:11434/v1/chat/completions', embedUrl: 'http://127.0.0.1:11434/v1/embeddings' },
  vllm: chat('http://127.0.0.1:8000/v1'),
  sglang: chat('http://127.0.0.1:30000/v1'),
  llamacpp: chat('http://127.0.0.1:8080/v1'),
  lmstudio: chat('http://127.0.0.1:1234/v1'),
}

test('each row of the table of providers is here', () => {
  expect(Object.keys(PLACES).toSorted()).toEqual(Object.keys(PROVIDERS).toSorted())
})

test.each(Object.entries(PLACES))('%s is asked where its documents say, with its key where they say', (kind, row) => {
  const provider: ProviderConfig = { apiKey: [new Secret(KEY)], ...row.config }
  const { target, urls } = compileProvider(kind, provider, { env: {} })
  const { url, streamUrl, countUrl, embedUrl } = urls('some-model')
  expect({ url, streamUrl, countUrl, embedUrl }).toEqual({
    url: row.url,
    streamUrl: row.streamUrl,
    countUrl: row.countUrl,
    embedUrl: row.embedUrl,
  })
  const bearing = Object.entries(target.headers).filter(([, value]) => value.includes(KEY))
  expect(bearing).toEqual(row.header === undefined ? [] : [[...row.header]])
})

test('Azure is asked in both wires of OpenAI at its v1 paths, and in one where a deployment has a path of its own', () => {
  const urlsOf = (more: Partial<ProviderConfig>) => {
    const provider: ProviderConfig = { apiKey: [new Secret(KEY)], baseUrl: 'https://acme.openai.azure.com/openai/v1/', ...more }
    const { url, also = [] } = compileProvider('azure', provider, { env: {} }).urls('some-model')
    return [url, ...also.map((other) => [other.wire, other.url, other.headers['api-key'], other.embedUrl])]
  }
  const responses = ['openai-responses', `${AZURE}/responses`, KEY, undefined]
  expect(urlsOf({})).toEqual([`${AZURE}/chat/completions`, responses])
  expect(urlsOf({ alsoSpeaks: [] })).toEqual([`${AZURE}/chat/completions`])
  expect(urlsOf({ wire: 'openai-responses' })).toEqual([`${AZURE}/responses`])
  const turned = ['openai-chat', `${AZURE}/chat/completions`, KEY, `${AZURE}/embeddings`]
  expect(urlsOf({ wire: 'openai-responses', alsoSpeaks: ['openai-chat'] })).toEqual([`${AZURE}/responses`, turned])
  const deployed = { deployment: 'd', apiVersion: '2024-10-21' }
  expect(urlsOf(deployed)).toEqual(['https://acme.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21'])
  expect(urlsOf({ ...deployed, alsoSpeaks: ['openai-responses'] })).toHaveLength(1)
})

test.each([
  ['openai', 'openai-responses', 'https://api.openai.com/v1/responses', ['authorization', BEARER]],
  ['ollama', 'openai-responses', 'http://127.0.0.1:11434/v1/responses', undefined],
  ['ollama', 'anthropic-messages', 'http://127.0.0.1:11434/v1/messages', undefined],
] as const)('%s is asked in %s too', (kind, wire, url, header) => {
  const { also = [] } = compileProvider(kind, { apiKey: [new Secret(KEY)] }, { env: {} }).urls('some-model')
  const found = also.find((other) => other.wire === wire)
  expect(found?.url).toBe(url)
  const bearing = Object.entries(found?.headers ?? {}).filter(([, value]) => value.includes(KEY))
  expect(bearing).toEqual(header === undefined ? [] : [[...header]])
})

test('organisation, project and headers of one’s own go to the provider that knows them', () => {
  const provider: ProviderConfig = { apiKey: [new Secret(KEY)], organization: 'org-1', project: 'proj-1', headers: { 'x-title': 'ours' } }
  expect(compileProvider('openai', provider, { env: {} }).target.headers).toMatchObject({
    ...{ 'openai-organization': 'org-1', 'openai-project': 'proj-1', 'x-title': 'ours' },
  })
})
