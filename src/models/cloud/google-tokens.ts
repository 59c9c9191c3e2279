import { createSign } from 'node:crypto'
import { GatewayError } from '../../core/errors.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { type AskWorld, askForObject, textField } from './ask-service.ts'
import { type Expiring, Refreshing } from './refreshing.ts'

/** Who asks for a token of Google. */
export type GoogleIdentity =
  /** The text of a service account's key file, or of `gcloud auth application-default login`. */
  | { readonly type: 'key-file'; readonly text: string }
  /** The account that Google attached to this machine, pod or function. */
  | { readonly type: 'metadata'; readonly host?: string }

/** What a JWT for Google says. */
export interface ServiceAccountJwt {
  readonly clientEmail: string
  readonly privateKeyPem: string
  readonly privateKeyId?: string
  /** Where it is handed in. */
  readonly audience: string
  readonly scope: string
  readonly nowMs: number
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const METADATA_HOST = 'metadata.google.internal'
const JWT_LIFE_SECONDS = 3600

/**
 * Access tokens of Google Cloud, fetched anew before they end.
 * Source: https://developers.google.com/identity/protocols/oauth2/service-account (read 2026-11-21).
 */
export class GoogleTokenSource {
  readonly #current: Refreshing<string>

  /** @throws provider_auth where the key file is none */
  constructor(identity: GoogleIdentity, world: AskWorld) {
    const exchange = identity.type === 'metadata' ? () => fromMetadata(world, identity.host) : exchangeOf(identity.text, world)
    this.#current = new Refreshing(world, exchange)
  }

  /** @throws provider_auth, provider_unreachable */
  get(): Promise<string> {
    return this.#current.get()
  }
}

/** A JWT by which a service account asks for an access token, signed RS256. @throws provider_auth where the key is unreadable */
export function signServiceAccountJwt(jwt: ServiceAccountJwt): string {
  const issuedAt = Math.floor(jwt.nowMs / 1000)
  const header = { alg: 'RS256', typ: 'JWT', ...(jwt.privateKeyId === undefined ? {} : { kid: jwt.privateKeyId }) }
  const claims = { iss: jwt.clientEmail, scope: jwt.scope, aud: jwt.audience, iat: issuedAt, exp: issuedAt + JWT_LIFE_SECONDS }
  const signed = `${base64url(header)}.${base64url(claims)}`
  try {
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(jwt.privateKeyPem, 'base64url')}`
  } catch {
    // Without the cause: what a parser of keys says may quote the key.
    throw new GatewayError('provider_auth', 'The private_key of the Google key file cannot be read as an RSA key.')
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function exchangeOf(text: string, world: AskWorld): () => Promise<Expiring<string>> {
  const file = parseKeyFile(text)
  if (file.type === 'authorized_user') {
    const grant = { grant_type: 'refresh_token', ...textFields(file, ['client_id', 'client_secret', 'refresh_token']) }
    return () => exchange(world, TOKEN_URL, new URLSearchParams(grant))
  }
  if (file.type !== 'service_account') {
    throw new GatewayError('provider_auth', 'The Google key file is neither of a service account nor of an authorized user.')
  }
  const audience = typeof file.token_uri === 'string' ? file.token_uri : TOKEN_URL
  if (!audience.startsWith('https://')) throw new GatewayError('provider_auth', 'The token_uri of the Google key file must be https.')
  const clientEmail = textField(file, 'client_email', 'The Google key file')
  const privateKeyPem = textField(file, 'private_key', 'The Google key file')
  const named = typeof file.private_key_id === 'string' ? { privateKeyId: file.private_key_id } : {}
  return () => {
    const assertion = signServiceAccountJwt({ clientEmail, privateKeyPem, ...named, audience, scope: SCOPE, nowMs: world.now() })
    return exchange(world, audience, new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }))
  }
}

/** Hands a grant in for a token. */
async function exchange(world: AskWorld, url: string, grant: URLSearchParams): Promise<Expiring<string>> {
  const label = "Google's token service"
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const question = { label, url, method: 'POST', headers, body: grant.toString(), timeoutMs: 10_000 } as const
  return readToken(await askForObject(world, question), world.now(), label)
}

async function fromMetadata(world: AskWorld, host = METADATA_HOST): Promise<Expiring<string>> {
  const label = "Google's metadata server"
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`
  const answer = await askForObject(world, { label, url, method: 'GET', headers: { 'metadata-flavor': 'Google' }, timeoutMs: 3000 })
  return readToken(answer, world.now(), label)
}

function readToken(answer: JsonObject, nowMs: number, label: string): Expiring<string> {
  const { expires_in: seconds } = answer
  return {
    value: textField(answer, 'access_token', label),
    expiresAtMs: nowMs + (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0),
  }
}

function parseKeyFile(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Without the cause: what the parser says may quote the file.
    value = undefined
  }
  if (isObject(value)) return value
  throw new GatewayError('provider_auth', 'The Google key file is not a JSON object.')
}

function textFields<const Names extends readonly string[]>(value: JsonObject, names: Names): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, textField(value, name, 'The Google key file')]))
}
