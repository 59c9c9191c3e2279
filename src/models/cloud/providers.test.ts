import { expect, test } from 'bun:test'
import { compileProvider } from '../place.ts'
import { CLOUD_PROVIDERS } from './providers.ts'

const VERTEX = 'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers'
const BEDROCK = 'https://bedrock-runtime.eu-west-1.amazonaws.com/model'

test.each([
  [
    'vertex',
    { project: 'p', region: 'europe-west4' },
    `${VERTEX}/google/models/x:generateContent`,
    `${VERTEX}/google/models/x:streamGenerateContent?alt=sse`,
  ],
  [
    'vertex-anthropic',
    { project: 'p', region: 'europe-west4' },
    `${VERTEX}/anthropic/models/x:rawPredict`,
    `${VERTEX}/anthropic/models/x:streamRawPredict`,
  ],
  ['bedrock', { region: 'eu-west-1' }, `${BEDROCK}/x/converse`, `${BEDROCK}/x/converse-stream`],
  ['bedrock-anthropic', { region: 'eu-west-1' }, `${BEDROCK}/x/invoke`, `${BEDROCK}/x/invoke-with-response-stream`],
  ['azure', { baseUrl: 'https://a.openai.azure.com' }, 'https://a.openai.azure.com/openai/v1/chat/completions', undefined],
] as const)('%s is asked at its own places', (name, provider, url, streamUrl) => {
  const { target, urls } = compileProvider(name, provider, { env: {} })
  expect(urls('x').url).toBe(url)
  expect(urls('x').streamUrl).toBe(streamUrl)
  expect(target.authorize !== undefined).toBe(CLOUD_PROVIDERS[name]?.authorize !== undefined)
})

test('the model stands in the path alone where the body may not name it', () => {
  const named = Object.entries(CLOUD_PROVIDERS).flatMap(([name, { traits }]) => (traits?.hasModelInPath ? [name] : []))
  expect(named).toEqual(['vertex', 'vertex-anthropic', 'bedrock-anthropic'])
})
