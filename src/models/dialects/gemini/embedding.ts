import { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { EmbeddingDialect, Written } from '../../dialect.ts'
import type { EmbedInput, NeutralEmbeddings, NeutralInputs } from '../../neutral/embedding.ts'
import { cannotCarry, Losses } from '../../neutral/loss.ts'
import { optionalCount, optionalString, readList, readObject, reportUnread, wrong } from '../../neutral/read.ts'
import type { DecodeBounds, ModelPart, ModelRequest, RequestAddress, Target } from '../../types.ts'
import { decodeBody, parseAgain, readKeys } from '../decode-body.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { modelPath } from './path.ts'
import { readInstruction } from './read-parts.ts'
import { modelOf } from './request.ts'
import { readUsage } from './usage.ts'
import { field, snakeCase } from './words.ts'

const READ_KEYS = readKeys(['requests', 'content'])
const READ = new Set(['model', 'content', 'taskType', 'outputDimensionality'].flatMap((name) => [name, snakeCase(name)]))

type Purpose = NonNullable<NeutralInputs['purpose']>

/** What vectors are for, by `taskType`. */
const PURPOSES: Readonly<Record<string, Purpose>> = {
  RETRIEVAL_QUERY: 'query',
  QUESTION_ANSWERING: 'query',
  FACT_VERIFICATION: 'query',
  CODE_RETRIEVAL_QUERY: 'query',
  RETRIEVAL_DOCUMENT: 'document',
  SEMANTIC_SIMILARITY: 'similarity',
  CLASSIFICATION: 'classification',
  CLUSTERING: 'clustering',
}
const TASKS: Readonly<Record<Purpose, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
}

/**
 * `batchEmbedContents`, and for callers `embedContent`, which is one request without its list. Source: https://ai.google.dev/api/embeddings (read 2026-11-21).
 */
export const embedding: EmbeddingDialect = {
  path: (modelId) => modelPath(modelId, 'batchEmbedContents'),
  decodeRequest,
  encodeRequest,
  writeRequest,
  decodeReply,
  writeReply: ({ vectors, losses }, { isSingle }) => {
    const written = vectors.map((values) => ({ values }))
    return { text: JSON.stringify(isSingle ? { embedding: written[0] } : { embeddings: written }), losses }
  },
}

function decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest {
  const { text, value } = decodeBody(body, bounds, READ_KEYS)
  const isSingle = value.content !== undefined
  return {
    wire: 'gemini',
    operation: 'embed',
    model: modelOf(address),
    isStream: false,
    wantsUsage: true,
    prompt: {},
    text,
    edits: {},
    ...(isSingle ? { isVariant: true } : {}),
    bounds: { choices: 1, maxOutputTokens: 0, mediaParts: 0, mediaBytes: 0 },
    neutral: () => {
      throw new GatewayError('internal', 'A request for vectors was read as one for an answer.')
    },
    inputs: () => (isSingle ? readSingle(parseAgain(text)) : readInputs(parseAgain(text))),
  }
}

/** Each request names the model again. */
function encodeRequest({ text }: ModelRequest, target: Target): string {
  const value = parseAgain(text)
  const requests: readonly Json[] = Array.isArray(value.requests) ? value.requests : []
  return JSON.stringify({ ...value, requests: requests.map((one) => (isObject(one) ? { ...one, model: `models/${target.id}` } : one)) })
}

function readSingle(value: JsonObject): NeutralInputs {
  const losses = new Losses()
  const one = readOne(value, '', losses)
  return { ...neutralOf([one], losses), isSingle: true }
}

function readInputs(value: JsonObject): NeutralInputs {
  const losses = new Losses()
  const requests = readList(value.requests, 'requests')
  if (requests.length === 0) throw wrong('requests', 'must hold at least one request')
  const read = requests.map((item, index) => readOne(readObject(item, `requests[${index}]`), `requests[${index}]`, losses))
  const [first] = read
  const isUniform = read.every(({ task, dimensions }) => task === first?.task && dimensions === first?.dimensions)
  if (!isUniform) losses.approximate('requests', 'other wires have one purpose and one length for all; those of the first are taken')
  return neutralOf(read, losses)
}

function neutralOf(read: readonly ReadOne[], losses: Losses): NeutralInputs {
  const { task, dimensions } = read[0] ?? {}
  const purpose = task === undefined || !Object.hasOwn(PURPOSES, task) ? undefined : PURPOSES[task]
  return {
    inputs: read.map(({ text }): EmbedInput => ({ type: 'text', text })),
    ...(dimensions === undefined ? {} : { dimensions }),
    encoding: 'float',
    ...(purpose === undefined ? {} : { purpose }),
    losses: losses.list,
  }
}

interface ReadOne {
  readonly text: string
  readonly task: string | undefined
  readonly dimensions: number | undefined
}

function readOne(request: JsonObject, path: string, losses: Losses): ReadOne {
  reportUnread(request, READ, { path, losses })
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  const content = readObject(request.content, at('content'))
  const parts = readInstruction(content, { path: at('content'), losses })
  return {
    text: parts.map(({ text }) => text).join(''),
    task: optionalString(field(request, 'taskType'), at('taskType')),
    dimensions: optionalCount(field(request, 'outputDimensionality'), at('outputDimensionality')),
  }
}

function writeRequest({ inputs, dimensions, purpose, endUser, losses: known }: NeutralInputs, target: Target): Written {
  const losses = new Losses()
  losses.addAll(known)
  if (endUser !== undefined) losses.drop('user', 'this wire has no end users')
  const requests = inputs.map((input) => {
    if (input.type === 'tokens') throw cannotCarry('input', 'numbers of tokens mean something to the model of one provider only')
    return {
      model: `models/${target.id}`,
      content: { parts: [{ text: input.text }] },
      taskType: purpose === undefined ? undefined : TASKS[purpose],
      outputDimensionality: dimensions,
    }
  })
  return { text: JSON.stringify({ requests }), losses: losses.list }
}

function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  if (!Array.isArray(value.embeddings)) throw malformed(target, 'its reply has no embeddings')
  const usage = readUsage(field(value, 'usageMetadata'))
  return {
    type: 'whole',
    bytes: body,
    isLast: true,
    isHidden: false,
    embeddings: () => readVectors(value, target),
    ...(usage === undefined ? {} : { usage }),
  }
}

/** @throws provider_malformed */
function readVectors(value: JsonObject, target: Target): NeutralEmbeddings {
  const vectors = objectsIn(value.embeddings).map(({ values }) => {
    const numbers: readonly Json[] = Array.isArray(values) ? values : []
    if (numbers.length === 0 || !numbers.every((number) => typeof number === 'number'))
      throw malformed(target, 'an embedding is no list of numbers')
    return numbers
  })
  const usage = readUsage(field(value, 'usageMetadata'))
  return { vectors, ...(usage === undefined ? {} : { usage }), losses: [] }
}
