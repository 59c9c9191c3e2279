import { CLIENTS, EXCEPTIONS, type Exception, exceptionOf, type Kind, PROVIDER_WIRES } from './matrix.ts'

const KINDS: readonly Kind[] = ['plain', 'tools', 'structured']
const NAME_WIDTH = 42
const WIDTH = 20

/**
 * The matrix as a table: a row for each client and way, a column for each provider wire, and in a cell the marks of plain, tools and structured.
 * `passed` holds `<client>,<wire>,<way>,<kind>` of each.
 */
export function printMatrix(passed: ReadonlySet<string>): string {
  const reasons = [...new Set(EXCEPTIONS.map(({ because }) => because))]
  const markOf = (cell: string, exception: Exception | undefined): string => {
    if (!passed.has(cell)) return '✗'
    return exception === undefined ? '✓' : `${reasons.indexOf(exception.because) + 1}`
  }
  const rows = CLIENTS.flatMap((client) =>
    ['whole', 'streamed'].map((way) => {
      const marks = PROVIDER_WIRES.map(({ wire }) =>
        KINDS.map((kind) =>
          markOf([client.name, wire, way, kind].join(), exceptionOf({ client, wire, kind, isStream: way === 'streamed' })),
        ).join(' '),
      )
      return [`${client.name}, ${way}`.padEnd(NAME_WIDTH), ...marks.map((mark) => mark.padEnd(WIDTH))].join('').trimEnd()
    }),
  )
  const header = ['plain, tools, structured'.padEnd(NAME_WIDTH), ...PROVIDER_WIRES.map(({ wire }) => wire.padEnd(WIDTH))].join('').trimEnd()
  return `${['', header, ...rows, '✓ as sent  ✗ failed or not run', ...reasons.map((reason, at) => `${at + 1} ${reason}`)].join('\n')}\n`
}
