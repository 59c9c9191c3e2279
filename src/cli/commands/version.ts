import type { Command } from 'commander'
import { readVersion } from '../../app/version.ts'
import { formatJson } from '../context.ts'
import type { CliIo } from '../io.ts'

/** `signalbox version`. */
export function registerVersion(program: Command, io: CliIo): void {
  program
    .command('version')
    .description('Print the version.')
    .option('--config <file>', 'changes nothing here')
    .option('--json', 'print it as JSON, with that of the runtime')
    .action(({ json }: { readonly json?: true }) => {
      const version = readVersion()
      io.out(json ? formatJson({ version, bun: process.versions.bun }) : `${version}\n`)
    })
}
