import type { LayerName } from '../core/events.ts'

/** What a person is told who starts a gateway with a file. */
export interface ConfiguredGreeting {
  readonly dataAddress: string
  readonly controlAddress: string
  /** The gateways that run. */
  readonly layers: ReadonlySet<LayerName>
  /** As the user wrote it. */
  readonly file: string
  /** How the command line is run. */
  readonly program: string
}

/** Where callers reach each gateway. */
const PATHS: Readonly<Record<LayerName, string>> = { models: '/v1', tools: '/mcp', agents: '/a2a/<agent>' }

/** Where what runs, and how somebody gets a key: the log says it for machines. */
export function greetConfigured({ dataAddress, controlAddress, layers, file, program }: ConfiguredGreeting): string {
  const rows = [...layers].map((layer) => `  ${layer.padEnd(8)}  http://${dataAddress}${PATHS[layer]}\n`)
  const at = file === 'signalbox.yaml' ? '' : ` --config ${file}`
  return `
Signalbox is running, as ${file} says.

${rows.join('')}  control   http://${controlAddress}

  ${program} keys create --team TEAM${at}      a key for callers
  ${program} doctor${at}                       what is wrong, and what to do

Ctrl-C stops it.

`
}
