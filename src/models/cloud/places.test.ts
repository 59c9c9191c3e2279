import { expect, test } from 'bun:test'
import { GatewayError } from '../../core/errors.ts'
import { azureUrl, vertexUrl } from './places.ts'

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

test('Vertex behind another base keeps its path', () => {
  expect(vertexUrl({ project: 'p', location: 'global', baseUrl: 'http://127.0.0.1:1/v1/' }, 'google', 'a b', 'countTokens')).toBe(
    'http://127.0.0.1:1/v1/projects/p/locations/global/publishers/google/models/a%20b:countTokens',
  )
})
