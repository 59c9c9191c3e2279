import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Labels } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { isObject } from '../../core/json.ts'
import { LABEL_VALUE_PATTERN } from '../../core/labels.ts'
import type { IssuerRules } from './config.ts'

/** What a verified token says of its bearer. */
export interface TokenClaims {
  /** Stands where the id of a key would: the same for every token of one subject of one issuer. */
  readonly id: string
  readonly team: string
  readonly user: string
  readonly organisation: string | undefined
  readonly labels: Labels
}

const SHORT = /^[^\p{Cc}]{1,200}$/u

/** Reads the claims of a token whose signature was checked. @throws unauthenticated: it names no team of the configuration, or no user */
export function readClaims(payload: JWTPayload, { issuer, claims, team }: IssuerRules, teams: readonly string[]): TokenClaims {
  const named = claims.team === undefined ? [] : textsOf(claimAt(payload, claims.team))
  const own = named.find((each) => teams.includes(each)) ?? (named.length === 0 ? team : undefined)
  if (own === undefined || !teams.includes(own)) {
    throw refused(`names no team of the configuration${claims.team === undefined ? '' : ` in its claim ${claims.team}`}`)
  }
  const [user] = textsOf(claimAt(payload, claims.user))
  if (user === undefined) throw refused(`does not say whose it is (claim ${claims.user})`)
  const [organisation] = claims.organisation === undefined ? [] : textsOf(claimAt(payload, claims.organisation))
  const labels = Object.entries(claims.labels).flatMap(([label, claim]) => {
    const value = claimAt(payload, claim)
    const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
    if (text === undefined) return []
    if (!LABEL_VALUE_PATTERN.test(text))
      throw refused(`has a claim ${claim} that cannot be a label: 1 to 256 characters without comma and =`)
    return [[label, text]]
  })
  // The subject, not the claim that is shown as the user: two people may have one name.
  const subject = createHash('sha256')
    .update(`${issuer}\n${payload.sub ?? user}`)
    .digest('hex')
    .slice(0, 20)
  return { id: `jwt_${subject}`, team: own, user, organisation, labels: Object.fromEntries(labels) }
}

/** A claim by its whole name, which may hold dots, or else by its path. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  let at: unknown = payload
  for (const step of path.split('.')) at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
  return at
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string' && SHORT.test(each))
}

function refused(what: string): GatewayError {
  return new GatewayError('unauthenticated', `The token ${what}.`)
}
