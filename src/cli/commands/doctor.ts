import type { Command } from 'commander'
import packageJson from '../../../package.json' with { type: 'json' }
import { examine, type Finding } from '../../app/doctor.ts'
import { PlaceError } from '../../app/gateway-place.ts'
import { type Rehearsed, rehearse } from '../../app/rehearse.ts'
import { formatJson } from '../context.ts'
import type { CliIo, ExitCode } from '../io.ts'
import { configOption, jsonOption } from '../options.ts'
import { formatTable } from '../table.ts'

interface DoctorFlags {
  readonly config?: string
  readonly json?: true
  readonly rehearse?: true
}

/** `signalbox doctor`: what is wrong, and what to do about it. */
export function registerDoctor(program: Command, io: CliIo): void {
  program
    .command('doctor')
    .description(
      'Look for what is wrong with the configuration, the machine, the providers, MCP servers and agents, and say what to do about it. Sends no prompt and calls no tool.',
    )
    .option('--rehearse', 'call every route under every fault that a provider may have, with nothing sent: route × fault × verdict')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: DoctorFlags) => {
      try {
        io.setExitCode(flags.rehearse ? await runRehearsal(flags, io) : await runExamination(flags, io))
      } catch (thrown) {
        io.err(`signalbox doctor: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
        io.setExitCode(thrown instanceof PlaceError ? 2 : 1)
      }
    })
}

const MARKS: Readonly<Record<Finding['verdict'], string>> = { good: 'ok', doubtful: 'hm', bad: 'NO' }

async function runExamination(flags: DoctorFlags, io: CliIo): Promise<ExitCode> {
  const pinnedBun = Object.values(packageJson.optionalDependencies)[0] ?? ''
  const findings = await examine({ configFile: flags.config, cwd: io.cwd, env: io.env, bunVersion: process.versions.bun ?? '-', pinnedBun })
  if (flags.json) io.out(formatJson(findings))
  else {
    for (const { verdict, check, what, todo } of findings) {
      io.out(`${MARKS[verdict]}  ${check}: ${what}\n${todo === undefined ? '' : `    ${todo}\n`}`)
    }
  }
  if (findings.some(({ check, verdict }) => check === 'configuration' && verdict === 'bad')) return 2
  return findings.some(({ verdict }) => verdict === 'bad') ? 1 : 0
}

async function runRehearsal(flags: DoctorFlags, io: CliIo): Promise<ExitCode> {
  const results = await rehearse({ configFile: flags.config, cwd: io.cwd, env: io.env })
  const isBad = ({ verdict }: Rehearsed) => verdict === 'wrong' || verdict === 'exposed'
  if (flags.json) io.out(formatJson(results))
  else io.out(tableOf(results))
  const bad = results.filter(isBad).length
  io.err(
    `${results.length} calls rehearsed, ${results.filter(({ verdict }) => verdict === 'survived').length} survived, ${bad} not as they should.\n`,
  )
  return bad > 0 ? 1 : 0
}

function tableOf(results: readonly Rehearsed[]): string {
  const rows = results.map((one) => [one.route, one.fault, one.reply, one.verdict, String(one.status), one.code, String(one.attempts)])
  const texts = ['ROUTE', 'FAULT', 'REPLY', 'VERDICT'].map((title) => ({ title }))
  return formatTable([...texts, { title: 'STATUS', align: 'right' }, { title: 'CODE' }, { title: 'ATTEMPTS', align: 'right' }], rows)
}
