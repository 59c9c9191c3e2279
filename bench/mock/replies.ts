// Every byte that the mock sends, made once at start: the mock's CPU is taken from the two cores that the gateway needs as well.
import { makeStamp, stampLength } from './stamp.ts'

const envelope = { id: 'chatcmpl-bench0000000000000000000000', created: 1795000000, model: 'mock', system_fingerprint: 'fp_bench' }
const usage = {
  prompt_tokens: 412,
  completion_tokens: 96,
  total_tokens: 508,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
}
const answer =
  'The deploy failed because the migration took a lock on the orders table while the nightly export was reading it. ' +
  'Run the export on the replica, or give the migration a lock timeout of five seconds and let it try again. ' +
  'Nothing was lost: the transaction was rolled back, and the old version kept serving. ' +
  'I would also alert on locks held longer than a minute, since the same pair of jobs runs again on Sunday night.'

const streamHead =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n'

/** A whole chat completion with its usage, head included. */
export const wholeReply = encodeWhole(200, {
  ...envelope,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: answer, refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage,
})

/** Head of a streamed reply and its first chunk, which carries the role and no send time. */
export const streamStart = Buffer.from(streamHead + frame(event({ role: 'assistant', content: '' }, null)))

const stampPlace = '#'.repeat(stampLength)
const [stampBefore = '', stampAfter = ''] = frame(event({ content: `@${stampPlace} token` }, null)).split(stampPlace)

/** One chunk that says when it was sent. */
export function stampedChunk(): string {
  return stampBefore + makeStamp() + stampAfter
}

const done = `${frame('data: [DONE]\n\n')}0\r\n\r\n`
const finish = frame(event({}, 'stop'))
const usageEvent = frame(`data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices: [], usage })}\n\n`)

/** What follows the last chunk of a stream. */
export const streamEnd = { plain: Buffer.from(finish + done), withUsage: Buffer.from(finish + usageEvent + done) }

/** 64 kB of a stream that never waits: sixteen chunks of about 4 kB. */
export const floodBlock = Buffer.from(frame(event({ content: 'x'.repeat(3900) }, null)).repeat(16))

/** A refusal in OpenAI's shape. */
export function errorReply(status: number, message: string): Buffer {
  return encodeWhole(status, { error: { message, type: 'invalid_request_error', param: null, code: null } })
}

/** A JSON reply with its head. */
export function encodeWhole(status: number, content: unknown): Buffer {
  const body = JSON.stringify(content)
  const reason = status === 200 ? 'OK' : 'Refused'
  return Buffer.from(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nx-request-id: req_bench\r\n\r\n${body}`,
  )
}

function event(delta: object, finishReason: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }]
  return `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices })}\n\n`
}

function frame(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}
