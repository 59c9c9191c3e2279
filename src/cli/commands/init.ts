import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { programName } from '../../app/program-name.ts'
import { type LayerName, PAINS, SCHEMA_FILE, type StartingConfig, startingConfig } from '../../app/starting-config.ts'
import type { CliIo } from '../io.ts'

interface InitFlags {
  readonly models?: true
  readonly tools?: true
  readonly agents?: true
  readonly force?: true
  readonly provider?: string
  readonly out: string
  readonly json?: true
}

type Written = Extract<StartingConfig, { readonly type: 'written' }>

/** `signalbox init`: writes a first configuration. Asks which gateway is wanted, where a person sits there and no flag says; else a flag must. */
export function registerInit(program: Command, io: CliIo): void {
  program
    .command('init')
    .description('Write a first configuration file, with the schema for editors beside it: only the gateways that you need to begin with.')
    .option('--models', `the gateway for models: ${PAINS.models}`)
    .option('--tools', `the gateway for tools: ${PAINS.tools}`)
    .option('--agents', `the gateway for agents: ${PAINS.agents}`)
    .option('--provider <name>', 'the provider of models (default: the first whose key is in the environment, else ollama)')
    .option('--out <file>', 'where to write it', 'signalbox.yaml')
    .option('--force', 'replace files that exist')
    .option('--json', 'print the result as JSON')
    .action((flags: InitFlags) => init(flags, io))
}

async function init(flags: InitFlags, io: CliIo): Promise<void> {
  const refuse = (message: string, code: 1 | 2) => {
    io.err(`signalbox init: ${message}\n`)
    io.setExitCode(code)
  }
  // Before anything is asked: the answers would be for nothing.
  if (existsSync(resolve(io.cwd, flags.out)) && !flags.force) return refuse(`${flags.out} exists; --force replaces it`, 1)
  const named = layersOf(flags)
  // Nobody sits there: a file that nobody asked for would be a guess.
  if (named === undefined && !canAsk(io)) return refuse(`say which gateway you need:\n${FLAG_LINES}`, 2)
  const layers = named ?? (await askLayers(io))
  if (layers === undefined) return refuse('nothing was chosen, so nothing was written', 1)
  const start = startingConfig({ layers, provider: flags.provider }, io.env)
  if (start.type === 'unknown-provider') return refuse(start.message, 2)
  const failure = write(flags, io.cwd, start)
  if (failure !== undefined) return refuse(failure, 1)
  const isKeySet = start.keyEnv === undefined || (io.env[start.keyEnv] ?? '') !== ''
  const file = resolve(io.cwd, flags.out)
  const result = { file, schema: schemaBeside(file), layers: start.layers, provider: start.provider, keyEnv: start.keyEnv, isKeySet }
  if (flags.json) io.out(`${JSON.stringify(result, undefined, 2)}\n`)
  io.err(talkOf(flags.out, start, { isKeySet, program: programName(io.env) }))
}

const NAMES = Object.keys(PAINS) as LayerName[] // the keys of the table are the names

/** The gateways that the flags name; undefined where they name none. */
function layersOf(flags: InitFlags): readonly LayerName[] | undefined {
  const named = NAMES.filter((name) => flags[name] || (name === 'models' && flags.provider !== undefined))
  return named.length === 0 ? undefined : named
}

const FLAG_LINES = NAMES.map((name) => `  --${name.padEnd(8)} ${PAINS[name]}`).join('\n')

function canAsk({ isTerminal, ask }: CliIo): boolean {
  return isTerminal && ask !== undefined
}

/** Asks a person. Undefined where the person left. */
async function askLayers({ ask, err }: CliIo): Promise<readonly LayerName[] | undefined> {
  const choices = NAMES.map((name, index) => `  ${index + 1}  ${PAINS[name]}\n`).join('')
  for (;;) {
    const answer = await ask?.(`What do you need to know?\n\n${choices}\nA number, or several separated by commas [1]: `)
    if (answer === undefined) return undefined
    const chosen =
      answer.trim() === ''
        ? [NAMES[0]]
        : answer
            .split(/[\s,]+/)
            .filter(Boolean)
            .map((text) => NAMES[Number(text) - 1])
    const layers = chosen.filter((name) => name !== undefined)
    if (layers.length > 0 && layers.length === chosen.length) return layers
    err(`"${answer.trim()}" is none of 1, 2 and 3.\n\n`)
  }
}

/** Writes both files; returns why it could not. */
function write(flags: InitFlags, cwd: string, start: Written): string | undefined {
  const file = resolve(cwd, flags.out)
  const schema = schemaBeside(file)
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

function talkOf(file: string, start: Written, { isKeySet, program }: { readonly isKeySet: boolean; readonly program: string }): string {
  const at = file === 'signalbox.yaml' ? '' : ` --config ${file}`
  const steps = [
    ...(isKeySet ? [] : [`export ${start.keyEnv}=…   # the provider's key; without it the check fails`]),
    `${program} check${at}`,
    `${program} serve${at}`,
    `${program} keys create --team default${at}`,
  ]
  const what = start.layers.length === 1 && start.provider !== undefined ? `the provider ${start.provider}` : gatesOf(start)
  return `Wrote ${file} for ${what}. Next:\n${steps.map((step) => `  ${step}\n`).join('')}`
}

function gatesOf({ layers, provider }: Written): string {
  const named = layers.map((name) => (name === 'models' ? `models (provider ${provider})` : name))
  return `${named.length === 1 ? 'the gateway for' : 'the gateways for'} ${named.join(', ')}`
}
