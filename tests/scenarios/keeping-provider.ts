import type { JsonObject } from '../../src/core/json.ts'
import { wholeReply } from '../../src/testing/fake-upstream.ts'
import type { ReceivedRequest } from '../../src/testing/received-request.ts'
import type { Answer } from '../../src/testing/upstream-steps.ts'

/** How one kind of object is told by a provider. */
interface Shape {
  /** Makes the object of a new number. */
  readonly make: (number: number) => JsonObject
  readonly idOf: (object: JsonObject) => string
  /** A page of all objects of an account, and whether there is more. */
  readonly page: (items: readonly JsonObject[], hasMore: boolean) => JsonObject
  readonly cursor: string
}

const openai = (make: Shape['make'], cursor = 'after'): Shape => ({
  make,
  cursor,
  idOf: ({ id }) => String(id),
  page: (data, has_more) => ({ object: 'list', data, has_more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }),
})

const SHAPES: Readonly<Record<string, Shape>> = {
  '/v1/files': openai((number) => ({ id: `file-${number}`, object: 'file', bytes: 3, filename: 'a.jsonl', purpose: 'batch' })),
  '/v1/batches': openai((number) => ({ id: `batch_${number}`, object: 'batch', status: 'completed', output_file_id: `file-out${number}` })),
  '/v1/responses': openai((number) => ({ id: `resp_${number}`, object: 'response', status: 'completed', output: [] })),
  '/v1/messages/batches': openai((number) => ({ id: `msgbatch_${number}`, type: 'message_batch', processing_status: 'ended' }), 'after_id'),
  '/v1beta/cachedContents': {
    make: (number) => ({ name: `cachedContents/c${number}`, model: 'models/m' }),
    idOf: ({ name }) => String(name).replace('cachedContents/', ''),
    page: (cachedContents, hasMore) => ({ cachedContents, ...(hasMore ? { nextPageToken: idOfLast(cachedContents) } : {}) }),
    cursor: 'pageToken',
  },
}

function idOfLast(items: readonly JsonObject[]): string {
  return String(items.at(-1)?.name).replace('cachedContents/', '')
}

/** Items of a page. */
const PAGE = 2

/** Answers as a provider that keeps objects for each of its keys: makes, lists in pages, shows and deletes them. */
export function keepingProvider(): Answer {
  const accounts = new Map<string, Map<string, JsonObject>>()
  let number = 0
  return (request) => {
    const url = new URL(request.path, 'http://provider')
    const collection = Object.keys(SHAPES).find((path) => url.pathname === path || url.pathname.startsWith(`${path}/`))
    const shape = collection === undefined ? undefined : SHAPES[collection]
    if (collection === undefined || shape === undefined) return wholeReply({ body: {} })(request)
    const place = `${keyOf(request)} ${collection}`
    const objects = accounts.get(place) ?? new Map<string, JsonObject>()
    accounts.set(place, objects)
    const id = url.pathname.slice(collection.length + 1).split('/')[0] ?? ''
    if (id === '' && request.method === 'POST') {
      const made = shape.make(++number)
      objects.set(shape.idOf(made), made)
      return wholeReply({ body: made })(request)
    }
    if (id === '') return wholeReply({ body: pageOf(shape, [...objects.values()], url.searchParams.get(shape.cursor)) })(request)
    const object = objects.get(id)
    if (object === undefined) return wholeReply({ status: 404, body: { error: { message: `No such object: ${id}` } } })(request)
    if (request.method !== 'DELETE') return wholeReply({ body: object })(request)
    objects.delete(id)
    return wholeReply({ body: { id, deleted: true } })(request)
  }
}

function pageOf(shape: Shape, all: readonly JsonObject[], after: string | null): JsonObject {
  const from = after === null ? 0 : all.findIndex((object) => shape.idOf(object) === after) + 1
  return shape.page(all.slice(from, from + PAGE), from + PAGE < all.length)
}

function keyOf(request: ReceivedRequest): string {
  return request.header('authorization') ?? request.header('x-api-key') ?? request.header('x-goog-api-key') ?? ''
}
