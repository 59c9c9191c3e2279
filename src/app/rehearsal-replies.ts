import { encodeMessage } from '../models/cloud/event-stream.ts'
import { CONVERSE_FRAMING, INVOKE_FRAMING } from '../models/cloud/event-stream-framing.ts'
import { dialectOf } from '../models/dialects/index.ts'
import { SSE } from '../models/framing.ts'
import type { Target, WireName } from '../models/types.ts'

/** What a healthy provider says in a rehearsal. */
export const HEALTHY_TEXT = 'All is well here.'

const CONTEXT = { request: { model: 'rehearsal', wantsUsage: false, text: '{}' }, callId: 'call_rehearsal', nowSeconds: 0 } as const
const USAGE = { inputTokens: 8, outputTokens: 5 } as const
const WORDS: readonly string[] = HEALTHY_TEXT.match(/\S+\s*/g) ?? []
const encoder = new TextEncoder()

type Streamed = Pick<Target, 'wire' | 'framing'>

/** The media type of a stream of this provider. */
export function streamTypeOf(target: Streamed): string {
  return framingOf(target) === SSE ? 'text/event-stream' : 'application/vnd.amazon.eventstream'
}

/** A whole answer that is well. */
export function wholeOf(wire: WireName): string {
  // Nobody calls the gateway in this wire, so it has no writer of answers.
  if (wire === 'converse') {
    const message = { role: 'assistant', content: [{ text: HEALTHY_TEXT }] }
    return JSON.stringify({ output: { message }, stopReason: 'end_turn', usage: CONVERSE_USAGE })
  }
  const candidates = [{ content: [{ type: 'text', text: HEALTHY_TEXT }], stop: { type: 'stop' } }] as const
  return dialectOf(wire).writeReply({ candidates, usage: USAGE, losses: [] }, CONTEXT).text
}

/** The frames of a stream that is well. */
export function framesOf(target: Streamed): readonly Uint8Array[] {
  if (target.wire === 'converse')
    return CONVERSE_EVENTS.map(([type, value]) => message({ ':event-type': type, ':message-type': 'event' }, value))
  const frames = sseFramesOf(target.wire)
  if (framingOf(target) !== INVOKE_FRAMING) return frames
  return frames.map((frame) => {
    const data = /^data: (.*)$/m.exec(new TextDecoder().decode(frame))?.[1] ?? '{}'
    return message({ ':event-type': 'chunk', ':message-type': 'event' }, { bytes: Buffer.from(data).toString('base64') })
  })
}

/** A failure that is reported inside a stream. */
export function reportOf(target: Streamed): Uint8Array {
  const said = 'A rehearsed failure.'
  if (framingOf(target) !== SSE)
    return message({ ':exception-type': 'internalServerException', ':message-type': 'exception' }, { message: said })
  return encoder.encode(`event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: 'api_error', message: said } })}\n\n`)
}

const CONVERSE_USAGE = { inputTokens: USAGE.inputTokens, outputTokens: USAGE.outputTokens, totalTokens: 13 }
const CONVERSE_EVENTS: readonly (readonly [type: string, value: object])[] = [
  ['messageStart', { role: 'assistant' }],
  ...WORDS.map((text): readonly [string, object] => ['contentBlockDelta', { contentBlockIndex: 0, delta: { text } }]),
  ['contentBlockStop', { contentBlockIndex: 0 }],
  ['messageStop', { stopReason: 'end_turn' }],
  ['metadata', { usage: CONVERSE_USAGE }],
]

function framingOf({ wire, framing }: Streamed) {
  return framing ?? (wire === 'converse' ? CONVERSE_FRAMING : SSE)
}

function message(headers: Readonly<Record<string, string>>, value: object): Uint8Array {
  return encodeMessage({ ...headers, ':content-type': 'application/json' }, encoder.encode(JSON.stringify(value)))
}

function sseFramesOf(wire: WireName): readonly Uint8Array[] {
  const writer = dialectOf(wire).writeStream(CONTEXT)
  const written = [
    ...writer.write({ type: 'start' }),
    ...WORDS.flatMap((text) => writer.write({ type: 'text', candidate: 0, text })),
    ...writer.write({ type: 'finish', candidate: 0, stop: { type: 'stop' } }),
    ...writer.write({ type: 'usage', usage: USAGE }),
    ...writer.end(),
  ]
  return written.map(({ bytes }) => bytes)
}
