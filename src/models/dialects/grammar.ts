import type { JsonObject } from '../../core/json.ts'
import { readString } from '../neutral/read.ts'
import type { FreeInput } from '../neutral/request.ts'

/** What both wires of OpenAI say of a grammar, each at another place. @throws invalid_request */
export function readGrammar({ syntax, definition }: JsonObject, path: string): FreeInput {
  return { grammar: { syntax: readString(syntax, `${path}.syntax`), definition: readString(definition, `${path}.definition`) } }
}
