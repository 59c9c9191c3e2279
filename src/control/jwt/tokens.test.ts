import { expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { GatewayError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'
import { fakeWorld } from '../../testing/fake-world.ts'
import { type AccessRules, createAccess } from '../access.ts'
import { accessSection } from '../access-config.ts'
import { readClaims } from './claims.ts'
import { Tokens } from './tokens.ts'

const ISSUER = 'https://login.acme.test'
const pair = await generateKeyPair('ES256')
const other = await generateKeyPair('ES256')

interface Asked {
  readonly url: string
  readonly address: string | undefined
}

interface Options {
  readonly issuer?: object
  readonly answer?: (url: string) => Response | Promise<Response>
  /** What names stand for. */
  readonly lookup?: (host: string) => Promise<readonly string[]>
}

async function openIssuer({ issuer = {}, answer, lookup }: Options = {}) {
  const keys: JWK[] = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  const asked: Asked[] = []
  const serve = (url: string): Response => {
    if (url.endsWith('/openid-configuration')) return Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` })
    return Response.json({ keys })
  }
  const world = fakeWorld({
    fetch: async (url, { address }) => {
      asked.push({ url, address })
      return (answer ?? serve)(url)
    },
    ...(lookup === undefined ? {} : { lookup }),
  })
  const written = {
    organisation: 'acme',
    teams: { support: { labels: { origin: 'team' }, models: ['mini'] }, search: {} },
    issuers: [{ issuer: ISSUER, audience: 'signalbox', claims: { team: 'groups', labels: { env: 'env' } }, ...issuer }],
  }
  const parsed = accessSection.schema.safeParse(written)
  if (!parsed.success) throw new Error(parsed.error.message)
  let rules: AccessRules = parsed.data
  const tokens = new Tokens(world, () => rules)
  const access = createAccess(
    [],
    new Secret('installation'),
    () => rules,
    () => tokens,
  )
  const identify = async (token: string) => {
    await access.prepare?.(token)
    return access.identify(token, { env: 'dodged', feature: 'search' }, world.now())
  }
  const token = (claims: object = {}, key = pair.privateKey, header: object = {}) =>
    new SignJWT({ iss: ISSUER, aud: 'signalbox', sub: 'ada', groups: ['staff', 'support'], env: 'prod', ...expiry(world.now()), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .sign(key)
  const reload = () => {
    rules = { ...rules }
  }
  return { world, asked, keys, access, identify, token, reload }
}

function redirectTo(location: string): Response {
  return new Response('', { status: 302, headers: { location } })
}

const expiry = (nowMs: number) => ({ exp: Math.floor(nowMs / 1000) + 3600 })

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof GatewayError)) throw new Error(`no refusal, but ${String(thrown)}`)
  return `${thrown.code}: ${thrown.message}`
}

test('a token is a principal: team, user and labels by its claims, which win over what was sent', async () => {
  const { identify, token, access, asked } = await openIssuer()
  const first = await token()
  const principal = await identify(first)
  expect(principal).toEqual({
    organisation: 'acme',
    team: 'support',
    user: 'ada',
    keyId: expect.stringMatching(/^jwt_[0-9a-f]{20}$/),
    labels: { origin: 'team', env: 'prod', feature: 'search' },
  })
  expect(access.mayUseModel(principal, 'mini')).toBe(true)
  expect(access.mayUseModel(principal, 'maxi')).toBe(false)
  // Verified once: the second time there is nothing to wait for.
  expect(access.prepare?.(first)).toBeUndefined()
  // The same subject is the same caller with each token, and another one is another.
  expect((await identify(await token({ jti: 'next' }))).keyId).toBe(principal.keyId)
  expect((await identify(await token({ sub: 'bob' }))).keyId).not.toBe(principal.keyId)
  expect(asked.map(({ url }) => url)).toEqual([`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/keys`])
})

test('a key needs nothing to wait for, whether issuers are configured or not', async () => {
  const { access, asked } = await openIssuer()
  expect(access.prepare?.(undefined)).toBeUndefined()
  expect(access.prepare?.(`sb_${'a'.repeat(12)}_${'b'.repeat(52)}`)).toBeUndefined()
  expect(asked).toEqual([])
})

test('a token that expires is refused from then on, and a changed configuration verifies it anew', async () => {
  const { identify, token, world, access, reload } = await openIssuer()
  const text = await token()
  await identify(text)
  reload()
  expect(() => access.identify(text, undefined, world.now())).toThrow('was not verified')
  await identify(text)
  await world.advance(3600_000 + 30_000)
  expect(await refusalOf(identify(text))).toBe('key_expired: The token expired on 2026-11-21T13:00:30.000Z. Get a new one from its issuer.')
  expect(await refusalOf(identify(await token({ exp: Math.floor(world.now() / 1000) - 60 })))).toContain(
    'key_expired: The token expired on',
  )
})

test.each([
  ['another audience', { aud: 'elsewhere' }, 'unauthenticated: The token is not for the audience "signalbox".'],
  ['another issuer', { iss: 'https://evil.test' }, `unauthenticated: The token is of another issuer than ${ISSUER}.`],
  ['no expiry', { exp: undefined }, 'unauthenticated: The token does not say when it expires (claim exp).'],
  ['not yet', { nbf: 4e9 }, 'unauthenticated: The token is not valid yet, by the clock of this gateway.'],
  ['no team of the file', { groups: ['staff'] }, 'unauthenticated: The token names no team of the configuration in its claim groups.'],
  ['no team at all', { groups: undefined }, 'unauthenticated: The token names no team of the configuration in its claim groups.'],
  [
    'a team that every object has',
    { groups: 'constructor' },
    'unauthenticated: The token names no team of the configuration in its claim groups.',
  ],
  ['no user', { sub: undefined }, 'unauthenticated: The token does not say whose it is (claim sub).'],
  [
    'a label of several',
    { env: 'a=1,b=2' },
    'unauthenticated: The token has a claim env that cannot be a label: 1 to 256 characters without comma and =.',
  ],
])('a token is refused, and says why without repeating it: %s', async (_what, claims, message) => {
  const { identify, token } = await openIssuer()
  expect(await refusalOf(identify(await token(claims)))).toBe(message)
})

test('a token of no signature, of a shared secret, or of another key is never taken', async () => {
  const { identify, token, keys } = await openIssuer()
  const claims = { iss: ISSUER, aud: 'signalbox', sub: 'ada', groups: 'support', exp: 4e9 }
  const none = `${new UnsecuredJWT(claims).encode()}AAAA`
  expect(await refusalOf(identify(none))).toStartWith('unauthenticated: The token ')
  // The classic confusion: the public key of the issuer, used as a shared secret.
  const secret = new TextEncoder().encode(JSON.stringify(keys[0]))
  const shared = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)
  expect(await refusalOf(identify(shared))).toBe('unauthenticated: The token is not signed by one of RS256, PS256, ES256, EdDSA.')
  expect(await refusalOf(identify(await token({}, other.privateKey)))).toBe('unauthenticated: The token has a signature that is not right.')
  const tampered = (await token()).split('.')
  tampered[1] = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  expect(await refusalOf(identify(tampered.join('.')))).toBe('unauthenticated: The token has a signature that is not right.')
  expect(await refusalOf(identify(`eyJhbGciOiJFUzI1NiJ9.${'A'.repeat(20_000)}.AAAA`))).toContain('longer than 16384')
})

test('a new key of the issuer is fetched when it is first met, and a flood of unknown ones asks once in a while', async () => {
  const { identify, token, keys, asked, world } = await openIssuer({ issuer: { jwks: `${ISSUER}/keys` } })
  await identify(await token())
  keys.push({ ...(await exportJWK(other.publicKey)), kid: 'two', alg: 'ES256', use: 'sig' })
  const next = await token({}, other.privateKey, { kid: 'two' })
  expect(await refusalOf(identify(next))).toContain('a key that its issuer does not have')
  await world.advance(30_000)
  expect((await identify(next)).team).toBe('support')
  for (let each = 0; each < 50; each++) await refusalOf(identify(await token({}, other.privateKey, { kid: `bad-${each}` })))
  expect(asked.length).toBe(2)
})

test('keys are kept while the issuer is away, and many that wait ask it once', async () => {
  let isAway = false
  let asked = 0
  const { identify, token, world } = await openIssuer({
    issuer: { jwks: `${ISSUER}/keys` },
    answer: async () => {
      asked++
      if (isAway) throw new Error('connection refused')
      return Response.json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] })
    },
  })
  await Promise.all([1, 2, 3].map(async (jti) => identify(await token({ jti: String(jti) }))))
  expect(asked).toBe(1)
  isAway = true
  await world.advance(3_600_000)
  expect((await identify(await token({ jti: 'later' }))).user).toBe('ada')
  await world.advance(24 * 3_600_000)
  expect(await refusalOf(identify(await token({ jti: 'next day' })))).toBe(
    'issuer_unreachable: The issuer of the token could not be reached, so the token could not be checked. Try again, or use a key.',
  )
})

test.each([
  ['a redirect in the clear', () => redirectTo('http://keys.acme.test/'), 'a redirect to an address that must be https'],
  ['a redirect to a private address', () => redirectTo('https://10.0.0.1/'), 'a redirect to an address that is a private address'],
  ['a redirect to this machine', () => redirectTo('http://127.0.0.1/'), 'a redirect to an address that is this machine'],
  ['a redirect without end', () => redirectTo(`${ISSUER}/again`), 'answered with more than 3 redirects'],
  ['a page', () => new Response('<html>'), 'is no JSON object'],
  ['too much', () => new Response('x'.repeat(600_000)), 'answered with more than 524288 bytes'],
  [
    'another issuer',
    () => Response.json({ issuer: 'https://other.test', jwks_uri: `${ISSUER}/keys` }),
    'says of itself that it is another issuer',
  ],
  ['keys in the clear', () => Response.json({ issuer: ISSUER, jwks_uri: 'http://login.acme.test/keys' }), 'must be https'],
  [
    'keys at a private address',
    () => Response.json({ issuer: ISSUER, jwks_uri: 'https://169.254.169.254/latest' }),
    'is a private address',
  ],
  [
    'no keys',
    (url: string) => Response.json(url.endsWith('/keys') ? { keys: [] } : { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }),
    'no list of 1 to 200 keys',
  ],
])('an issuer that answers with %s is not believed', async (_what, answer, message) => {
  const { identify, token } = await openIssuer({ answer })
  expect(await refusalOf(identify(await token()))).toContain(message)
})

test.each([
  ['this network', ['10.1.2.3']],
  ['this machine', ['127.0.0.1']],
  ['where the cloud keeps its secrets', ['169.254.169.254']],
  ['a public address and a private one', ['203.0.113.7', '192.168.0.1']],
  ['a private address of IPv6', ['fd12::1']],
])('an issuer whose name stands for %s is not asked', async (_what, addresses) => {
  const { identify, token, asked } = await openIssuer({ lookup: async () => addresses })
  expect(await refusalOf(identify(await token()))).toContain('issuer_unreachable: The issuer of the token is in a private network or on')
  expect(asked).toEqual([])
})

test('an issuer in a private network is asked where that is allowed, at the address that its name stood for', async () => {
  const { identify, token, asked } = await openIssuer({ issuer: { allowPrivate: true }, lookup: async () => ['10.1.2.3'] })
  expect((await identify(await token())).user).toBe('ada')
  expect(asked.map(({ address }) => address)).toEqual(['10.1.2.3', '10.1.2.3'])
})

test('a redirect of an issuer is followed, and looked at as the first address was', async () => {
  const looked: string[] = []
  const open = (address: string) =>
    openIssuer({
      issuer: { jwks: `${ISSUER}/keys` },
      answer: async (url) =>
        url === `${ISSUER}/keys`
          ? redirectTo('https://keys.acme.test/all')
          : Response.json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] }),
      lookup: async (host) => {
        looked.push(host)
        return [host === 'keys.acme.test' ? address : '203.0.113.1']
      },
    })
  const good = await open('203.0.113.9')
  expect((await good.identify(await good.token())).user).toBe('ada')
  expect(good.asked).toEqual([
    { url: `${ISSUER}/keys`, address: '203.0.113.1' },
    { url: 'https://keys.acme.test/all', address: '203.0.113.9' },
  ])
  const bad = await open('172.16.0.1')
  expect(await refusalOf(bad.identify(await bad.token()))).toContain('is in a private network')
  expect(bad.asked).toHaveLength(1)
  expect(looked).toEqual(['login.acme.test', 'keys.acme.test', 'login.acme.test', 'keys.acme.test'])
})

test.each([
  ['no team', { claims: {} }, 'claims', 'needs team'],
  ['a team that is not there', { team: 'sales' }, 'team', 'no team is called "sales"'],
  ['keys in the clear', { jwks: 'http://login.acme.test/keys' }, 'jwks', 'must be https'],
  ['keys at a private address', { jwks: 'https://192.168.1.1/keys' }, 'jwks', 'is a private address'],
  ['a private address as a number', { jwks: 'https://3232235777/keys' }, 'jwks', 'is a private address'],
  ['a private address of IPv6', { jwks: 'https://[fd00::1]/keys' }, 'jwks', 'is a private address'],
  ['this machine as IPv4 in IPv6', { jwks: 'https://[::ffff:10.0.0.1]/keys' }, 'jwks', 'is a private address'],
])('an issuer of the configuration is refused: %s', (_what, changes, field, message) => {
  const issuers = [{ issuer: ISSUER, audience: 'signalbox', claims: { team: 'groups' }, ...changes }]
  const parsed = accessSection.schema.safeParse({ teams: { support: {} }, issuers })
  if (!parsed.success) throw new Error(parsed.error.message)
  expect(accessSection.check(parsed.data)).toContainEqual({
    path: ['access', 'issuers', 0, field],
    message: expect.stringContaining(message),
  })
})

test('signatures by a shared secret, and none, cannot be configured', () => {
  for (const algorithm of ['HS256', 'none']) {
    const issuers = [{ issuer: ISSUER, audience: 'signalbox', team: 'support', algorithms: [algorithm] }]
    expect(accessSection.schema.safeParse({ teams: { support: {} }, issuers }).success).toBe(false)
  }
})

test('a token whose claim names no team of the configuration is refused, though its issuer has a team for those without the claim', async () => {
  const { identify, token } = await openIssuer({ issuer: { team: 'search' } })
  expect(await identify(await token({ groups: undefined }))).toMatchObject({ team: 'search' })
  expect(await identify(await token({ groups: ['staff', 'support'] }))).toMatchObject({ team: 'support' })
  expect(await identify(await token({ groups: ['staff'] })).catch((thrown) => thrown.code)).toBe('unauthenticated')
})

test('two people are two, though two issuers give them one name', () => {
  const [one, other] = [ISSUER, 'https://login.other.test'].map((issuer) => {
    const rules = { issuer, claims: { team: 'groups', user: 'sub', labels: {} } } as unknown as Parameters<typeof readClaims>[1]
    return readClaims({ sub: 'ada', groups: ['support'] }, rules, ['support']).id
  })
  expect(one).not.toBe(other)
})
