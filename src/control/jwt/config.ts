import { z } from 'zod'
import { choice, duration, name, text, url } from '../../core/fields.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { addressProblem } from './addresses.ts'

/** Signatures by a private key. With a shared secret (HS256 and the like) whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const claim = (what: string, example: string) =>
  text([example]).exactOptional().describe(`Claim that names ${what}: its name, or a path with dots such as realm.roles.`)

const claims = z
  .strictObject({
    team: claim('the team: a text, or a list of which the first that is a team here counts', 'groups'),
    user: text(['sub']).prefault('sub').describe('Claim that names the person or service.'),
    organisation: claim('the organisation. Left out: access.organisation', 'org'),
    labels: z
      .record(z.string().meta({ 'x-unit': 'name' }), text(['env']).describe('Claim that the label is taken from.'))
      .prefault({})
      .describe('Labels, and the claim that each is taken from. They win over those that a caller sends.'),
  })
  .prefault({})
  .describe('What the claims of a token mean here.')

const issuer = z.strictObject({
  issuer: url().describe('The issuer, exactly as the claim iss names it.'),
  audience: text(['signalbox']).describe('What the claim aud must name: this gateway.'),
  jwks: url().exactOptional().describe("Where its keys are. Left out: where the issuer's .well-known/openid-configuration says."),
  algorithms: z
    .array(choice(ALGORITHMS))
    .min(1)
    .prefault(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe('Signatures that are accepted. Those by a shared secret, and none, never are.'),
  team: name().exactOptional().describe('The team of every token whose claims name none.'),
  claims,
  clockSkew: duration({ max: '5m' }).prefault('30s').describe("How far its clock may be from this one's."),
  allowPrivate: z
    .boolean()
    .prefault(false)
    .meta({ 'x-unit': 'true or false' })
    .describe('Its keys may be at a private address (10.0.0.0/8 and the like).'),
})

/** Who issues tokens that stand for callers. */
export const issuersField = z
  .array(issuer)
  .prefault([])
  .describe('Issuers of tokens (OIDC, JWT) that callers may send in the place of a key.')

/** One issuer of the configuration. */
export type IssuerRules = z.output<typeof issuer>

/** What no field by itself can say. */
export function checkIssuers(issuers: readonly IssuerRules[], teams: readonly string[]): readonly ConfigProblem[] {
  return issuers.flatMap((each, index) => {
    const path = ['access', 'issuers', index]
    const isTwice = issuers.findIndex((other) => other.issuer === each.issuer && other.audience === each.audience) < index
    const address = addressProblem(each.jwks ?? each.issuer, each.allowPrivate)
    return [
      ...(isTwice ? [{ path: [...path, 'issuer'], message: 'stands twice with this audience' }] : []),
      ...(address === undefined ? [] : [{ path: [...path, each.jwks === undefined ? 'issuer' : 'jwks'], message: address }]),
      ...(each.team === undefined || teams.includes(each.team)
        ? []
        : [{ path: [...path, 'team'], message: `no team is called "${each.team}"` }]),
      ...(each.team === undefined && each.claims.team === undefined
        ? [{ path: [...path, 'claims'], message: 'needs team: the claim that names the team; or give the issuer a team' }]
        : []),
    ]
  })
}
