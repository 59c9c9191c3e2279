import type { Command } from 'commander'
import { CONFIG_FILES, type ConfigReport, checkConfig, findConfigFile } from '../../app/check-config.ts'
import type { CliIo } from '../io.ts'

interface CheckFlags {
  readonly config?: string
  readonly print?: true
  readonly json?: true
}

/** `signalbox check`: is the configuration good? Starts nothing. */
export function registerCheck(program: Command, io: CliIo): void {
  program
    .command('check')
    .description('Check the configuration file, and say where what is wrong in it.')
    .option('--config <file>', `the file (default: ${CONFIG_FILES.join(', ')} in this folder)`)
    .option('--print', 'print every value that is in force and where it comes from; secrets as ***')
    .option('--json', 'print the result as JSON')
    .action((flags: CheckFlags) => check(flags, io))
}

function check(flags: CheckFlags, io: CliIo): void {
  const file = flags.config ?? findConfigFile(io.cwd)
  if (file === undefined) {
    const message = `there is none of ${CONFIG_FILES.join(', ')} in ${io.cwd}; write one with \`signalbox init\`, or name one with --config FILE`
    if (flags.json) io.out(formatJson({ ok: false, problems: [], message }))
    io.err(`signalbox check: ${message}\n`)
    io.setExitCode(2)
    return
  }
  const report = checkConfig({ file, cwd: io.cwd, env: io.env })
  if (flags.json) io.out(formatJson(jsonOf(report, flags)))
  else if (report.type === 'good' && flags.print) io.out(report.yaml)
  if (!flags.json) io.err(talkOf(report))
  io.setExitCode(report.type === 'good' ? 0 : 2)
}

function jsonOf(report: ConfigReport, flags: CheckFlags): object {
  if (report.type === 'bad') return { ok: false, file: report.file, problems: report.problems }
  const { file, revision, values, origins } = report
  return { ok: true, file, revision, problems: [], ...(flags.print ? { values, origins } : {}) }
}

function talkOf(report: ConfigReport): string {
  if (report.type === 'good') return `${report.file} is good (revision ${report.revision}).\n`
  const count = report.lines.length === 1 ? '1 problem' : `${report.lines.length} problems`
  return `${report.lines.join('\n')}\n${report.file} has ${count}.\n`
}

function formatJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
