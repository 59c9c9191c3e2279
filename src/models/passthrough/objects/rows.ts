import type { Json, JsonObject } from '../../../core/json.ts'
import { isObject } from '../../../core/json.ts'
import type { WireName } from '../../types.ts'

/** A kind of object that a provider keeps for whoever has its key. */
export interface ObjectRow {
  /** A part of the space in which its ids are told apart: `files`. */
  readonly name: string
  /** Where they are made and listed, below the address of the provider; behind it stands the id of one. */
  readonly path: readonly string[]
  /** The field of an object that holds its id. `name` is `<collection>/<id>`. */
  readonly idIn: 'id' | 'name'
  /** What a text looks like that names one, where it stands in a body. */
  readonly like: RegExp
  readonly list: ListShape
  /** What stands behind the path and is no id. */
  readonly words?: readonly string[]
  /** Fields that name further objects, which are made with or by this one: the dotted path of the field, and the row of what it names. */
  readonly makes?: Readonly<Record<string, string>>
  /** Whether what is asked for will be kept; left out: always. */
  readonly isKept?: (body: JsonObject) => boolean
}

/** How a list is told, and how its next page is asked for. */
export interface ListShape {
  readonly items: string
  /** The parameter of the next page. */
  readonly cursor: string
  /** What the parameter is given of a page; undefined where it is the last. */
  readonly next: (page: JsonObject, lastId: string | undefined) => string | undefined
  /** Fields that say which items the page begins and ends with. */
  readonly ends?: readonly [first: string, last: string]
}

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
/** Pages that go on behind an id. */
const byId = (cursor: string): ListShape => ({
  ...{ items: 'data', cursor, ends: ['first_id', 'last_id'] },
  next: (page, lastId) => (page.has_more === true ? (text(page.last_id) ?? lastId) : undefined),
})
const byToken = (items: string): ListShape => ({ items, cursor: 'pageToken', next: (page) => text(page.nextPageToken) })
const numbered = (items: string): ListShape => ({ items, cursor: 'page', next: () => undefined })

const row = (name: string, like: RegExp, rest: Partial<ObjectRow> = {}): ObjectRow => ({
  ...{ name, path: name.split('/'), idIn: 'id', like, list: byId('after') },
  ...rest,
})

/** Sources: https://platform.openai.com/docs/api-reference (read 2026-11-21). */
const OPENAI: readonly ObjectRow[] = [
  row('files', /^file-[\w-]+$/),
  row('uploads', /^upload_\w+$/, { makes: { 'file.id': 'files' } }),
  row('batches', /^batch_\w+$/, { makes: { output_file_id: 'files', error_file_id: 'files' } }),
  row('vector_stores', /^vs_\w+$/),
  row('fine_tuning/jobs', /^ftjob-[\w-]+$/, { makes: { result_files: 'files' } }),
  row('responses', /^resp_\w+$/, { words: ['input_tokens', 'compact'], isKept: ({ store }) => store !== false }),
  row('conversations', /^conv_\w+$/),
  row('chat/completions', /^chatcmpl-[\w-]+$/, { isKept: ({ store }) => store === true }),
  row('assistants', /^asst_\w+$/),
  row('threads', /^thread_\w+$/, { words: ['runs'] }),
  row('containers', /^cntr_\w+$/),
  row('evals', /^eval_\w+$/),
  row('videos', /^video_\w+$/),
]

/** Sources: https://platform.claude.com/docs/en/api/files-create, …/creating-message-batches (read 2026-11-21). */
const ANTHROPIC: readonly ObjectRow[] = [
  row('files', /^file_\w+$/, { list: byId('after_id') }),
  row('messages/batches', /^msgbatch_\w+$/, { list: byId('after_id') }),
  row('skills', /^skill_\w+$/, { list: { ...byId('page'), next: (page) => text(page.next_page) } }),
]

/** Sources: https://ai.google.dev/api/files, …/caching, …/batch-api (read 2026-11-21). */
const GEMINI: readonly ObjectRow[] = [
  row('files', /^(https:\/\/[\w.-]+\/v\w+\/)?files\/[\w-]+$/, { idIn: 'name', list: byToken('files'), makes: { 'file.name': 'files' } }),
  row('cachedContents', /^cachedContents\/[\w-]+$/, { idIn: 'name', list: byToken('cachedContents') }),
  row('batches', /^batches\/[\w-]+$/, { idIn: 'name', list: byToken('operations'), makes: { 'response.responsesFile': 'files' } }),
  row('fileSearchStores', /^fileSearchStores\/[\w-]+$/, { idIn: 'name', list: byToken('fileSearchStores') }),
]

/** Sources: https://docs.mistral.ai/api (read 2026-11-21). Its ids are UUIDs, so that a reference is looked for in every kind. */
const MISTRAL_ID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/
const MISTRAL: readonly ObjectRow[] = [
  row('files', MISTRAL_ID, { list: numbered('data') }),
  row('batch/jobs', MISTRAL_ID, { list: numbered('data'), makes: { output_file: 'files', error_file: 'files' } }),
  row('fine_tuning/jobs', MISTRAL_ID, { list: numbered('data'), makes: { result_files: 'files' } }),
  row('libraries', MISTRAL_ID, { list: numbered('data') }),
]

const BY_WIRE: Readonly<Partial<Record<WireName, readonly ObjectRow[]>>> = {
  'openai-chat': OPENAI,
  'openai-responses': OPENAI,
  'anthropic-messages': ANTHROPIC,
  gemini: GEMINI,
}
/** Known providers whose objects are not those of their wire. */
const BY_KIND: Readonly<Record<string, readonly ObjectRow[]>> = { mistral: MISTRAL }

/** What a provider keeps, by its kind, else by its wire. */
export function objectRowsOf(kind: string, wire: WireName): readonly ObjectRow[] {
  return (Object.hasOwn(BY_KIND, kind) ? BY_KIND[kind] : undefined) ?? BY_WIRE[wire] ?? []
}

/** What providers of a wire keep; the same list for wires that one provider speaks. */
export function rowsOfWire(wire: WireName): readonly ObjectRow[] | undefined {
  return BY_WIRE[wire]
}

/** The id of an object, as it stands in paths. */
export function idOf(object: Json | undefined, { idIn }: Pick<ObjectRow, 'idIn'>): string | undefined {
  const said = isObject(object) ? text(object[idIn]) : undefined
  return said === undefined ? undefined : bareId(said)
}

/** `files/abc` and `https://…/files/abc` name `abc`. */
export function bareId(said: string): string {
  return said.slice(said.lastIndexOf('/') + 1)
}
