import { type CheckedTable, checkTable } from './check-table.ts'
import { locate } from './locate.ts'

/** A table that was read from a text, or a line for each thing that is wrong with it: `prices.json:12:8 providers.openai…: is …`. */
export type ReadTable = Extract<CheckedTable, { readonly type: 'table' }> | { readonly type: 'rejected'; readonly lines: readonly string[] }

/**
 * Reads a table of prices from its text.
 * @param shownAs how the file is called in messages
 * @param version of a table of a format that has none
 */
export function readTable(text: string, shownAs: string, version: string): ReadTable {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (thrown) {
    return { type: 'rejected', lines: [`${shownAs}: is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`] }
  }
  const checked = checkTable(file, version)
  if (checked.type === 'table') return checked
  return { type: 'rejected', lines: checked.problems.map((problem) => lineOf(problem, text, shownAs)) }
}

type Problem = Extract<CheckedTable, { readonly type: 'problems' }>['problems'][number]

/** Of a foreign format the path is that of what it came to, which is not in the text: then there is no line, but the model's id. */
function lineOf({ path, message }: Problem, text: string, shownAs: string): string {
  const { line, column } = locate(text, path)
  const named = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return `${shownAs}:${line}:${column}${named === '' ? '' : ` ${named.replace(/^\./, '')}`}: ${message}`
}
