import type { JsonObject } from '../../../core/json.ts'
import type { ReplyContext, Written } from '../../dialect.ts'
import type { Citation, Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, StopReason } from '../../neutral/reply.ts'
import { packSeal, wholeOf } from '../../neutral/seal.ts'
import { inputOf } from '../tool-input.ts'
import { writeUsage } from './usage.ts'

/** Writes a whole message. */
export function writeReply(reply: NeutralReply, context: ReplyContext): Written {
  const losses = new Losses()
  losses.addAll(reply.losses)
  const [first, ...others] = reply.candidates
  if (others.length > 0) losses.drop('choices', 'this wire gives one answer')
  if (first?.logprobs !== undefined) losses.drop('logprobs', 'this wire has none')
  const body: JsonObject = {
    id: reply.id ?? `msg_${context.callId}`,
    type: 'message',
    role: 'assistant',
    model: reply.model ?? context.request.model,
    content: (first?.content ?? []).flatMap((piece) => writePiece(piece, losses)),
    ...writeStop(first),
    usage: writeUsage(reply.usage ?? {}),
  }
  return { text: JSON.stringify(body), losses: losses.list }
}

/** Reason and sequence of a stop; null where the provider gave none. What this wire has no word for goes on as the provider's own word. */
export function writeStop(candidate: Pick<Candidate, 'stop' | 'content'> | undefined): JsonObject {
  const stop = candidate?.stop
  const hasRefused = candidate?.content.some(({ type }) => type === 'refusal') ?? false
  const hasCalls = candidate?.content.some(({ type }) => type === 'tool-call') ?? false
  return {
    stop_reason: reasonOf(stop, { hasRefused, hasCalls }),
    stop_sequence: stop?.type === 'stop-sequence' ? (stop.sequence ?? null) : null,
  }
}

function reasonOf(
  stop: StopReason | undefined,
  { hasRefused, hasCalls }: { readonly hasRefused: boolean; readonly hasCalls: boolean },
): string | null {
  switch (stop?.type) {
    case undefined:
      return null
    case 'stop':
      // Providers of other wires say `stop` also of an answer that asks for tools; callers of this one go by the reason.
      return hasCalls ? 'tool_use' : hasRefused ? 'refusal' : 'end_turn'
    case 'stop-sequence':
      return 'stop_sequence'
    case 'length':
      return 'max_tokens'
    case 'tool-calls':
      return 'tool_use'
    case 'content-filter':
    case 'refusal':
      return 'refusal'
    case 'context-full':
      return 'model_context_window_exceeded'
    case 'pause':
      return 'pause_turn'
    default:
      return stop === undefined ? null : stop.said
  }
}

function writePiece(piece: Content, losses: Losses): readonly JsonObject[] {
  switch (piece.type) {
    case 'text':
      return [{ type: 'text', text: piece.text, citations: writeCitations(piece.citations) }]
    case 'refusal':
      return [{ type: 'text', text: piece.text, citations: null }]
    case 'thinking': {
      const sealed = piece.seal === undefined ? '' : (wholeOf(piece.seal) ?? packSeal(piece.seal, 'anthropic-messages'))
      return [piece.isHidden ? { type: 'redacted_thinking', data: sealed } : { type: 'thinking', thinking: piece.text, signature: sealed }]
    }
    case 'tool-call':
      return [{ type: 'tool_use', id: piece.id, name: piece.name, input: inputOf(piece.arguments, losses) }]
    default:
      losses.drop(piece.type, 'this wire does not answer with such content')
      return []
  }
}

/** Citations of the web; others name places in documents that callers of other wires cannot have given. */
function writeCitations(citations: readonly Citation[] | undefined): readonly JsonObject[] | null {
  const written = (citations ?? []).flatMap((citation) => writeCitation(citation))
  return written.length === 0 ? null : written
}

/** One citation, or none where it has no address. */
export function writeCitation({ url, title, citedText }: Citation): readonly JsonObject[] {
  if (url === undefined) return []
  return [{ type: 'web_search_result_location', url, title: title ?? null, cited_text: citedText ?? '', encrypted_index: '' }]
}
