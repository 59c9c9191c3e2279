import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import type { ReplyContext } from '../dialect.ts'
import type { Losses } from '../neutral/loss.ts'
import { optionalBoolean, optionalString, readObject } from '../neutral/read.ts'
import type { NeutralRequest } from '../neutral/request.ts'
import { dropShared, type SharedField } from '../neutral/shared-field.ts'
import type { Target } from '../types.ts'

type OpenAiWire = 'openai-chat' | 'openai-responses'

interface Row {
  /** Where it stands, where that is not at the top under its name. */
  readonly place?: Partial<Record<OpenAiWire, readonly [object: string, key: string]>>
  /** @throws invalid_request */
  readonly read: (value: Json | undefined, path: string) => unknown
  /** Whether a value says more than to leave the field out would. Left out: each does. */
  readonly isSaid?: (value: Json) => boolean
  readonly isSpare?: (value: Json, wire: OpenAiWire, body: JsonObject) => boolean
  /** Servers of `openai-responses` that are not OpenAI's own take it too: it is part of the Open Responses standard. */
  readonly isOpen?: true
  /** Whether a wire has it with this value. Left out: always. */
  readonly fits?: (value: Json, wire: OpenAiWire) => boolean
}

const optionalObject = (value: Json | undefined, path: string) =>
  value === undefined || value === null ? undefined : readObject(value, path)

/**
 * Request fields that both wires of OpenAI have and no other.
 * Sources: https://platform.openai.com/docs/api-reference/chat/create, https://platform.openai.com/docs/api-reference/responses/create and
 * https://www.openresponses.org/specification (read 2026-11-21).
 */
const ROWS: Readonly<Record<string, Row>> = {
  // Of a response the gateway keeps it, and tells it with the response.
  metadata: { read: optionalObject, isSpare: (_value, wire) => wire === 'openai-responses', isOpen: true },
  service_tier: {
    read: optionalString,
    isSaid: (value) => value !== 'auto',
    isSpare: (value) => value === 'default',
    isOpen: true,
    fits: (value, wire) => wire === 'openai-responses' || value !== 'ultrafast',
  },
  verbosity: {
    place: { 'openai-responses': ['text', 'verbosity'] },
    read: optionalString,
    isSaid: (value) => value !== 'medium',
    isOpen: true,
  },
  prompt_cache_key: { read: optionalString, isOpen: true },
  prompt_cache_options: { read: optionalObject, fits: (value, wire) => wire === 'openai-responses' || isPlainCaching(value) },
  prompt_cache_retention: { read: optionalString },
  moderation: { read: optionalObject },
  // Both say who asks; `endUser` carries one of them everywhere.
  safety_identifier: { read: optionalString, isSpare: () => true, isOpen: true },
  user: { read: optionalString, isSpare: (value, _wire, { safety_identifier: other }) => typeof other !== 'string' || other === value },
  store: { read: optionalBoolean, isSaid: (value) => value !== false, isSpare: (_value, wire) => wire === 'openai-responses' },
  include_obfuscation: {
    place: { 'openai-chat': ['stream_options', 'include_obfuscation'], 'openai-responses': ['stream_options', 'include_obfuscation'] },
    read: optionalBoolean,
    isSpare: () => true,
  },
}

/** Options of caching that both wires know. */
function isPlainCaching(value: Json): boolean {
  return isObject(value) && Object.entries(value).every(([key, said]) => key === 'mode' || (key === 'ttl' && said === '30m'))
}

const NAMED = Object.entries(ROWS)

/** The fields of a request that the other wire of OpenAI has as well. Most requests have none. @throws invalid_request */
export function readOpenAiFields(body: JsonObject, wire: OpenAiWire): readonly SharedField[] | undefined {
  let fields: SharedField[] | undefined
  for (const [name, row] of NAMED) {
    const [object, key] = row.place?.[wire] ?? [undefined, name]
    const holder = object === undefined ? body : body[object]
    const value = isObject(holder) ? holder[key] : undefined
    if (value === undefined || value === null) continue
    const path = object === undefined ? key : `${object}.${key}`
    row.read(value, path)
    if (row.isSaid?.(value) === false || (isObject(value) && Object.keys(value).length === 0)) continue
    fields ??= []
    fields.push({ name, path, value, ...(row.isSpare?.(value, wire, body) ? { isSpare: true } : {}) })
  }
  return fields
}

/** Names that `readOpenAiFields` reads at the top of a request. */
export function openAiFieldNames(wire: OpenAiWire): readonly string[] {
  return Object.keys(ROWS).filter((name) => ROWS[name]?.place?.[wire] === undefined)
}

/**
 * The fields that go on to a provider of one of these wires, by name. What it is not known to take is a loss: many servers refuse a request
 * that has a field they do not know.
 */
export function writeOpenAiFields(
  { shared = [], endUser }: NeutralRequest,
  target: Target,
  losses: Losses,
): Readonly<Record<string, Json>> {
  const wire = target.wire === 'openai-responses' ? 'openai-responses' : 'openai-chat'
  const takesAll = target.traits?.takesOpenAiExtras === true
  const carried: Record<string, Json> = {}
  for (const field of shared) {
    const row = ROWS[field.name]
    const isTaken = takesAll || (row?.isOpen === true && wire === 'openai-responses')
    if (row !== undefined && isTaken && (row.fits?.(field.value, wire) ?? true)) carried[field.name] = field.value
    else dropShared([field], losses, isTaken ? 'this wire has not this value' : 'only providers of the kind openai are known to take it')
  }
  // Chat completions have metadata only of what is stored (a 400 else); the gateway keeps that of a response.
  if (wire === 'openai-chat' && carried.store !== true) delete carried.metadata
  if (carried.user === undefined && carried.safety_identifier === undefined && endUser !== undefined) {
    carried[wire === 'openai-chat' ? 'user' : 'safety_identifier'] = endUser
  }
  return carried
}

/**
 * `service_tier` of a reply: the one that was given. Where that is the usual one, it is told to callers who asked for some.
 * @param said of `Usage`, which names none but special ones
 */
export function tierOf({ request }: ReplyContext, said: string | undefined): string | undefined {
  return said ?? (request.text.includes('"service_tier"') ? 'default' : undefined)
}
