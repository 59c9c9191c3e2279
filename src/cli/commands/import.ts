import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type ImportFormat, importConfig } from '../../app/import-config.ts'
import { formatJson } from '../context.ts'
import type { CliIo } from '../io.ts'
import { jsonOption } from '../options.ts'

interface ImportFlags {
  readonly out?: string
  readonly force?: true
  readonly json?: true
}

const FORMATS: Readonly<Record<ImportFormat, string>> = {
  litellm: 'Write a configuration from one of the LiteLLM proxy.',
  legacy: 'Write a configuration from the old form: a list of providers with models, priority, guardrails and fallback.',
}

/** `signalbox import`: a configuration from one of another gateway. */
export function registerImport(program: Command, io: CliIo): void {
  const imports = program.command('import').description('Write a configuration from one of another gateway.')
  for (const [format, description] of Object.entries(FORMATS)) {
    imports
      .command(`${format} <file>`)
      .description(`${description} What is not carried over is said on stderr.`)
      .option('--out <file>', 'where to write it (default: stdout)')
      .option('--force', 'replace the file if it exists')
      .addOption(jsonOption())
      // Its keys are the formats.
      .action((file: string, flags: ImportFlags) => runImport(format as ImportFormat, file, flags, io))
  }
}

function runImport(format: ImportFormat, file: string, flags: ImportFlags, io: CliIo): void {
  try {
    const out = flags.out === undefined ? undefined : resolve(io.cwd, flags.out)
    if (out !== undefined && existsSync(out) && flags.force !== true) throw new Error(`${flags.out} is there already; --force replaces it.`)
    const { yaml, notes } = importConfig(format, resolve(io.cwd, file))
    if (out !== undefined) writeFileSync(out, yaml)
    if (flags.json) io.out(formatJson({ notes, ...(out === undefined ? { yaml } : { file: flags.out }) }))
    else if (out === undefined) io.out(yaml)
    for (const note of notes) io.err(`${note}\n`)
    if (out !== undefined) io.err(`Written to ${flags.out}; \`signalbox check --config ${flags.out}\` says whether it is good.\n`)
    io.setExitCode(0)
  } catch (thrown) {
    io.err(`signalbox import ${format}: ${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    io.setExitCode(1)
  }
}
