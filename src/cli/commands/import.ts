import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type ImportFormat, importConfig } from '../../app/import-config.ts'
import { importScores } from '../../app/import-scores.ts'
import { formatJson } from '../context.ts'
import type { CliIo } from '../io.ts'
import { configOption, jsonOption } from '../options.ts'

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
  imports
    .command('scores <file>')
    .description(
      'Find the scores of the configured models, by kind of task, for the strategy best: in a CSV, YAML or JSON of your own, in a table of LiveBench, or in the polyglot leaderboard of Aider.',
    )
    .option('--categories <file>', "LiveBench's categories_<date>.json: then code has a score of its own")
    .option(
      '--as <model=name>',
      'how the file calls a model, where that is neither its name nor its id; may be given again',
      (pair: string, others: readonly string[] = []) => [...others, pair],
    )
    .option('--write', 'put them into the configuration file, in place of printing them')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((file: string, flags: ScoresFlags) => runScores(file, flags, io))
}

interface ScoresFlags {
  readonly categories?: string
  readonly as?: readonly string[]
  readonly write?: true
  readonly config?: string
  readonly json?: true
}

function runScores(file: string, flags: ScoresFlags, io: CliIo): void {
  try {
    const { cwd, env } = io
    const request = {
      file,
      categories: flags.categories,
      configFile: flags.config,
      as: flags.as ?? [],
      isWritten: flags.write ?? false,
      cwd,
      env,
    }
    const { configFile, scores, yaml, notes } = importScores(request)
    const count = Object.keys(scores).length
    if (flags.json) io.out(formatJson({ scores, notes }))
    else if (!flags.write) io.out(yaml)
    for (const note of notes) io.err(`${note}\n`)
    if (flags.write) io.err(`${configFile} has the scores of ${count} ${count === 1 ? 'model' : 'models'} now.\n`)
    io.setExitCode(count === 0 ? 1 : 0)
  } catch (thrown) {
    io.err(`signalbox import scores: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    io.setExitCode(1)
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
