import { GatewayError } from '../../../core/errors.ts'
import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import type { ObjectOwners } from './owners.ts'
import { idOf, type ObjectRow } from './rows.ts'

/** Pages of others that are read past, to find one that has something of the caller's. */
const MAX_PAGES = 20

/** How a list is read. */
export interface ListReading {
  readonly row: ObjectRow
  readonly owners: ObjectOwners
  readonly url: string
  /** Whether the caller owns anything at all there: else no page is looked for that has it. */
  readonly ownsAny: boolean
  /** Gets a page as it came. */
  readonly read: (url: string) => Promise<JsonObject>
}

/**
 * A list with the caller's own objects alone. Where a page has none of them the next is read, since clients take an empty page for the last:
 * 20 of them at the most.
 * @throws provider_malformed where a page is no list
 */
export async function filteredList({ row, owners, url: firstUrl, ownsAny, read }: ListReading): Promise<JsonObject> {
  let url = firstUrl
  for (let pages = 1; ; pages++) {
    const page = await read(url)
    const items = itemsOf(page, row)
    const ids = items.map((item) => idOf(item, row)).filter((id) => id !== undefined)
    const own = await owners.ownOf(row.name, ids)
    const kept = items.filter((item) => own.has(idOf(item, row) ?? ''))
    const next = row.list.next(page, ids.at(-1))
    if (!ownsAny)
      return rebuilt(
        { ...page, ...(page.has_more === undefined ? {} : { has_more: false }), nextPageToken: undefined, next_page: undefined },
        row,
        [],
      )
    if (kept.length > 0 || next === undefined || pages === MAX_PAGES) return rebuilt(page, row, kept)
    const following = new URL(url)
    following.searchParams.set(row.list.cursor, next)
    url = following.href
  }
}

function itemsOf(page: JsonObject, { list, name }: ObjectRow): readonly Json[] {
  const items = page[list.items]
  // An empty list may be left out.
  if (items === undefined) return []
  if (Array.isArray(items)) return items
  throw new GatewayError('provider_malformed', `The list of ${name} has no items that could be told apart by whose they are.`)
}

function rebuilt(page: JsonObject, row: ObjectRow, kept: readonly Json[]): JsonObject {
  const { ends, items } = row.list
  const whole: JsonObject = { ...page, ...(page[items] === undefined ? {} : { [items]: kept }) }
  if (ends === undefined) return withoutCounts(whole, kept.length)
  const [first, last] = ends
  const told = (field: string, item: Json | undefined) => (page[field] === undefined ? {} : { [field]: idOf(item, row) ?? null })
  return withoutCounts({ ...whole, ...told(first, kept[0]), ...told(last, kept.at(-1)) }, kept.length)
}

/** Counts would say how much others have. */
function withoutCounts(page: JsonObject, count: number): JsonObject {
  const counted = ['total', 'total_count', 'totalSize'].filter((field) => page[field] !== undefined)
  return counted.length === 0 ? page : { ...page, ...Object.fromEntries(counted.map((field) => [field, count])) }
}

/** JSON of a provider. @throws provider_malformed */
export function readJson(bytes: Uint8Array, provider: string): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (isObject(value)) return value
  } catch {
    // Said below.
  }
  throw new GatewayError(
    'provider_malformed',
    `Provider ${provider} answered with something that is no JSON object, where whose it is must be known.`,
  )
}
