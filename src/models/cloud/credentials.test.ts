import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync } from 'node:crypto'
import { importSPKI, jwtVerify } from 'jose'
import { asGatewayError } from '../../core/errors.ts'
import type { World } from '../../core/world.ts'
import { FAKE_START_MS, fakeWorld } from '../../testing/fake-world.ts'
import { AwsCredentialSource } from './aws-credentials.ts'
import { GoogleTokenSource, signServiceAccountJwt } from './google-tokens.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

interface Asked {
  readonly line: string
  readonly headers: Headers
  readonly body: string
}

/** A network of fixed answers by method and URL, which notes what was asked. */
function network(answers: Readonly<Record<string, (times: number) => Response | Promise<Response>>>) {
  const asked: Asked[] = []
  const fetch: World['fetch'] = async (url, request) => {
    const line = `${request.method} ${url}`
    asked.push({ line, headers: new Headers(request.headers), body: String(request.body ?? '') })
    const answer = answers[line]
    if (answer === undefined) throw new Error(`nobody is at ${line}`)
    return answer(asked.filter((one) => one.line === line).length)
  }
  return { asked, fetch }
}

const KEY_FILE = JSON.stringify({
  type: 'service_account',
  client_email: 'box@p.iam.gserviceaccount.com',
  private_key: privateKey,
  private_key_id: 'k1',
})
const TOKEN = 'POST https://oauth2.googleapis.com/token'
const METADATA = 'GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'

