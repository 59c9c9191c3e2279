import { wallClockMs } from '../lab/clock.ts'

/** Mark in front of the send time inside a chunk's content, as in `"content":"@1795000000000.123 token"`. */
export const stampMark = '"@'

/** Length of a send time: thirteen digits, a point, three digits. */
export const stampLength = 17

/** The send time of a chunk that is written now. */
export function makeStamp(): string {
  return wallClockMs().toFixed(3)
}
