import { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { EmbeddingDialect } from '../../dialect.ts'
import type { EmbedInput, NeutralEmbeddings, NeutralInputs } from '../../neutral/embedding.ts'
import { Losses } from '../../neutral/loss.ts'
import { defined, optionalCount, optionalString, reportUnread, wrong } from '../../neutral/read.ts'
import type { Target } from '../../types.ts'
import { decodeBody, parseAgain, readKeys, readModel, spanOf } from '../decode-body.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { readUsage } from './read-usage.ts'
import { encodeRequest } from './request.ts'
import { writeUsage } from './write-usage.ts'

const READ_KEYS = readKeys(['model', 'input', 'dimensions', 'encoding_format'])
const READ = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])

/** Embeddings as OpenAI and everybody compatible have them. Source: https://platform.openai.com/docs/api-reference/embeddings (read 2026-11-21). */
export const embedding: EmbeddingDialect = {
  path: () => '/embeddings',
  decodeRequest: (body, bounds) => {
    const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
    return {
      wire: 'openai-chat',
      operation: 'embed',
      model: readModel(value),
      isStream: false,
      wantsUsage: true,
      prompt: {},
      text,
      edits: { model: spanOf(top.keys, 'model') },
      bounds: { choices: 1, maxOutputTokens: 0, mediaParts: 0, mediaBytes: 0 },
      neutral: () => {
        throw new GatewayError('internal', 'A request for embeddings asks for no answer.')
      },
      inputs: () => readInputs(parseAgain(text)),
    }
  },
  encodeRequest,
  writeRequest: (inputs, target) => {
    const losses = new Losses()
    losses.addAll(inputs.losses)
    if (inputs.purpose !== undefined) losses.drop('purpose', 'this wire does not ask what vectors are for')
    const said = inputs.inputs.map((input) => (input.type === 'text' ? input.text : [...input.tokens]))
    const body: JsonObject = {
      model: target.id,
      input: said,
      dimensions: inputs.dimensions,
      encoding_format: 'float',
      user: inputs.endUser,
    }
    return { text: JSON.stringify(body), losses: losses.list }
  },
  decodeReply: (body, target) => {
    const value = parseReplyBody(body, target)
    const failure = errorInReply(value, target.provider)
    if (failure !== undefined) throw failure
    if (!Array.isArray(value.data)) throw malformed(target, 'its reply has no data')
    const usage = isObject(value.usage) ? readUsage({ completion_tokens: 0, ...value.usage }) : undefined
    return {
      type: 'whole',
      bytes: body,
      isLast: true,
      isHidden: false,
      embeddings: () => readEmbeddings(value, target),
      ...(usage === undefined ? {} : { usage }),
    }
  },
  writeReply: (reply, { encoding }, { request }) => {
    const { prompt_tokens, total_tokens } = writeUsage(reply.usage ?? {})
    const data = reply.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
    }))
    const body = { object: 'list', data, model: reply.model ?? request.model, usage: { prompt_tokens, total_tokens } }
    return { text: JSON.stringify(body), losses: reply.losses }
  },
}

function readInputs(value: JsonObject): NeutralInputs {
  const losses = new Losses()
  reportUnread(value, READ, { path: '', losses })
  const encoding = optionalString(value.encoding_format, 'encoding_format') ?? 'float'
  if (encoding !== 'float' && encoding !== 'base64') throw wrong('encoding_format', 'must be float or base64')
  return defined<NeutralInputs>({
    inputs: readInput(value.input),
    dimensions: optionalCount(value.dimensions, 'dimensions'),
    encoding,
    endUser: optionalString(value.user, 'user'),
    losses: losses.list,
  })
}

function readInput(value: Json | undefined): readonly EmbedInput[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  const list: readonly Json[] = Array.isArray(value) ? value : []
  if (list.length === 0) throw wrong('input', 'must be a text, a list of texts, or tokens')
  if (isTokens(list)) return [{ type: 'tokens', tokens: list }]
  return list.map((item, index): EmbedInput => {
    if (typeof item === 'string') return { type: 'text', text: item }
    if (Array.isArray(item) && isTokens(item)) return { type: 'tokens', tokens: item }
    throw wrong(`input[${index}]`, 'must be a text or a list of tokens')
  })
}

function isTokens(list: readonly Json[]): list is readonly number[] {
  return list.every((item) => typeof item === 'number')
}

function readEmbeddings(value: JsonObject, target: Target): NeutralEmbeddings {
  const data: readonly Json[] = Array.isArray(value.data) ? value.data : []
  const usage = isObject(value.usage) ? readUsage({ completion_tokens: 0, ...value.usage }) : undefined
  return {
    ...(typeof value.model === 'string' ? { model: value.model } : {}),
    vectors: inPlace(data, target).map((vector) => readVector(vector, target)),
    ...(usage === undefined ? {} : { usage }),
    losses: [],
  }
}

/** Vectors in the order of their texts: other wires know them by their place alone, and in this one the index counts. */
function inPlace(data: readonly Json[], target: Target): readonly (Json | undefined)[] {
  const placed = data.map((item, at) => {
    if (!isObject(item)) throw malformed(target, 'its reply has data that is no vector')
    return { at: typeof item.index === 'number' ? item.index : at, vector: item.embedding }
  })
  return placed.toSorted((left, right) => left.at - right.at).map(({ vector }) => vector)
}

/** A vector that is not whole must not be taken for one: whoever compares it with others would never know. */
function readVector(value: Json | undefined, target: Target): readonly number[] {
  const list = typeof value === 'string' ? floatsIn(value) : value
  if (!Array.isArray(list) || list.length === 0 || !list.every((item: Json) => typeof item === 'number'))
    throw malformed(target, 'its reply has a vector that is no list of numbers')
  return list
}

/** Base64 of floats of 32 bits; undefined where it is none. */
function floatsIn(text: string): readonly number[] | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0) return undefined
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
}