describe('Google', () => {
  test('the JWT of a service account is one that others verify', async () => {
    const nowMs = Date.UTC(2026, 10, 21, 12)
    const jwt = signServiceAccountJwt({
      clientEmail: 'a@b',
      privateKeyPem: privateKey,
      privateKeyId: 'k1',
      audience: 'https://t/',
      scope: 's',
      nowMs,
    })
    const verified = await jwtVerify(jwt, await importSPKI(publicKey, 'RS256'), {
      issuer: 'a@b',
      audience: 'https://t/',
      currentDate: new Date(nowMs),
    })
    expect(verified.protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' })
    expect(verified.payload).toEqual({ iss: 'a@b', aud: 'https://t/', scope: 's', iat: nowMs / 1000, exp: nowMs / 1000 + 3600 })
  })

  test('a token is fetched once for all who wait, kept, and fetched anew before it ends', async () => {
    const { asked, fetch } = network({ [TOKEN]: (times) => Response.json({ access_token: `t${times}`, expires_in: 3600 }) })
    const world = fakeWorld({ fetch })
    const source = new GoogleTokenSource({ type: 'key-file', text: KEY_FILE }, world)
    expect(await Promise.all([source.get(), source.get(), source.get()])).toEqual(['t1', 't1', 't1'])
    await world.advance(54 * 60_000)
    expect(await source.get()).toBe('t1')
    expect(asked.length).toBe(1)
    await world.advance(2 * 60_000)
    expect(await source.get()).toBe('t1') // Not held up: the old one still holds.
    await world.settle()
    expect(await source.get()).toBe('t2')
    expect(asked.length).toBe(2)
    expect(new URLSearchParams(asked[0]?.body).get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    expect(world.pendingTimers).toBe(0)
  })

  test('a failure while the old token holds is nobody’s, and is tried again later', async () => {
    const { asked, fetch } = network({
      [TOKEN]: (times) =>
        times === 2 ? new Response('no', { status: 503 }) : Response.json({ access_token: `t${times}`, expires_in: 1200 }),
    })
    const world = fakeWorld({ fetch })
    const source = new GoogleTokenSource({ type: 'key-file', text: KEY_FILE }, world)
    await source.get()
    await world.advance(16 * 60_000)
    expect(await source.get()).toBe('t1')
    await world.settle()
    expect(await source.get()).toBe('t1')
    expect(asked.length).toBe(2)
    await world.advance(10_000)
    await source.get()
    await world.settle()
    expect(await source.get()).toBe('t3')
  })

  test('a refusal names nothing of the key, and the next call asks again', async () => {
    const { fetch } = network({
      [TOKEN]: (times) => (times === 1 ? new Response(privateKey, { status: 400 }) : Response.json({ access_token: 't', expires_in: 60 })),
    })
    const source = new GoogleTokenSource({ type: 'key-file', text: KEY_FILE }, fakeWorld({ fetch }))
    const error = await source.get().catch(asGatewayError)
    expect(error).toMatchObject({ code: 'provider_auth', message: "Google's token service answered 400 when asked for a credential." })
    expect(await source.get()).toBe('t')
  })

  test('a service that does not answer is unreachable after ten seconds', async () => {
    const fetch: World['fetch'] = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    const world = fakeWorld({ fetch })
    const failed = new GoogleTokenSource({ type: 'key-file', text: KEY_FILE }, world).get().catch(asGatewayError)
    await world.advance(10_000)
    expect(await failed).toMatchObject({ code: 'provider_unreachable' })
  })

  test('the metadata server is asked as it wants to be', async () => {
    const { asked, fetch } = network({ [METADATA]: () => Response.json({ access_token: 'm', expires_in: 3000 }) })
    expect(await new GoogleTokenSource({ type: 'metadata' }, fakeWorld({ fetch })).get()).toBe('m')
    expect(asked[0]?.headers.get('metadata-flavor')).toBe('Google')
  })

  test('a login of gcloud is refreshed', async () => {
    const { asked, fetch } = network({ [TOKEN]: () => Response.json({ access_token: 'u', expires_in: 3000 }) })
    const text = JSON.stringify({ type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' })
    expect(await new GoogleTokenSource({ type: 'key-file', text }, fakeWorld({ fetch })).get()).toBe('u')
    expect(asked[0]?.body).toBe('grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r')
  })

  test.each([
    ['no JSON', 'not a JSON object'],
    ['{"type":"external_account"}', 'neither of a service account'],
    ['{"type":"service_account","client_email":"a","private_key":"b","token_uri":"http://evil.example/"}', 'must be https'],
    ['{"type":"service_account","private_key":"b"}', 'gave no client_email'],
  ])('the key file %s is refused', (text, says) => {
    expect(() => new GoogleTokenSource({ type: 'key-file', text }, fakeWorld())).toThrow(says)
  })

  test('a private key that is none is refused without being quoted', () => {
    const jwt = { clientEmail: 'a', privateKeyPem: 'hunter2', audience: 'b', scope: 'c', nowMs: 0 }
    expect(() => signServiceAccountJwt(jwt)).toThrow('cannot be read as an RSA key')
    expect(() => signServiceAccountJwt(jwt)).not.toThrow('hunter2')
  })
})

const ROLE = { AccessKeyId: 'A', SecretAccessKey: 'S', Token: 'T', Expiration: new Date(FAKE_START_MS + 3_600_000).toISOString() }
const ROLE_READ = { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T' }
const IMDS = 'http://169.254.169.254/latest'

describe('AWS', () => {
  test('what is given wins over the environment', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'F', AWS_SESSION_TOKEN: 'G' }
    const world = fakeWorld()
    expect(await new AwsCredentialSource({ given: { accessKeyId: 'A', secretAccessKey: 'B' }, env, world }).get()).toEqual({
      accessKeyId: 'A',
      secretAccessKey: 'B',
    })
    expect(await new AwsCredentialSource({ env, world }).get()).toEqual({ accessKeyId: 'E', secretAccessKey: 'F', sessionToken: 'G' })
  })

  test('the instance is asked with a token, and again before the credentials end', async () => {
    const { asked, fetch } = network({
      [`PUT ${IMDS}/api/token`]: () => new Response('tok'),
      [`GET ${IMDS}/meta-data/iam/security-credentials/`]: () => new Response('my-role\n'),
      [`GET ${IMDS}/meta-data/iam/security-credentials/my-role`]: (times) =>
        Response.json({ ...ROLE, AccessKeyId: times === 1 ? 'A' : 'A2' }),
    })
    const world = fakeWorld({ fetch })
    const source = new AwsCredentialSource({ env: {}, world })
    expect(await source.get()).toEqual(ROLE_READ)
    expect(asked[2]?.headers.get('x-aws-ec2-metadata-token')).toBe('tok')
    await world.advance(56 * 60_000)
    await source.get()
    await world.settle()
    expect(await source.get()).toMatchObject({ accessKeyId: 'A2' })
    expect(asked.length).toBe(6)
  })

  test('a container is asked with its token, from the environment or a file', async () => {
    const url = 'http://169.254.170.23/v1/credentials'
    const { asked, fetch } = network({
      [`GET ${url}`]: () => Response.json(ROLE),
      'GET http://169.254.170.2/v2/x': () => Response.json(ROLE),
    })
    const world = fakeWorld({ fetch })
    const readFile = async (path: string) => `token of ${path}\n`
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/token' }
    expect(await new AwsCredentialSource({ env, world, readFile }).get()).toEqual(ROLE_READ)
    expect(asked[0]?.headers.get('authorization')).toBe('token of /var/token')
    expect(await new AwsCredentialSource({ env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' }, world }).get()).toEqual(ROLE_READ)
  })

  test('the role of a service account of EKS is assumed', async () => {
    const Credentials = { AccessKeyId: 'A', SecretAccessKey: 'S', SessionToken: 'T', Expiration: FAKE_START_MS / 1000 + 3600 }
    const answer = { AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } } }
    const { asked, fetch } = network({ 'POST https://sts.eu-west-1.amazonaws.com/': () => Response.json(answer) })
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn:r', AWS_REGION: 'eu-west-1' }
    expect(await new AwsCredentialSource({ env, world: fakeWorld({ fetch }), readFile: async () => 'jwt\n' }).get()).toEqual(ROLE_READ)
    expect(asked[0]?.body).toContain('WebIdentityToken=jwt')
  })

  test('an address that is no agent’s is never asked', async () => {
    const { asked, fetch } = network({})
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://evil.example/x' }
    const error = await new AwsCredentialSource({ env, world: fakeWorld({ fetch }) }).get().catch(asGatewayError)
    expect(error).toMatchObject({ code: 'provider_auth' })
    expect(asked).toEqual([])
  })

  test('nothing at all says what to give', async () => {
    const { fetch } = network({})
    for (const env of [{}, { AWS_EC2_METADATA_DISABLED: 'true' }]) {
      const error = await new AwsCredentialSource({ env, world: fakeWorld({ fetch }) }).get().catch(asGatewayError)
      expect(error).toMatchObject({ code: 'provider_auth' })
      expect(String(error)).toContain('AWS_ACCESS_KEY_ID')
    }
  })

  test('an answer of megabytes is no credential', async () => {
    const { fetch } = network({ 'GET http://169.254.170.2/v2/x': () => new Response('x'.repeat(100_000)) })
    const source = new AwsCredentialSource({ env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' }, world: fakeWorld({ fetch }) })
    expect(await source.get().catch(asGatewayError)).toMatchObject({ code: 'provider_auth' })
  })
})
