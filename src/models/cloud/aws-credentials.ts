import { GatewayError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { type AskWorld, askForObject, askForText, textField } from './ask-service.ts'
import { type Expiring, Refreshing } from './refreshing.ts'
import type { AwsCredentials } from './sigv4.ts'

/** What credentials are looked for in. */
export interface AwsSources {
  /** Of the configuration; it wins. */
  readonly given?: AwsCredentials
  readonly env: Readonly<Record<string, string | undefined>>
  readonly world: AskWorld
  /** Reads the token files that EKS writes; left out: those are not used. */
  readonly readFile?: (path: string) => Promise<string>
}

const METADATA_TIMEOUT_MS = 2000
const INSTANCE = 'http://169.254.169.254'
const TASK = 'http://169.254.170.2'
/** Hosts that the agents of ECS and EKS listen on, and loopback: a credential is asked of no other over plain HTTP. */
const TASK_HOSTS = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '127.0.0.1', '[::1]'])

/**
 * AWS credentials, from the first of: the configuration, `AWS_ACCESS_KEY_ID` and its companions, the role of an EKS service account,
 * the container's agent (ECS, EKS Pod Identity), the instance (IMDSv2 only). Those that end are fetched anew in time.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html (read 2026-11-21). Profiles and SSO are not read.
 */
export class AwsCredentialSource {
  readonly #current: Refreshing<AwsCredentials>

  constructor(sources: AwsSources) {
    this.#current = new Refreshing(sources.world, () => find(sources))
  }

  /** @throws provider_auth, provider_unreachable */
  get(): Promise<AwsCredentials> {
    return this.#current.get()
  }
}

async function find(sources: AwsSources): Promise<Expiring<AwsCredentials>> {
  const { given, env } = sources
  const fixed = given ?? fromEnvironment(env)
  if (fixed !== undefined) return { value: fixed, expiresAtMs: Number.POSITIVE_INFINITY }
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE !== undefined && env.AWS_ROLE_ARN !== undefined && sources.readFile !== undefined) {
    return fromWebIdentity(sources, env.AWS_WEB_IDENTITY_TOKEN_FILE, env.AWS_ROLE_ARN)
  }
  const agent = agentUrl(env)
  if (agent !== undefined) return fromAgent(sources, agent)
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') throw noneFound()
  return fromInstance(sources)
}

function noneFound(): GatewayError {
  return new GatewayError(
    'provider_auth',
    'No AWS credentials were found: give accessKeyId and secretAccessKey in the configuration, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
  )
}

function fromEnvironment(env: AwsSources['env']): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
}

/** @throws provider_auth where the address is none that a container's agent has */
function agentUrl(env: AwsSources['env']): string | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = env
  if (relative) return `${TASK}${relative}`
  if (!full) return undefined
  const url = URL.canParse(full) ? new URL(full) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && TASK_HOSTS.has(url.hostname))) return full
  throw new GatewayError(
    'provider_auth',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or the address of the container agent or of this machine.',
  )
}

async function fromAgent({ world, env, readFile }: AwsSources, url: string): Promise<Expiring<AwsCredentials>> {
  const label = "The container's credential agent"
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = file !== undefined && readFile !== undefined ? (await readFile(file)).trim() : env.AWS_CONTAINER_AUTHORIZATION_TOKEN
  const headers: Record<string, string> = token ? { authorization: token } : {}
  const answer = await askForObject(world, { label, url, method: 'GET', headers, timeoutMs: METADATA_TIMEOUT_MS })
  return readCredentials(answer, label)
}

/** IMDSv2: a token first, which a request that was smuggled through a proxy cannot get. */
async function fromInstance({ world, env }: AwsSources): Promise<Expiring<AwsCredentials>> {
  const label = 'The EC2 instance metadata service'
  const base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? INSTANCE).replace(/\/+$/, '')
  const ask = { label, timeoutMs: METADATA_TIMEOUT_MS }
  let token: string
  try {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }
    token = await askForText(world, { ...ask, url: `${base}/latest/api/token`, method: 'PUT', headers })
  } catch (cause) {
    throw new GatewayError('provider_auth', noneFound().message, { cause })
  }
  const headers = { 'x-aws-ec2-metadata-token': token }
  const roles = `${base}/latest/meta-data/iam/security-credentials/`
  const role = (await askForText(world, { ...ask, url: roles, method: 'GET', headers })).trim().split('\n')[0] ?? ''
  return readCredentials(await askForObject(world, { ...ask, url: `${roles}${encodeURIComponent(role)}`, method: 'GET', headers }), label)
}

async function fromWebIdentity({ world, env, readFile }: AwsSources, file: string, role: string): Promise<Expiring<AwsCredentials>> {
  const label = 'The AWS Security Token Service'
  const token = (await readFile?.(file))?.trim() ?? ''
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  const host = region === undefined ? 'sts.amazonaws.com' : `sts.${region}.amazonaws.com`
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env.AWS_ROLE_SESSION_NAME ?? 'signalbox',
    WebIdentityToken: token,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
  const answer = await askForObject(world, {
    label,
    url: `https://${host}/`,
    method: 'POST',
    headers,
    body: body.toString(),
    timeoutMs: 10_000,
  })
  return readCredentials(objectAt(answer, ['AssumeRoleWithWebIdentityResponse', 'AssumeRoleWithWebIdentityResult', 'Credentials']), label)
}

function objectAt(value: JsonObject, path: readonly string[]): JsonObject {
  let at: unknown = value
  for (const key of path) at = typeof at === 'object' && at !== null && key in at ? at[key as keyof typeof at] : undefined
  return typeof at === 'object' && at !== null ? { ...at } : {}
}

/** The agents call the token `Token`, STS `SessionToken`; STS gives the end in seconds. */
function readCredentials(value: JsonObject, label: string): Expiring<AwsCredentials> {
  const sessionToken = value.SessionToken ?? value.Token
  const { Expiration: end } = value
  const endsAtMs = typeof end === 'number' ? end * 1000 : typeof end === 'string' ? Date.parse(end) : Number.NaN
  return {
    value: {
      accessKeyId: textField(value, 'AccessKeyId', label),
      secretAccessKey: textField(value, 'SecretAccessKey', label),
      ...(typeof sessionToken === 'string' ? { sessionToken } : {}),
    },
    expiresAtMs: Number.isNaN(endsAtMs) ? Number.POSITIVE_INFINITY : endsAtMs,
  }
}
