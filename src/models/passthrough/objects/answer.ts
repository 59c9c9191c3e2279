import type { Exchange } from '../../../core/exchange.ts'
import type { Json } from '../../../core/json.ts'
import type { PeerReply } from '../../../core/peer-reply.ts'
import type { Reply } from '../../../core/reply.ts'
import { transform } from '../../../core/stage.ts'
import type { OwnedCall, PassedCall, PassedLane, PassedPart } from '../types.ts'
import { type AskedObject, objectsIn } from './find.ts'
import { filteredList, readJson } from './list.ts'

/** A good answer about objects, and how more is read. */
export interface ObjectAnswer {
  readonly exchange: Exchange
  readonly response: PeerReply
  /** Asks for another page. */
  readonly again: (url: string) => Promise<Uint8Array>
}

/**
 * Reads an answer that says whose something is: what was made becomes the caller's before it is told, a list has the caller's own alone.
 * @returns the bytes to tell; undefined where the answer passes as it comes
 * @throws provider_malformed, store_unavailable, log_unavailable
 */
export async function ownedAnswer(passed: PassedCall, lane: PassedLane, answer: ObjectAnswer): Promise<Uint8Array | undefined> {
  const { asked, owned } = passed
  if (asked === undefined || owned === undefined || !owned.isKept) return undefined
  switch (asked.ask) {
    case 'delete':
      if (asked.id !== undefined) await owned.owners.release(asked.row.name, asked.id)
      return undefined
    case 'list':
      return listOf(passed, asked, owned, lane, answer)
    case 'one':
      return asked.row.makes === undefined || !isJsonAnswer(answer) ? undefined : claimed(asked, owned, lane, answer)
    case 'create':
      return isJsonAnswer(answer) ? claimed(asked, owned, lane, answer) : undefined
    default:
      return asked.ask satisfies never
  }
}

function isJsonAnswer({ response }: ObjectAnswer): boolean {
  return /^\s*application\/([\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')
}

async function claimed(
  { row }: AskedObject,
  { owners }: OwnedCall,
  lane: PassedLane,
  { exchange, response }: ObjectAnswer,
): Promise<Uint8Array> {
  const bytes = await exchange.readAll(response)
  await owners.claim(objectsIn(row, readJson(bytes, lane.provider)), lane.keyId)
  return bytes
}

async function listOf(
  passed: PassedCall,
  { row }: AskedObject,
  { owners, ownsAny }: OwnedCall,
  lane: PassedLane,
  answer: ObjectAnswer,
): Promise<Uint8Array> {
  const { exchange, response, again } = answer
  let isFirst = true
  const page = await filteredList({
    ...{ row, owners, ownsAny, url: passed.url },
    read: async (url) => {
      const bytes = isFirst ? await exchange.readAll(response) : await again(url)
      isFirst = false
      return readJson(bytes, lane.provider)
    },
  })
  const items: Json | undefined = page[row.list.items]
  // What was made with the caller's own is the caller's.
  if (row.makes !== undefined && Array.isArray(items)) for (const item of items) await owners.claim(objectsIn(row, item), lane.keyId)
  return new TextEncoder().encode(JSON.stringify(page))
}

/** The beginning of a stream, in which the id of what is made stands. */
const MAX_BEGINNING = 256 * 1024

/** A stream that makes something: it becomes the caller's with the first piece that names it, before that is told. */
export function ownedStream({ asked, owned }: PassedCall, lane: PassedLane, reply: Reply<PassedPart>): Reply<PassedPart> {
  if (asked?.ask !== 'create' || owned === undefined || !owned.isKept) return reply
  const named = new RegExp(`"(${asked.row.like.source.slice(1, -1)})"`)
  const decoder = new TextDecoder()
  let beginning = ''
  let isOver = false
  return transform(reply, {
    part: async (part): Promise<readonly PassedPart[]> => {
      if (part.type !== 'piece' || isOver) return [part]
      beginning += decoder.decode(part.bytes, { stream: true })
      const [, id] = named.exec(beginning) ?? []
      if (id !== undefined) await owned.owners.claim([{ row: asked.row.name, id }], lane.keyId)
      isOver = id !== undefined || beginning.length > MAX_BEGINNING
      return [part]
    },
  })
}
