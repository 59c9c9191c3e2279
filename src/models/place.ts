import { revealHeaders, secretsOf } from '../core/header-fields.ts'
import { Secret } from '../core/secret.ts'
import type { OutgoingConnection } from '../core/world.ts'
import type { Surroundings } from './cloud/authorize.ts'
import type { ProviderConfig } from './config.ts'
import type { Dialect } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import { COMMON_WIRE, type ProviderRow, rowOf } from './providers.ts'
import { fingerprintOf } from './routing/lane-id.ts'
import type { AuthStyle, Target, WireName } from './types.ts'

/** A configured provider, ready to be asked for its models. */
export interface Place {
  /** What all its targets have alike. */
  readonly target: Pick<Target, 'provider' | 'wire' | 'headers' | 'credentials' | 'authorize' | 'framing' | 'traits' | 'connection'>
  /** Where its API begins, without a slash at its end; empty where that is not the same for all of it. */
  readonly base: string
  /** A fingerprint of where it is and who asks: another one is another way, of which nothing is known. */
  readonly access: string
  /** Where a model is asked. */
  readonly urls: (modelId: string) => Pick<Target, 'url' | 'streamUrl' | 'countUrl' | 'embedUrl' | 'also'>
}

/** Builds what a provider's configuration and its row say. Pure, but for what its `authorize` will keep. */
export function compileProvider(name: string, provider: ProviderConfig, surroundings: Surroundings): Place {
  const row = rowOf(name, provider)
  const wire = provider.wire ?? row?.wire ?? COMMON_WIRE
  const dialect = dialectOf(wire)
  const connection = connectionOf(provider)
  return {
    target: {
      provider: name,
      wire,
      headers: headersOf(provider, row, dialect),
      credentials: secretsOf(secretsIn(provider)),
      ...(row?.authorize === undefined ? {} : { authorize: row.authorize(provider, surroundings) }),
      ...(row?.framing === undefined ? {} : { framing: row.framing }),
      ...(row?.traits === undefined ? {} : { traits: row.traits }),
      ...(connection === undefined ? {} : { connection }),
    },
    base: baseOf(provider, row),
    access: accessOf(provider, row, surroundings),
    urls: (modelId) => ({ ...urlsOf(modelId, provider, row, dialect), ...others(modelId, provider, row) }),
  }
}

/** Credentials that stand around the process, for providers that sign with them. */
const CREDENTIALS_AROUND = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ROLE_ARN'],
  'GOOGLE_APPLICATION_CREDENTIALS',
] as const satisfies readonly string[]

function accessOf(provider: ProviderConfig, row: ProviderRow | undefined, { env }: Surroundings): string {
  const { wire, organization, project, auth, headers } = provider
  const secrets = secretsIn(provider).map((secret) => secret.reveal())
  const around = row?.authorize === undefined ? [] : CREDENTIALS_AROUND.map((name) => env[name])
  const [base, sent] = [baseOf(provider, row), revealHeaders(headers)]
  return fingerprintOf(JSON.stringify([base, { wire, organization, project, auth }, sent, secrets, around]))
}

type Urls = Pick<Target, 'url' | 'streamUrl' | 'countUrl' | 'embedUrl'>

function urlsOf(id: string, provider: ProviderConfig, row: ProviderRow | undefined, dialect: Dialect): Urls {
  const base = baseOf(provider, row)
  const { counting, embedding } = dialect
  const own = row?.paths
  const whole = own === undefined ? dialect.path(id, 'whole') : (own(id, 'whole', provider, dialect.wire) ?? '')
  const stream = own === undefined ? dialect.path(id, 'stream') : (own(id, 'stream', provider, dialect.wire) ?? '')
  const count = own === undefined ? counting?.path(id) : own(id, 'count', provider, dialect.wire)
  const embed = own === undefined ? embedding?.path(id) : own(id, 'embed', provider, dialect.wire)
  return {
    url: below(base, whole),
    ...(stream === whole ? {} : { streamUrl: below(base, stream) }),
    ...(count === undefined ? {} : { countUrl: below(base, count) }),
    ...(embed === undefined ? {} : { embedUrl: below(base, embed) }),
  }
}

