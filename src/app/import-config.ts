import { readFileSync } from 'node:fs'
import { parseDocument, stringify } from 'yaml'
import { ImportError, type Imported } from '../models/import/draft.ts'
import { importLegacy } from '../models/import/legacy.ts'
import { importLitellm } from '../models/import/litellm.ts'

const IMPORTERS = { litellm: importLitellm, legacy: importLegacy } as const satisfies Record<string, (file: unknown) => Imported>

/** Whose configurations can be read. */
export type ImportFormat = keyof typeof IMPORTERS

/** A configuration for Signalbox, and what was not carried over. */
export interface ImportedConfig {
  readonly yaml: string
  readonly notes: readonly string[]
}

/** Reads the configuration of another gateway. @throws ImportError with what is wrong with it */
export function importConfig(format: ImportFormat, path: string): ImportedConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    throw new ImportError(`It cannot be read (${thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable'}).`)
  }
  const document = parseDocument(text, { prettyErrors: false, schema: 'core', merge: true })
  const [first] = document.errors
  // The parser's own words may quote the text, and with it a key.
  if (first !== undefined) throw new ImportError(`It is not valid YAML (${first.code.toLowerCase().replaceAll('_', ' ')}).`)
  const { models, notes } = IMPORTERS[format](document.toJS())
  const config = { models, access: { teams: { default: {} } } }
  const yaml = `# yaml-language-server: $schema=./signalbox.schema.json\n${stringify(config, { lineWidth: 120, aliasDuplicateObjects: false })}`
  return { yaml, notes }
}
