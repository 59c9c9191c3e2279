import postgres from 'postgres'
import { GatewayError } from '../../core/errors.ts'
import { causeText } from '../cause-text.ts'

/** PostgreSQL did not answer in time, by our own clock: a cut cable says nothing. */
export class NoAnswer extends Error {}

/** Answers after which the server closes the connection: it stops, starts, or has no room for us. Class 08 is a lost connection. */
const LAST_WORDS = ['57P01', '57P02', '57P03', '57P05', '53300']
/** A replica takes no writes. */
const READ_ONLY = '25006'
/** The driver's own codes and the system's. */
const LOST_CONNECTION = /^(CONNECT|E[A-Z])/
const RETRY_SECONDS = 5

/** Whether PostgreSQL cannot be reached, rather than having refused what was asked. */
export function isAway(thrown: unknown): boolean {
  return isLost(thrown) || sqlStateOf(thrown) === READ_ONLY
}

/** Whether the connection is gone, or must be taken for it. */
export function isLost(thrown: unknown): boolean {
  if (thrown instanceof postgres.PostgresError) return LAST_WORDS.includes(thrown.code) || thrown.code.startsWith('08')
  return thrown instanceof NoAnswer || (thrown instanceof Error && 'code' in thrown && LOST_CONNECTION.test(String(thrown.code)))
}

/** The five characters with which PostgreSQL names a refusal (https://www.postgresql.org/docs/15/errcodes-appendix.html); empty where it did not answer. */
export function sqlStateOf(thrown: unknown): string {
  return thrown instanceof postgres.PostgresError ? thrown.code : ''
}

/** Says that PostgreSQL could not do it, and what to do: a `store_unavailable`. What is thrown for another reason stays as it is. */
export function storeFailure(place: string, thrown: unknown): unknown {
  const extra = { cause: thrown, retryAfterSeconds: RETRY_SECONDS }
  if (isAway(thrown)) {
    return new GatewayError(
      'store_unavailable',
      `PostgreSQL at ${place} does not answer: ${reasonOf(thrown)}. Try again in a moment.`,
      extra,
    )
  }
  if (!(thrown instanceof postgres.PostgresError)) return thrown
  return new GatewayError('store_unavailable', `PostgreSQL at ${place} refused: ${reasonOf(thrown)}.`, extra)
}

/** What it says for itself, without the query. */
export function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const text = causeText(thrown)
  return code === '' || text.includes(code) ? text : `${text} (${code})`
}
