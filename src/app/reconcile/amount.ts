import { parseUsd } from '../../core/money.ts'

/** US dollars or a part of them, from 0; digits beyond a nano-dollar are cut off. */
export function readAmount(text: string, parts = 1): bigint | undefined {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const nano = whole === undefined ? parseUsd(text) : parseUsd(`${whole}.${fraction.slice(0, 9).padEnd(1, '0')}`)
  return nano === undefined ? undefined : BigInt(nano) / BigInt(parts)
}
