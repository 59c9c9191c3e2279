import type { Secret } from '../../core/secret.ts'
import type { Authorize } from '../types.ts'
import { AwsCredentialSource } from './aws-credentials.ts'
import { type GoogleIdentity, GoogleTokenSource } from './google-tokens.ts'
import { type AwsCredentials, signRequest } from './sigv4.ts'

/** What the configuration of a provider may say for AWS. */
export interface AwsSettings {
  /** A Bedrock API key, which stands in for a signature. */
  readonly apiKey?: readonly Secret[]
  readonly region?: string
  readonly accessKeyId?: Secret
  readonly secretAccessKey?: Secret
  readonly sessionToken?: Secret
}

/** What the configuration of a provider may say for Google Cloud. */
export interface GoogleSettings {
  /** An API key of Vertex, or an access token that somebody else renews. */
  readonly apiKey?: readonly Secret[]
  /** The text of a key file. */
  readonly keyFile?: Secret
}

/** What surrounds the process. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Left out: token files are not read. */
  readonly readFile?: (path: string) => Promise<string>
}

/** Signs each request for Bedrock, unless a Bedrock API key is configured, which the provider's header carries. */
export function bedrockAuthorize(settings: AwsSettings, { env, readFile }: Surroundings): Authorize {
  if (settings.apiKey !== undefined) return async () => ({})
  const region = settings.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1'
  const given = givenCredentials(settings)
  let source: AwsCredentialSource | undefined
  return async (call, { method, url, headers, body }) => {
    const { world } = call
    source ??= new AwsCredentialSource({
      env,
      world,
      ...(given === undefined ? {} : { given }),
      ...(readFile === undefined ? {} : { readFile }),
    })
    const credentials = await source.get()
    const type = headers['content-type'] ?? 'application/json'
    // Only what no proxy changes is signed.
    const unsigned = { method, url, headers: { 'content-type': type }, body }
    const {
      host,
      'content-type': _signed,
      ...added
    } = signRequest(unsigned, { credentials, region, service: 'bedrock', nowMs: world.now() })
    return added
  }
}

/** Gives each request for Vertex an access token: of the configured key file, else of `GOOGLE_APPLICATION_CREDENTIALS`, else of the metadata server. */
export function vertexAuthorize(settings: GoogleSettings, surroundings: Surroundings): Authorize {
  if (settings.apiKey !== undefined) return async () => ({})
  let opening: Promise<GoogleTokenSource> | undefined
  return async ({ world }) => {
    // The promise is kept, so that calls that come at once share one source; a failure is not.
    opening ??= googleIdentity(settings, surroundings).then((identity) => new GoogleTokenSource(identity, world))
    try {
      const source = await opening
      return { authorization: `Bearer ${await source.get()}` }
    } catch (thrown) {
      opening = undefined
      throw thrown
    }
  }
}

async function googleIdentity({ keyFile }: GoogleSettings, { env, readFile }: Surroundings): Promise<GoogleIdentity> {
  const { GOOGLE_APPLICATION_CREDENTIALS: path, GCE_METADATA_HOST: host } = env
  const text = keyFile?.reveal() ?? (path !== undefined && readFile !== undefined ? await readFile(path) : undefined)
  if (text !== undefined) return { type: 'key-file', text }
  return { type: 'metadata', ...(host === undefined ? {} : { host }) }
}

function givenCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsSettings): AwsCredentials | undefined {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
  }
}
