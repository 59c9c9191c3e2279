import { isObject, type Json, type JsonObject } from '../../../core/json.ts'

/** Longest name that is kept of a tool. Names of the wire have 64 characters at the most; models write what they like. */
const MAX_LENGTH = 200

/** Names of the tools that a reply or a chunk asks for, also in the older `function_call`; undefined where it asks for none. */
export function readToolNames(choices: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(choices)) return undefined
  let names: string[] | undefined
  for (const choice of choices as readonly Json[]) {
    const said = isObject(choice) ? (choice.message ?? choice.delta) : undefined
    // Nearly every reply asks for none: nothing is made for it.
    if (!isObject(said) || (said.tool_calls === undefined && said.function_call === undefined)) continue
    names ??= []
    names.push(...namesIn(said))
  }
  return names === undefined || names.length === 0 ? undefined : names
}

/** Whether the text of a chunk may hold the name of a tool: spares parsing the others. In content the quotes are escaped, so these do not match there. */
export function mayNameTools(data: string): boolean {
  return data.includes('"name"') && (data.includes('"tool_calls"') || data.includes('"function_call"'))
}

function namesIn(said: JsonObject): readonly string[] {
  const calls: readonly Json[] = Array.isArray(said.tool_calls) ? said.tool_calls : []
  return [...calls.flatMap((call) => (isObject(call) ? nameOf(call.function ?? call.custom) : [])), ...nameOf(said.function_call)]
}

function nameOf(called: Json | undefined): readonly string[] {
  return isObject(called) && typeof called.name === 'string' && called.name !== '' ? [called.name.slice(0, MAX_LENGTH)] : []
}
