import { expect, test } from 'bun:test'
import { asGatewayError, GatewayError } from '../../../core/errors.ts'
import { testTarget } from '../../../testing/dialect-goldens.ts'
import type { NeutralInputs } from '../../neutral/embedding.ts'
import type { ModelRequest } from '../../types.ts'
import { embedding } from './embedding.ts'

const TARGET = testTarget({ wire: 'gemini', id: 'gemini-embedding-001' })

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

function decoded(body: unknown): ModelRequest {
  return embedding.decodeRequest(bytes(body), { maxDepth: 32 }, { headers: new Headers(), url: '', model: 'mine' })
}

const content = (text: string) => ({ parts: [{ text }] })

test('requests of a caller are read, with what they are for', () => {
  const body = {
    requests: ['a', 'b'].map((text) => ({
      model: 'models/mine',
      content: content(text),
      taskType: 'RETRIEVAL_QUERY',
      outputDimensionality: 8,
    })),
  }
  expect(decoded(body).inputs?.()).toEqual({
    inputs: [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    dimensions: 8,
    encoding: 'float',
    purpose: 'query',
    losses: [],
  })
  const sent = JSON.parse(embedding.encodeRequest(decoded(body), TARGET))
  expect(sent.requests.map(({ model }: { model: string }) => model)).toEqual(['models/gemini-embedding-001', 'models/gemini-embedding-001'])
})

test('one request without a list is a form of its own, and gets one vector without a list', () => {
  const request = decoded({ content: content('a'), task_type: 'SEMANTIC_SIMILARITY', title: 't' })
  expect(request.isVariant).toBe(true)
  const inputs = request.inputs?.()
  expect(inputs).toEqual({
    inputs: [{ type: 'text', text: 'a' }],
    encoding: 'float',
    purpose: 'similarity',
    isSingle: true,
    losses: [{ path: 'title', action: 'dropped', reason: 'no other wire has this field' }],
  })
  const context = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'c', nowSeconds: 0 }
  const asked = inputs ?? { inputs: [], encoding: 'float', losses: [] }
  expect(embedding.writeReply({ vectors: [[1, 2]], losses: [] }, asked, context).text).toBe('{"embedding":{"values":[1,2]}}')
})

test('what differs from request to request is a loss', () => {
  const body = { requests: [{ content: content('a'), taskType: 'CLUSTERING', title: 't' }, { content: content('b') }] }
  expect(decoded(body).inputs?.().losses).toEqual([
    { path: 'requests[0].title', action: 'dropped', reason: 'no other wire has this field' },
    {
      path: 'requests',
      action: 'approximated',
      reason: 'other wires have one purpose and one length for all; those of the first are taken',
    },
  ])
})

test.each([
  [{}, 'requests'],
  [{ requests: [] }, 'requests'],
  [{ requests: [{ content: 5 }] }, 'requests[0].content'],
  [{ requests: [{ content: content('a'), outputDimensionality: -1 }] }, 'requests[0].outputDimensionality'],
])('%p names the field at fault', (body, param) => {
  let thrown: unknown
  try {
    decoded(body).inputs?.()
  } catch (error) {
    thrown = error
  }
  expect(asGatewayError(thrown)).toMatchObject({ code: 'invalid_request', extra: { param } })
})

test('inputs of another wire are written, but for numbers of tokens', () => {
  const inputs: NeutralInputs = {
    inputs: [{ type: 'text', text: 'a' }],
    dimensions: 4,
    encoding: 'float',
    purpose: 'document',
    endUser: 'u',
    losses: [],
  }
  const { text, losses } = embedding.writeRequest(inputs, TARGET)
  expect(JSON.parse(text)).toEqual({
    requests: [{ model: 'models/gemini-embedding-001', content: content('a'), taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 4 }],
  })
  expect(losses.map(({ path }) => path)).toEqual(['user'])
  expect(() => embedding.writeRequest({ ...inputs, inputs: [{ type: 'tokens', tokens: [1] }] }, TARGET)).toThrow(GatewayError)
})

test('vectors go both ways', () => {
  const part = embedding.decodeReply(
    bytes({ embeddings: [{ values: [0.5, -1] }, { values: [1, 2] }], usageMetadata: { promptTokenCount: 3 } }),
    TARGET,
  )
  const made = part.embeddings?.()
  expect(made).toMatchObject({
    vectors: [
      [0.5, -1],
      [1, 2],
    ],
    usage: { inputTokens: 3 },
  })
  const context = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'c', nowSeconds: 0 }
  expect(embedding.writeReply({ vectors: [[1]], losses: [] }, { inputs: [], encoding: 'float', losses: [] }, context).text).toBe(
    '{"embeddings":[{"values":[1]}]}',
  )
})

test.each([{}, { embeddings: 'x' }, { embeddings: [{ values: ['a'] }] }, { embeddings: [{}] }])(
  'a provider that answers %p answers wrongly',
  (reply) => {
    let thrown: unknown
    try {
      embedding.decodeReply(bytes(reply), TARGET).embeddings?.()
    } catch (error) {
      thrown = error
    }
    expect(asGatewayError(thrown).code).toBe('provider_malformed')
  },
)