/** Where the API of a provider begins. */
export function baseOf(provider: ProviderConfig, row: ProviderRow | undefined): string {
  return (provider.baseUrl ?? filledIn(row?.baseUrl ?? '', provider)).replace(/\/+$/, '')
}

function below(base: string, path: string): string {
  return path.startsWith('/') || path === '' ? base + path : path
}

/** Where a model is asked in the other wires of its provider. */
function others(modelId: string, provider: ProviderConfig, row: ProviderRow | undefined): Pick<Target, 'also'> {
  const wires = (provider.alsoSpeaks ?? ownWires(provider, row)).filter((wire) => hasPath(wire, provider, row))
  if (wires.length === 0) return {}
  return {
    also: wires.map((wire) => {
      const dialect = dialectOf(wire)
      return { wire, headers: headersOf(provider, row, dialect), ...urlsOf(modelId, provider, row, dialect) }
    }),
  }
}

/** With an address of one's own, where the provider has one for everybody, there may be a proxy that speaks one wire. */
function ownWires({ baseUrl, wire }: ProviderConfig, row: ProviderRow | undefined): readonly WireName[] {
  const isAtItsPlace = baseUrl === undefined || row?.baseUrl === ''
  return isAtItsPlace && wire === undefined ? (row?.alsoSpeaks ?? []) : []
}

/** Whether a provider is asked in a wire anywhere. */
export function hasPath(wire: WireName, provider: ProviderConfig, row: ProviderRow | undefined): boolean {
  return row?.paths === undefined || row.paths('', 'whole', provider, wire) !== undefined
}

/** `https://bedrock-runtime.{region}.amazonaws.com` with what the configuration says of it. */
function filledIn(template: string, provider: ProviderConfig): string {
  return template.replace(/\{(\w+)\}/g, (_whole, key: string) => {
    // Only texts stand in addresses; the check of the configuration has seen that they are there.
    const value: unknown = Object.entries(provider).find(([name]) => name === key)?.[1]
    return typeof value === 'string' ? value : ''
  })
}

function headersOf(provider: ProviderConfig, row: ProviderRow | undefined, dialect: Dialect): Record<string, string> {
  const [key] = provider.apiKey ?? []
  const { organization, project } = row?.headersFrom ?? {}
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
    ...dialect.headers,
    ...row?.headers,
    ...(organization === undefined || provider.organization === undefined ? {} : { [organization]: provider.organization }),
    ...(project === undefined || provider.project === undefined ? {} : { [project]: provider.project }),
    ...(key === undefined ? {} : credentialHeader(provider.auth ?? row?.auth ?? dialect.auth, key.reveal())),
    ...revealHeaders(provider.headers),
  }
}

function credentialHeader(style: AuthStyle, key: string): Record<string, string> {
  switch (style) {
    case 'bearer':
      return { authorization: `Bearer ${key}` }
    case 'none':
      return {}
    default:
      return { [style]: key }
  }
}

/** Every secret of a provider's configuration, wherever it stands. */
function secretsIn(provider: ProviderConfig): readonly Secret[] {
  const found = Object.values(provider).flatMap((value: unknown) =>
    typeof value === 'object' && value !== null ? secretsBelow(value) : [],
  )
  return found
}

function secretsBelow(value: object): readonly Secret[] {
  if (value instanceof Secret) return [value]
  return Object.values(value).flatMap((item: unknown) => (typeof item === 'object' && item !== null ? secretsBelow(item) : []))
}

function connectionOf({ proxy, tls }: ProviderConfig): OutgoingConnection | undefined {
  if (proxy === undefined && tls === undefined) return undefined
  return {
    ...(proxy === undefined ? {} : { proxy: typeof proxy === 'string' ? proxy : proxy.reveal() }),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca.reveal() }),
    ...(tls?.certificate === undefined ? {} : { certificate: tls.certificate.reveal() }),
    ...(tls?.key === undefined ? {} : { key: tls.key.reveal() }),
  }
}
