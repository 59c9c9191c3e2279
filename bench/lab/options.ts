import { parseArgs } from 'node:util'
import type { Row } from './result.ts'
import { type Scale, scales } from './scale.ts'

/** What the command line asked for. */
export interface Options {
  readonly json: boolean
  readonly assert: boolean
  readonly target: 'gateway' | 'floor'
  readonly scale: Scale
  /** Names of the results to print. */
  readonly names: readonly string[]
}

export const usage = `npm run bench -- [--json] [--only name,name] [--quick | --full] [--assert] [--target gateway|floor]
  --json     { floor, results } on stdout, the table on stderr
  --only     measure these results only
  --quick    a minute at most; --full counts 1,000,000 calls and 100,000 aborts
  --assert   exit with 1 when a bar is missed
  --target   floor: a second floor in the gateway's place; every ratio must come out near 1`

/** Reads the arguments; throws an Error that says what is wrong with them. */
export function readOptions(args: readonly string[], rows: readonly Row[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      target: { type: 'string', default: 'gateway' },
    },
  })
  const known = rows.flatMap((row) => row.names)
  const names = values.only?.split(',') ?? known
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`No such result: ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  if (values.quick && values.full) throw new Error('--quick and --full exclude each other.')
  if (values.target !== 'gateway' && values.target !== 'floor') throw new Error('--target is gateway or floor.')
  const scale = values.quick ? scales.quick : values.full ? scales.full : scales.ordinary
  return { json: values.json, assert: values.assert, target: values.target, scale, names }
}
