import { isObject, spliceText } from '../../../core/json.ts'
import type { CountingDialect, Written } from '../../dialect.ts'
import { Losses } from '../../neutral/loss.ts'
import type { NeutralRequest } from '../../neutral/request.ts'
import type { DecodeBounds, ModelPart, ModelRequest, RequestAddress, Target } from '../../types.ts'
import { decodeBody, parseAgain, readKeys } from '../decode-body.ts'
import { malformed, parseReplyBody } from '../provider-reply.ts'
import { errorInReply } from './error.ts'
import { modelPath } from './path.ts'
import { readRequest } from './read-request.ts'
import { modelOf } from './request.ts'
import { field } from './words.ts'
import { writeBody } from './write-request.ts'

const READ_KEYS = readKeys(['contents', 'generateContentRequest', 'generate_content_request', 'model'])

/** `countTokens`: of contents, or of a whole request in `generateContentRequest`. Source: https://ai.google.dev/api/tokens (read 2026-11-21). */
export const counting: CountingDialect = {
  path: (modelId) => modelPath(modelId, 'countTokens'),
  decodeRequest,
  encodeRequest,
  writeRequest,
  decodeReply,
  writeReply: (tokens) => JSON.stringify({ totalTokens: tokens }),
}

function decodeRequest(body: Uint8Array, bounds: DecodeBounds, address: RequestAddress): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  const wrapped = ['generateContentRequest', 'generate_content_request'].find((key) => isObject(value[key]))
  const span = top.keys.get(wrapped ?? 'model')
  return {
    wire: 'gemini',
    operation: 'count-tokens',
    model: modelOf(address),
    isStream: false,
    wantsUsage: true,
    prompt: {},
    text,
    edits: span === undefined ? {} : { model: span },
    neutral: () => {
      const again = parseAgain(text)
      const inner = wrapped === undefined ? again : again[wrapped]
      return readRequest(isObject(inner) ? inner : again)
    },
  }
}

/** The caller's own text, with the provider's model where the text names one. */
function encodeRequest({ text, edits }: ModelRequest, target: Target): string {
  const { model } = edits
  if (model === undefined) return text
  const inner: unknown = JSON.parse(text.slice(model.from, model.to))
  const name = `models/${target.id}`
  return spliceText(text, [{ ...model, with: JSON.stringify(isObject(inner) ? { ...inner, model: name } : name) }])
}

function writeRequest(request: NeutralRequest, target: Target): Written {
  const losses = new Losses()
  losses.addAll(request.losses)
  const body = writeBody(request, target, losses)
  // Vertex takes the fields themselves, and no name beside the path's.
  const whole = target.traits?.hasModelInPath ? body : { generateContentRequest: { model: `models/${target.id}`, ...body } }
  return { text: JSON.stringify(whole), losses: losses.list }
}

function decodeReply(body: Uint8Array, target: Target): ModelPart {
  const value = parseReplyBody(body, target)
  const failure = errorInReply(value, target.provider)
  if (failure !== undefined) throw failure
  const total = field(value, 'totalTokens')
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0) throw malformed(target, 'its reply has no totalTokens')
  return { type: 'whole', bytes: body, isLast: true, isHidden: false, countedTokens: total }
}
