import type { measureJob, Pair } from './lab.ts'
import { describeFailures, type Measured } from './result.ts'
import { compare } from './statistics.ts'

/** What a call costs by pairs of rounds: the result of most rows. */
export function cpuOf(
  name: string,
  pairs: readonly Pair<Awaited<ReturnType<typeof measureJob>>>[],
  more: Pick<Measured, 'bar' | 'note'> = {},
): Measured {
  const { gateway, floor, ratio, ratioSpread } = compare(pairs, (round) => round.cpuMicros)
  return { name, unit: 'µs CPU a call', value: gateway, floor, ratio, spread: ratioSpread, problems: describeFailures(pairs), ...more }
}
