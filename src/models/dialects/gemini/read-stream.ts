import { isObject, type JsonObject, objectsIn } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { readFrameData } from '../provider-reply.ts'
import { callIds, readAnswerPart, readCitations, readHead, readLogprobs } from './read-reply.ts'
import { readUsage } from './usage.ts'
import { blockReason, field, readStop } from './words.ts'

/** Reads the chunks of one stream. A call comes whole in one chunk. */
export function readStream(): StreamReader {
  const calls = new Map<number, number>()
  const finished = new Set<number>()
  const cited = new Set<string>()
  let ids: (() => string) | undefined
  const readCandidate = (candidate: JsonObject, nextId: () => string, losses: Losses): readonly StreamEvent[] => {
    const index = typeof candidate.index === 'number' ? candidate.index : 0
    const parts = isObject(candidate.content) ? objectsIn(candidate.content.parts) : []
    const events = parts
      .flatMap((part) => readAnswerPart(part, nextId, losses))
      .flatMap((piece) => {
        const count = calls.get(index) ?? 0
        if (piece.type === 'tool-call') calls.set(index, count + 1)
        return eventsOf(piece, index, count)
      })
    for (const citation of readCitations(candidate)) {
      // Pages are told again with each chunk that follows.
      const mark = `${index} ${citation.url}`
      if (!cited.has(mark)) events.push({ type: 'citation', candidate: index, citation })
      cited.add(mark)
    }
    const logprobs = readLogprobs(field(candidate, 'logprobsResult'))
    if (logprobs.length > 0) events.push({ type: 'logprobs', candidate: index, logprobs })
    const stop = readStop(field(candidate, 'finishReason'), calls.has(index))
    // Some servers repeat the reason in a last chunk of usage.
    if (stop !== undefined && !finished.has(index)) {
      finished.add(index)
      events.push({ type: 'finish', candidate: index, stop })
    }
    return events
  }
  return {
    read: (frame) => {
      const chunk = readFrameData(decodeSseFrame(frame).data)
      if (chunk === undefined) return []
      const events: StreamEvent[] = []
      const losses = new Losses()
      const head = readHead(chunk)
      if (ids === undefined) {
        ids = callIds(head.id)
        events.push({ type: 'start', ...head })
      }
      // Before the content: a writer may have to tell the input first.
      const usage = readUsage(field(chunk, 'usageMetadata'))
      if (usage !== undefined) events.push({ type: 'usage', usage })
      const candidates = objectsIn(chunk.candidates)
      for (const candidate of candidates) events.push(...readCandidate(candidate, ids, losses))
      if (candidates.length === 0 && blockReason(chunk) !== undefined && !finished.has(0)) {
        finished.add(0)
        events.push({ type: 'finish', candidate: 0, stop: { type: 'content-filter' } })
      }
      for (const loss of losses.list) events.push({ type: 'loss', loss })
      return events
    },
  }
}

function eventsOf(piece: Content, candidate: number, index: number): StreamEvent[] {
  switch (piece.type) {
    case 'text':
      return [{ type: 'text', candidate, text: piece.text }]
    case 'thinking': {
      const said: StreamEvent[] = piece.text === '' ? [] : [{ type: 'thinking', candidate, text: piece.text }]
      if (piece.seal === undefined) return said
      // A seal on what comes next must not become one of the thought before it.
      return [...(piece.text === '' ? [{ type: 'break', candidate } as const] : said), { type: 'seal', candidate, seal: piece.seal }]
    }
    case 'tool-call':
      return [
        { type: 'tool-call', candidate, index, id: piece.id, name: piece.name },
        { type: 'arguments', candidate, index, text: piece.arguments },
      ]
    default:
      return []
  }
}
