import type { Usage } from '../../../core/events.ts'
import { encodeSseFrame } from '../../../core/sse.ts'
import type { ReplyContext, StreamWriter, WrittenFrame } from '../../dialect.ts'
import type { StopReason, StreamEvent } from '../../neutral/reply.ts'
import { writeStop } from '../openai-chat/write-reply.ts'
import { writeUsage } from '../openai-chat/write-usage.ts'
import { writeLogprobs } from './write-reply.ts'

/** Writes one stream of completions. */
export function writeStream({ callId, nowSeconds, request }: ReplyContext): StreamWriter {
  let head = { id: `cmpl-${callId}`, object: 'text_completion', created: nowSeconds, model: request.model }
  const stops = new Map<number, StopReason>()
  let usage: Usage | undefined
  const frame = (choices: readonly object[], more: object = {}) => encodeSseFrame({ data: JSON.stringify({ ...head, choices, ...more }) })
  const choice = (index: number, text: string, more: object = {}): readonly WrittenFrame[] => [
    { bytes: frame([{ index, text, logprobs: null, finish_reason: null, ...more }]) },
  ]
  return {
    write: (event: StreamEvent) => {
      switch (event.type) {
        case 'start': {
          const { id = head.id, model = head.model, createdSeconds = head.created } = event
          head = { ...head, id, model, created: createdSeconds }
          return []
        }
        case 'text':
        case 'refusal':
          return choice(event.candidate, event.text)
        case 'logprobs':
          return choice(event.candidate, '', { logprobs: writeLogprobs(event.logprobs) })
        case 'finish':
          stops.set(event.candidate, event.stop)
          return []
        case 'usage':
          usage = event.usage
          return []
        default:
          // Completions are text alone.
          return []
      }
    },
    end: () => {
      const ends = [...stops].flatMap(([index, stop]) => choice(index, '', { finish_reason: writeStop(stop, { hasCalls: false }) }))
      const told =
        request.wantsUsage && usage !== undefined ? [{ bytes: frame([], { usage: writeUsage(usage) }), takesCost: true as const }] : []
      return [...ends, ...told, { bytes: encodeSseFrame({ data: '[DONE]' }) }]
    },
  }
}
