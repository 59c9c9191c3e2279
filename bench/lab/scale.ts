/** How long a run measures. */
export interface Scale {
  readonly name: 'quick' | 'ordinary' | 'full'
  /** The run is given up after this. */
  readonly limitMinutes: number
  /** Pairs of rounds, and seconds a round, for rows that alternate. */
  readonly rounds: number
  readonly roundSeconds: number
  readonly streamRounds: number
  readonly stalledHoldMs: number
  readonly idleSeconds: number
  /** How often memory is read in rows that ask whether it is flat. */
  readonly batches: number
  readonly calls: number
  readonly aborts: number
  /** Calls in the log that reports add up. */
  readonly reportedCalls: number
  readonly starts: number
}

export const scales = {
  quick: {
    name: 'quick',
    limitMinutes: 3,
    rounds: 3,
    roundSeconds: 0.6,
    streamRounds: 1,
    stalledHoldMs: 2000,
    idleSeconds: 0.5,
    batches: 10,
    calls: 15_000,
    aborts: 1000,
    reportedCalls: 100_000,
    starts: 3,
  },
  ordinary: {
    name: 'ordinary',
    limitMinutes: 14,
    rounds: 13,
    roundSeconds: 1,
    streamRounds: 7,
    stalledHoldMs: 4000,
    idleSeconds: 2,
    batches: 20,
    calls: 200_000,
    aborts: 40_000,
    reportedCalls: 1_000_000,
    starts: 5,
  },
  full: {
    name: 'full',
    limitMinutes: 90,
    rounds: 15,
    roundSeconds: 3,
    streamRounds: 15,
    stalledHoldMs: 8000,
    idleSeconds: 5,
    batches: 20,
    calls: 1_000_000,
    aborts: 100_000,
    reportedCalls: 1_000_000,
    starts: 9,
  },
} as const satisfies Record<string, Scale>
