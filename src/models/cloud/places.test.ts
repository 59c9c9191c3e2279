import { expect, test } from 'bun:test'
import { GatewayError } from '../../core/errors.ts'
import { azureUrl, bedrockUrl, vertexOpenAiUrl, vertexUrl } from './places.ts'

const BASE = 'https://acme.openai.azure.com'

test.each([
  [{ baseUrl: BASE }, `${BASE}/openai/v1/chat/completions`],
  [{ baseUrl: `${BASE}/openai/v1/` }, `${BASE}/openai/v1/chat/completions`],
  [{ baseUrl: BASE, apiVersion: 'preview' }, `${BASE}/openai/v1/chat/completions?api-version=preview`],
  [
    { baseUrl: `${BASE}/`, deployment: 'gpt 5', apiVersion: '2024-10-21' },
    `${BASE}/openai/deployments/gpt%205/chat/completions?api-version=2024-10-21`,
  ],
])('Azure takes %p at %s', (place, url) => {
  expect(azureUrl(place, 'chat/completions')).toBe(url)
})

test('a deployment of Azure without a version is refused', () => {
  expect(() => azureUrl({ baseUrl: BASE, deployment: 'd' }, 'chat/completions')).toThrow(GatewayError)
})

const GEMINI = 'publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse'

test.each([
  ['europe-west4', `https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/${GEMINI}`],
  ['global', `https://aiplatform.googleapis.com/v1/projects/p/locations/global/${GEMINI}`],
  ['eu', `https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/${GEMINI}`],
])('Vertex in %s is at %s', (location, url) => {
  expect(vertexUrl({ project: 'p', location }, 'google', 'gemini-3-pro', 'streamGenerateContent')).toBe(url)
})

test('Claude at Vertex is called raw', () => {
  expect(vertexUrl({ project: 'p', location: 'us-east5' }, 'anthropic', 'claude-opus-4@20260101', 'rawPredict')).toBe(
    'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4%4020260101:rawPredict',
  )
})

test('Vertex speaks the wire of OpenAI at an endpoint of its own, also behind another base', () => {
  expect(vertexOpenAiUrl({ project: 'p', location: 'global', baseUrl: 'http://127.0.0.1:1/v1/' })).toBe(
    'http://127.0.0.1:1/v1/projects/p/locations/global/endpoints/openapi/chat/completions',
  )
})

test.each([
  ['anthropic.claude-v1:0', 'https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v1%3A0/converse'],
  [
    'arn:aws:bedrock:us-east-1:1:inference-profile/x',
    'https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse',
  ],
])('Bedrock takes %s at %s', (id, url) => {
  expect(bedrockUrl({ region: 'us-east-1' }, id, 'converse')).toBe(url)
})
