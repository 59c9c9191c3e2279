import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { SCHEMA_FILE, type StartingConfig, startingConfig } from '../../app/starting-config.ts'
import type { CliIo } from '../io.ts'

interface InitFlags {
  readonly force?: true
  readonly provider?: string
  readonly out: string
  readonly json?: true
}

type Written = Extract<StartingConfig, { readonly type: 'written' }>

/** `signalbox init`: writes a first configuration. Asks nothing. */
export function registerInit(program: Command, io: CliIo): void {
  program
    .command('init')
    .description('Write a first configuration file, with the schema for editors beside it.')
    .option('--provider <name>', 'the provider (default: the first whose key is in the environment, else ollama)')
    .option('--out <file>', 'where to write it', 'signalbox.yaml')
    .option('--force', 'replace files that exist')
    .option('--json', 'print the result as JSON')
    .action((flags: InitFlags) => init(flags, io))
}

function init(flags: InitFlags, io: CliIo): void {
  const start = startingConfig(flags.provider, io.env)
  const failure = start.type === 'unknown-provider' ? start.message : write(flags, io.cwd, start)
  if (start.type === 'unknown-provider' || failure !== undefined) {
    io.err(`signalbox init: ${failure}\n`)
    io.setExitCode(start.type === 'unknown-provider' ? 2 : 1)
    return
  }
  const isKeySet = start.keyEnv === undefined || (io.env[start.keyEnv] ?? '') !== ''
  const file = resolve(io.cwd, flags.out)
  const result = { file, schema: schemaBeside(file), provider: start.provider, keyEnv: start.keyEnv, isKeySet }
  if (flags.json) io.out(`${JSON.stringify(result, undefined, 2)}\n`)
  io.err(talkOf(flags.out, start, isKeySet))
}

/** Writes both files; returns why it could not. */
function write(flags: InitFlags, cwd: string, start: Written): string | undefined {
  const file = resolve(cwd, flags.out)
  const schema = schemaBeside(file)
  if (existsSync(file) && !flags.force) return `${flags.out} exists; --force replaces it`
  try {
    // `wx` refuses a file that came to be since.
    writeFileSync(file, start.yaml, { flag: flags.force ? 'w' : 'wx' })
    if (flags.force || !existsSync(schema)) writeFileSync(schema, start.schema)
    return undefined
  } catch (thrown) {
    return `${flags.out} cannot be written: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}

function schemaBeside(file: string): string {
  return join(dirname(file), SCHEMA_FILE)
}

function talkOf(file: string, start: Written, isKeySet: boolean): string {
  const at = file === 'signalbox.yaml' ? '' : ` --config ${file}`
  const steps = [
    ...(isKeySet ? [] : [`export ${start.keyEnv}=…   # the provider's key; without it the check fails`]),
    `signalbox check${at}`,
    `signalbox serve${at}`,
    `signalbox keys create --team default${at}`,
  ]
  return `Wrote ${file} for the provider ${start.provider}. Next:\n${steps.map((step) => `  ${step}\n`).join('')}`
}
