import { z } from 'zod'
import { duration } from '../core/fields.ts'
import type { Timeouts } from './types.ts'

const BOUNDS = { min: '1ms', max: '24h' }

const DOCS = {
  connect: "Time for the provider's host to accept the connection.",
  firstToken: 'Time from sending to the first content of a stream.',
  idle: 'Longest silence between two pieces of a reply.',
  total: 'Time from sending to the end of the reply.',
} as const

/** The timeouts that hold where nothing else is said. */
export const timeouts = z.strictObject({
  connect: duration(BOUNDS).prefault('10s').describe(DOCS.connect),
  firstToken: duration(BOUNDS).prefault('60s').describe(DOCS.firstToken),
  idle: duration(BOUNDS).prefault('60s').describe(DOCS.idle),
  total: duration(BOUNDS).prefault('10m').describe(DOCS.total),
})

/** Timeouts of one thing, where they differ. */
export const ownTimeouts = z.strictObject({
  connect: duration(BOUNDS).exactOptional().describe(DOCS.connect),
  firstToken: duration(BOUNDS).exactOptional().describe(DOCS.firstToken),
  idle: duration(BOUNDS).exactOptional().describe(DOCS.idle),
  total: duration(BOUNDS).exactOptional().describe(DOCS.total),
})

type Own = z.output<typeof ownTimeouts>

/** The timeouts of one target: those of the model win over those of its provider, and these over the general ones. */
export function timeoutsOf(general: z.output<typeof timeouts>, provider: Own | undefined, model: Own | undefined): Timeouts {
  const { connect, firstToken, idle, total } = { ...general, ...provider, ...model }
  return { connectMs: connect, firstTokenMs: firstToken, idleMs: idle, totalMs: total }
}
