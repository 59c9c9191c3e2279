import { type Command, Option } from 'commander'
import { guardsAtHand, PHASES, type Phase, type Tried, tryGuards } from '../../app/guards-at-hand.ts'
import { readInput } from '../../app/read-input.ts'
import { withoutSecrets } from '../../app/without-secrets.ts'
import type { CliIo } from '../io.ts'

interface TestFlags {
  readonly config?: string
  readonly phase: Phase
  readonly guard?: readonly string[]
  readonly json?: true
}

/** A text of a file, and where it stands there. */
interface TestText {
  readonly line: number
  readonly text: string
}

/** `signalbox guard test`: what guards would do. Starts nothing, asks nobody. */
export function registerGuard(program: Command, io: CliIo): void {
  const guard = program.command('guard').description('Try guards on texts.')
  guard
    .command('test')
    .description('Show what the guards would find and do. Judges are not asked.')
    .argument('<file>', 'a text (- reads stdin); or JSONL (*.jsonl): each line a text, or an object with a field "text"')
    .option('--config <file>', 'the configuration (default: that of this folder; without one, the guards that are ready)')
    .addOption(new Option('--phase <phase>', 'as what the texts are looked at').choices(PHASES).default('input'))
    .option('--guard <name...>', 'only these guards, whatever phases they have')
    .option('--json', 'print the result as JSON, one object a text')
    .action((file: string, flags: TestFlags) => testGuards(io, file, flags))
}

function testGuards(io: CliIo, file: string, flags: TestFlags): void {
  const problem = tryFile(io, file, flags)
  if (problem !== undefined) io.err(`signalbox guard test: ${problem}\n`)
  io.setExitCode(problem === undefined ? 0 : 2)
}

/** @returns what is wrong with the command line, the configuration or the file */
function tryFile(io: CliIo, file: string, flags: TestFlags): string | undefined {
  const found = guardsAtHand({ file: flags.config, cwd: io.cwd, env: withoutSecrets(io.env) })
  if (found.type === 'bad') return `the configuration has problems:\n${found.lines.join('\n')}`
  const unknown = flags.guard?.find((name) => !found.guards.some((guard) => guard.name === name))
  if (unknown !== undefined) return `there is no guard "${unknown}"; there are ${found.guards.map(({ name }) => name).join(', ')}`
  const guards = flags.guard === undefined ? found.guards : found.guards.filter(({ name }) => flags.guard?.includes(name))
  const chosen = flags.guard === undefined ? guards : guards.map((guard) => ({ ...guard, phases: new Set([flags.phase]) }))
  let texts: readonly TestText[]
  try {
    texts = readTexts(file, readInput(file, io.cwd))
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
  for (const { line, text } of texts) {
    const tried = tryGuards(chosen, flags.phase, text)
    io.out(flags.json ? `${JSON.stringify({ line, ...tried })}\n` : describe(file, line, tried))
  }
  const judges = chosen.filter(({ judge }) => judge !== undefined).map(({ name }) => name)
  if (judges.length > 0) io.err(`Not asked, for they are judges: ${judges.join(', ')}.\n`)
  return undefined
}

function readTexts(file: string, content: string): readonly TestText[] {
  if (!file.endsWith('.jsonl')) return [{ line: 1, text: content }]
  return content.split('\n').flatMap((row, index) => (row.trim() === '' ? [] : [{ line: index + 1, text: textOf(row, index + 1) }]))
}

function textOf(row: string, line: number): string {
  const value = jsonOf(row)
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value
  if (typeof text !== 'string') throw new Error(`line ${line} is neither a text nor an object with a text`)
  return text
}

/** What a line says; undefined where it is no JSON. */
function jsonOf(row: string): unknown {
  try {
    return JSON.parse(row)
  } catch {
    return undefined
  }
}

function describe(file: string, line: number, { outcome, findings, text }: Tried): string {
  const rows = findings.map(({ guard, action, kind, from, value, reason }) => {
    const place = from === undefined ? (reason ?? '') : `at ${from}: ${value ?? ''}`
    return `  ${guard}  ${action}  ${kind}  ${place}\n`
  })
  const redacted = outcome === 'is redacted' ? `  → ${text.trimEnd()}\n` : ''
  return `${file}:${line} ${outcome}\n${rows.join('')}${redacted}`
}
