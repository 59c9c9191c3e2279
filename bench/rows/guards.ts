import { compileGuard } from '../../src/stages/guards/compile.ts'
import { PLAIN } from '../../src/stages/guards/config.ts'
import { findIn, ReadableText } from '../../src/stages/guards/find.ts'
import type { Measured, Row } from '../lab/result.ts'
import { median, spreadOf } from '../lab/statistics.ts'

const SENTENCES = [
  'The committee met on Tuesday to go through the plans for the new reading room, and agreed to ask for two more offers.',
  'Please send the minutes to grace.hopper@example.org before Friday, or call 212-555-0142 between 9 and 11.',
  'Of the 34 proposals 12 were put to a vote; the invoice of 1,240.50 EUR is due on 2026-03-14.',
  'Wir treffen uns um 15:30 Uhr im zweiten Stock und sprechen über den Haushalt für das kommende Jahr.',
]
/** Prose of 4 kB with a mail address and a telephone number in each 400 characters. */
const TEXT = SENTENCES.join(' ').repeat(12).slice(0, 4096)

/** The bars of the design: microseconds for 4 kB. */
const CASES = [
  { name: 'guard_pii_4kb', bar: 150, guard: compileGuard('pii', PLAIN) },
  { name: 'guard_secrets_4kb', bar: 1500, guard: compileGuard('secrets', PLAIN) },
  { name: 'guard_pattern_4kb', bar: 2500, guard: compileGuard('patterns', { ...PLAIN, patterns: { CUSTOMER: '[A-Z]{2}[0-9]{6,8}' } }) },
] as const

/** What it costs to search 4 kB with the guards that are built in, in this process. What guards cost where there are none is in `chat_cpu`. */
export const guards: Row = {
  names: CASES.map(({ name }) => name),
  shapes: [],
  async measure() {
    return CASES.map(({ name, bar, guard }): Measured => {
      const rounds = timeRounds(() => {
        const text = new ReadableText(TEXT)
        for (const detector of guard.spans) findIn(text, detector, 0)
      })
      return {
        name,
        unit: 'µs',
        value: median(rounds),
        bar: { on: 'value', atMost: bar },
        spread: spreadOf(rounds),
        note: '4,096 characters of prose',
      }
    })
  },
}

const ROUNDS = 15
const RUNS = 500
/** Before that many the runtime still compiles, on threads whose CPU counts here. */
const WARM_UP_ROUNDS = 10

/** Microseconds of CPU of one run, by round, once warm: other programs on the machine do not count. */
function timeRounds(run: () => void): readonly number[] {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) timeRound(run)
  return Array.from({ length: ROUNDS }, () => timeRound(run))
}

function timeRound(run: () => void): number {
  const before = process.cpuUsage()
  for (let count = 0; count < RUNS; count++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / RUNS
}
