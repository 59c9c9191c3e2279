import type { Call } from '../../core/call.ts'
import { errorOf, streamedResponse } from '../../core/edge.ts'
import { formatUsd } from '../../core/money.ts'
import type { Reply } from '../../core/reply.ts'
import { encodeStreamError } from '../dialects/openai-chat/error.ts'
import type { PassedPart } from './types.ts'

/** Statuses whose answers have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205])

/**
 * The answer to a call that is passed through: the provider's status, headers and bytes, with the gateway's own headers.
 * @param describe the gateway's own headers, which win
 */
export async function passedResponse(call: Call, reply: Reply<PassedPart>, describe: () => Record<string, string>): Promise<Response> {
  const head = await reply.next()
  if (head?.type !== 'head') throw errorOf(await reply.ended)
  const { costNanoUsd } = call.record.facts
  const cost: Record<string, string> = costNanoUsd === undefined ? {} : { 'x-signalbox-cost-usd': formatUsd(costNanoUsd) }
  const headers = { ...head.headers, ...describe(), ...cost }
  if (BODILESS.has(head.status)) {
    await reply.next()
    return new Response(null, { status: head.status, headers })
  }
  const isEventStream = /^\s*text\/event-stream/i.test(head.headers['content-type'] ?? '')
  return streamedResponse(reply, () => nextBytes(call, reply, isEventStream), { status: head.status, headers })
}

/** @throws the error of an answer that broke off: its stream then ends without its end, which no client takes for a good one */
async function nextBytes(call: Call, reply: Reply<PassedPart>, isEventStream: boolean): Promise<Uint8Array | undefined> {
  for (let part = await reply.next(); part !== undefined; part = await reply.next()) {
    if (part.type === 'piece') return part.bytes
  }
  const ending = await reply.ended
  if (ending.outcome === 'ok') return undefined
  const error = errorOf(ending)
  if (!isEventStream) throw error
  // What was cut may be half of a frame.
  return Buffer.concat([Buffer.from('\n\n'), encodeStreamError(error, call.id)])
}
