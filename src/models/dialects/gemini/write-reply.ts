import { isObject, type JsonObject } from '../../../core/json.ts'
import type { ReplyContext, Written } from '../../dialect.ts'
import type { Citation, Content, ToolCallContent } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, TokenLogprob } from '../../neutral/reply.ts'
import { isOnNext, writeSignature } from './signature.ts'
import { writeUsage } from './usage.ts'
import { writeStop } from './words.ts'

/** Writes a whole answer. */
export function writeReply(reply: NeutralReply, context: ReplyContext): Written {
  const losses = new Losses()
  losses.addAll(reply.losses)
  const body: JsonObject = {
    candidates: reply.candidates.map((candidate, index) => writeCandidate(candidate, index, losses)),
    ...(reply.usage === undefined ? {} : { usageMetadata: writeUsage(reply.usage) }),
    modelVersion: reply.model ?? context.request.model,
    responseId: reply.id ?? context.callId,
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

function writeCandidate({ content, stop, logprobs }: Candidate, index: number, losses: Losses): JsonObject {
  const broken = content.find(
    (piece): piece is ToolCallContent => piece.type === 'tool-call' && readArguments(piece.arguments) === undefined,
  )
  const citations = content.flatMap((piece) => (piece.type === 'text' ? (piece.citations ?? []) : []))
  if (citations.some(({ url }) => url === undefined)) losses.drop('citations', 'this wire cites addresses only')
  const finish = broken === undefined ? (stop === undefined ? {} : writeStop(stop)) : malformedCall(broken)
  return {
    content: { role: 'model', parts: writeAnswerParts(content) },
    ...finish,
    index,
    ...writeCitations(citations),
    ...(logprobs === undefined ? {} : { logprobsResult: writeLogprobs(logprobs) }),
  }
}

/** This wire's own word for a call whose arguments are no JSON object; such a call is told, not made up. */
export function malformedCall({ name, arguments: text }: Pick<ToolCallContent, 'name' | 'arguments'>): JsonObject {
  return { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: `Malformed function call: ${name}(${text.slice(0, 1000)})` }
}

/** Arguments as this wire has them; undefined where they are no JSON object. */
export function readArguments(text: string): JsonObject | undefined {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The parts of an answer. A signature of this wire goes back to where it stood; one of another stands on its thought. */
export function writeAnswerParts(content: readonly Content[]): readonly JsonObject[] {
  const parts: JsonObject[] = []
  let signature: { readonly thoughtSignature: string } | undefined
  for (const piece of content) {
    if (piece.type === 'thinking' && isOnNext(piece.seal)) {
      if (piece.text !== '') parts.push({ text: piece.text, thought: true })
      signature = { thoughtSignature: writeSignature(piece.seal) }
      continue
    }
    const part = writePart(piece)
    if (part === undefined) continue
    parts.push({ ...part, ...signature })
    signature = undefined
  }
  return signature === undefined ? parts : [...parts, { text: '', ...signature }]
}

function writePart(piece: Content): JsonObject | undefined {
  switch (piece.type) {
    case 'text':
    case 'refusal':
      return { text: piece.text }
    case 'thinking':
      return { text: piece.text, thought: true, ...(piece.seal === undefined ? {} : { thoughtSignature: writeSignature(piece.seal) }) }
    case 'tool-call': {
      const args = readArguments(piece.arguments)
      return args === undefined ? undefined : { functionCall: { id: piece.id, name: piece.name, args } }
    }
    default:
      return undefined
  }
}

/** `citationMetadata` of a candidate. */
export function writeCitations(citations: readonly Citation[]): JsonObject {
  return citations.length === 0 ? {} : { citationMetadata: { citations: citations.flatMap(writeCitation) } }
}

function writeCitation({ url, title, from, to }: Citation): readonly JsonObject[] {
  return url === undefined ? [] : [{ uri: url, title, startIndex: from, endIndex: to }]
}

/** `logprobsResult` of a candidate. */
export function writeLogprobs(logprobs: readonly TokenLogprob[]): JsonObject {
  const write = ({ token, logprob }: { readonly token: string; readonly logprob: number }) => ({ token, logProbability: logprob })
  return { chosenCandidates: logprobs.map(write), topCandidates: logprobs.map(({ top }) => ({ candidates: top.map(write) })) }
}
