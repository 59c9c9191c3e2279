const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** A formatter is costly to make and is asked for the same few zones. A cache of a pure function: what it holds changes no answer. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Whether a name is a time zone of the IANA database, such as `Europe/Zurich` or `UTC`. */
export function isZone(name: string): boolean {
  // The first formatter costs 6 MB of memory. Whoever counts in UTC needs none.
  if (name === 'UTC') return true
  try {
    formatterOf(name)
    return true
  } catch {
    return false
  }
}

/** What a zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetMsAt(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const parts: Record<string, number> = {}
  for (const { type, value } of formatterOf(zone).formatToParts(ms)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

/** What the clocks of a zone show at an instant, as if it were UTC. */
export function wallOf(ms: number, zone: string): number {
  return ms + offsetMsAt(ms, zone)
}

/**
 * The instant at which the clocks of a zone show a time, written as if it were UTC: the first of two where clocks go back over it, and
 * the instant of the change where clocks jump over it.
 */
export function instantOfWall(wallMs: number, zone: string): number {
  const before = offsetMsAt(wallMs - DAY_MS, zone)
  const after = offsetMsAt(wallMs + DAY_MS, zone)
  const candidates = [wallMs - Math.max(before, after), wallMs - Math.min(before, after)]
  const shown = candidates.find((ms) => wallOf(ms, zone) === wallMs)
  return shown ?? firstAtOrAfter(wallMs, zone, candidates[0] ?? wallMs)
}

/** Clocks jump over this time: looks for the minute of the jump. */
function firstAtOrAfter(wallMs: number, zone: string, fromMs: number): number {
  let early = Math.floor(fromMs / MINUTE_MS) - 1
  let late = early + (2 * DAY_MS) / MINUTE_MS
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2)
    if (wallOf(middle * MINUTE_MS, zone) >= wallMs) late = middle
    else early = middle
  }
  return late * MINUTE_MS
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', calendar: 'iso8601', era: undefined, ...fields })
    formatters.set(zone, formatter)
  }
  return formatter
}
