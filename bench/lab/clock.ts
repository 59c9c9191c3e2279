/**
 * Wall-clock milliseconds with microseconds behind the point. Bun's `hrtime` starts at zero in every process; this one can be compared
 * between processes of one machine.
 */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}
