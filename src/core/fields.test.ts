import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type ZodType, z } from 'zod'
import {
  choice,
  count,
  duration,
  name,
  nameOrWildcard,
  namePattern,
  parseCount,
  parseDuration,
  parseSize,
  retention,
  secret,
  size,
  text,
  textOrSecret,
  url,
  usd,
} from './fields.ts'
import { address, FilePath, secretPlace, storagePlace } from './places.ts'
import { Secret } from './secret.ts'

const KEY = 'sk-live-0123456789'
const LONG = 'x'.repeat(129)
const NAME_HINT = 'letters, digits and . _ : / - (a letter or digit first, 128 at the most)'

/** What a field makes of a written value: the value, or the first message. */
function read(field: ZodType, written: unknown): unknown {
  const parsed = field.safeParse(written)
  return parsed.success ? parsed.data : `refused: ${parsed.error.issues[0]?.message}`
}

const GOOD: readonly (readonly [string, ZodType, unknown, unknown])[] = [
  ['duration', duration(), '30s', 30_000],
  ['duration', duration(), '250ms', 250],
  ['duration', duration(), '10m', 600_000],
  ['duration', duration(), '2h', 7_200_000],
  ['duration', duration(), '7d', 604_800_000],
  ['duration', duration(), '1.5s', 1500],
  ['duration', duration(), '0s', 0],
  ['duration at its bound', duration({ max: '24h' }), '1d', 86_400_000],
  ['retention', retention(), '90d', 7_776_000_000],
  ['retention', retention(), 'forever', 'forever'],
  ['size', size(), '32MB', 32_000_000],
  ['size', size(), '64kB', 64_000],
  ['size', size(), '1GiB', 1_073_741_824],
  ['size', size(), '1.1kB', 1100],
  ['size', size(), '512B', 512],
  ['count', count('events'), 20_000, 20_000],
  ['count', count('events'), '20k', 20_000],
  ['count', count('events'), '1.5M', 1_500_000],
  ['usd', usd('USD'), 0.1, 100_000_000],
  ['usd', usd('USD'), '0.1', 100_000_000],
  ['usd', usd('USD'), 0.000000001, 1],
  ['usd', usd('USD'), 2, 2_000_000_000],
  ['usd', usd('USD'), 0, 0],
  ['name', name(), 'support', 'support'],
  ['name', name(), 'gpt-5.5/mini_2', 'gpt-5.5/mini_2'],
  ['name or wildcard', nameOrWildcard(), 'openai/*', 'openai/*'],
  ['name or wildcard', nameOrWildcard(), '*', '*'],
  ['pattern', namePattern(), '*-mini*', '*-mini*'],
  ['url', url(), 'https://api.openai.com/v1/', 'https://api.openai.com/v1'],
  ['url', url(), 'http://127.0.0.1:11434', 'http://127.0.0.1:11434'],
  ['address', address(), '127.0.0.1:4000', { host: '127.0.0.1', port: 4000 }],
  ['address', address(), '[::1]:0', { host: '::1', port: 0 }],
  ['address', address(), 'localhost:65535', { host: 'localhost', port: 65_535 }],
  ['choice', choice(['off', 'full']), 'off', 'off'],
  ['text', text([]), 'gpt-5', 'gpt-5'],
  ['text or secret', textOrSecret(), 'production', 'production'],
]

const DURATION_HINT = 'is not a duration; write a number and ms, s, m, h or d, such as 30s'
const SIZE_HINT = 'is not a size; write a number and B, kB, MB, GB, KiB, MiB or GiB, such as 32MB'
const COUNT_HINT = 'is not a count; write a whole number, such as 20000, 20k or 1M'
const USD_HINT = 'is not an amount; write US dollars with at most nine decimals, such as 0.25'
const SECRET_HINT = 'a secret is never written here itself; write env:NAME or file:PATH, which say where it is (the value is not shown)'
const URL_HINT = 'a URL here has no user, password, query or fragment; a credential goes to apiKey or headers (the value is not shown)'
const NO_VALUE = 'has no value; write one, or remove the key'

const BAD: readonly (readonly [string, ZodType, unknown, string])[] = [
  ['duration', duration(), 30, `30 ${DURATION_HINT}`],
  ['duration', duration(), '30', `"30" ${DURATION_HINT}`],
  ['duration', duration(), '30 seconds', `"30 seconds" ${DURATION_HINT}`],
  ['duration', duration(), '-5s', `"-5s" ${DURATION_HINT}`],
  ['duration', duration(), '1h30m', `"1h30m" ${DURATION_HINT}`],
  ['duration', duration(), '1.5ms', `"1.5ms" ${DURATION_HINT}`],
  ['duration', duration(), ['30s'], `a list ${DURATION_HINT}`],
  ['duration', duration(), null, NO_VALUE],
  ['duration', duration(), undefined, 'is required'],
  ['duration', duration({ min: '1s' }), '10ms', '"10ms" is too little; the least is 1s'],
  ['duration', duration({ max: '24h' }), '25h', '"25h" is too much; the most is 24h'],
  ['duration', duration(), `${'9'.repeat(400)}d`, `"${'9'.repeat(57)}..." ${DURATION_HINT}`],
  ['retention', retention(), 'always', '"always" is not a duration; write a number and m, h or d, such as 90d, or forever'],
  ['retention', retention(), '1s', '"1s" is too little; the least is 1m'],
  ['size', size(), '32mb', `"32mb" ${SIZE_HINT}`],
  ['size', size(), '32KB', `"32KB" ${SIZE_HINT}`],
  ['size', size(), 32, `32 ${SIZE_HINT}`],
  ['count', count('events'), 1.5, `1.5 ${COUNT_HINT}`],
  ['count', count('events'), '20 k', `"20 k" ${COUNT_HINT}`],
  ['count', count('events', { min: '100' }), 5, '5 is too little; the least is 100'],
  ['usd', usd('USD'), -1, `-1 ${USD_HINT}`],
  ['usd', usd('USD'), '$5', `"$5" ${USD_HINT}`],
  ['usd', usd('USD'), '0.0000000001', `"0.0000000001" ${USD_HINT}`],
  ['usd', usd('USD'), 1e300, '1e+300 is too much; amounts are counted in billionths of a dollar, up to 9007199.254740991'],
  ['usd', usd('USD'), Number.NaN, `NaN ${USD_HINT}`],
  ['secret', secret(), KEY, SECRET_HINT],
  ['secret', secret(), `env:${KEY}`, SECRET_HINT],
  ['secret', secret(), 'env:', SECRET_HINT],
  ['secret', secret(), 'file:', SECRET_HINT],
  ['secret', secret(), 12_345, SECRET_HINT],
  ['secret', secret(), { key: KEY }, SECRET_HINT],
  [
    'place of a secret',
    secretPlace(),
    KEY,
    'a secret is never written here itself; write file:PATH or env:NAME, which say where it is (the value is not shown)',
  ],
  ['text or secret', textOrSecret(), 5, 'is not text; put it in quotes (the value is not shown)'],
  ['name', name(), 'a b', `"a b" is not a name; write ${NAME_HINT}`],
  ['name', name(), '-a', `"-a" is not a name; write ${NAME_HINT}`],
  ['name', name(), LONG, `"${'x'.repeat(57)}..." is not a name; write ${NAME_HINT}`],
  ['name or wildcard', nameOrWildcard(), 'a*b', `"a*b" is not a name; write ${NAME_HINT}, with * allowed as the last character`],
  ['pattern', namePattern(), 'a b*', `"a b*" is not a pattern of names; write ${NAME_HINT}, and * for any text`],
  ['url', url(), 'ftp://a', '"ftp://a" is not a URL; write http:// or https:// first'],
  ['url', url(), 'api.openai.com', '"api.openai.com" is not a URL; write http:// or https:// first'],
  ['url', url(), `https://user:${KEY}@host`, URL_HINT],
  ['url', url(), `https://host?key=${KEY}`, URL_HINT],
  ['address', address(), 4000, '4000 is not an address; write host:port, such as 127.0.0.1:4000 (0.0.0.0 listens on every interface)'],
  [
    'address',
    address(),
    ':4000',
    '":4000" is not an address; write host:port, such as 127.0.0.1:4000 (0.0.0.0 listens on every interface)',
  ],
  [
    'address',
    address(),
    'a:70000',
    '"a:70000" is not an address; write host:port, such as 127.0.0.1:4000 (0.0.0.0 listens on every interface)',
  ],
  [
    'store',
    storagePlace(),
    'postgres://u:p@h/db',
    'a password is never written here; write env:NAME or file:PATH that holds the whole URL, or set PGPASSWORD (the value is not shown)',
  ],
  ['store', storagePlace(), 'postgres://u@h', 'names no database; write postgres://user@host/database'],
  [
    'store',
    storagePlace(),
    'postgres://u@h/db?sslmode=verify-ca',
    'has an sslmode that is not known; write one of disable, prefer, require, verify-full',
  ],
  [
    'store',
    storagePlace(),
    'postgres://u@h/db?pool=9',
    'has a parameter that is not known; the URL of a database may have sslmode, search_path, application_name',
  ],
  ['store', storagePlace(), 'mysql:x', 'is not a store; write sqlite:FOLDER, such as sqlite:./data, or postgres://user@host/database'],
  ['text', text([]), '', 'is empty'],
]

describe('a field', () => {
  test.each(GOOD)('reads %s %#', (_kind, field, written, value) => {
    expect(read(field, written)).toEqual(value)
  })

  test.each(BAD)('refuses %s %#, and says what to write', (_kind, field, written, message) => {
    expect(read(field, written)).toBe(`refused: ${message}`)
  })

  test.each(BAD.filter(([, , written]) => JSON.stringify(written ?? '').includes(KEY)))(
    'does not repeat a secret in the wrong place %#',
    (_kind, field, written) => {
      expect(JSON.stringify(field.safeParse(written).error?.issues)).not.toContain(KEY)
    },
  )
})

describe('a secret', () => {
  test.each(['env:OPENAI_API_KEY', 'file:./key', 'file:/run/secrets/a b'])('is a reference until it is read: %s', (written) => {
    const reference = read(secret(), written)
    expect(reference).toBeInstanceOf(Secret)
    expect(reference).toHaveProperty('origin', written)
    expect(reference).toHaveProperty('isResolved', false)
  })

  test('may stand where text may stand', () => {
    expect(read(textOrSecret(), 'env:PROXY_TOKEN')).toBeInstanceOf(Secret)
  })

  test('of the installation is a path that nobody reads, or a variable', () => {
    expect(read(secretPlace(), 'file:./data/secret')).toEqual({ type: 'file', path: new FilePath('./data/secret') })
    expect(read(secretPlace(), 'env:SIGNALBOX_SECRET')).toEqual({ type: 'env', secret: Secret.reference('env:SIGNALBOX_SECRET') })
  })
})

describe('a path', () => {
  test('starts at the folder that it is given', () => {
    const store = z.object({ folder: z.instanceof(FilePath) }).parse(read(storagePlace(), 'sqlite:./data'))
    expect(store.folder.resolveFrom(join('/etc', 'signalbox')).absolute).toBe('/etc/signalbox/data')
    expect(new FilePath('/var/lib').resolveFrom('/etc').absolute).toBe('/var/lib')
  })

  test('shows where it leads, as soon as that is known', () => {
    expect(JSON.stringify([new FilePath('./data'), new FilePath('./data', '/etc')])).toBe('["./data","/etc/data"]')
  })

  test('cannot be used before that', () => {
    expect(() => new FilePath('./data').absolute).toThrow('The path ./data was used before it was made absolute.')
  })
})

describe('the schema of a field', () => {
  const schemaOf = (field: ZodType) => z.toJSONSchema(field, { target: 'draft-7', io: 'input', unrepresentable: 'any' })

  test('is of what is written, with a unit, a pattern and examples', () => {
    expect(schemaOf(duration({ min: '1s', max: '24h' }).prefault('30s').describe('A time.'))).toMatchObject({
      type: 'string',
      description: 'A time.',
      default: '30s',
      pattern: '^(\\d+(?:\\.\\d+)?)(ms|s|m|h|d)$',
      'x-unit': 'duration, 1s to 24h',
      'x-examples': ['250ms', '30s', '10m'],
    })
    expect(schemaOf(usd('USD per million tokens'))).toMatchObject({ type: ['number', 'string'], 'x-unit': 'USD per million tokens' })
    expect(schemaOf(secret())).toMatchObject({ type: 'string', writeOnly: true, 'x-unit': 'secret' })
    expect(schemaOf(name())).toMatchObject({ type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$' })
  })

  test.each(GOOD.filter(([, , written]) => typeof written === 'string'))(
    'lets through what the field reads: %s %#',
    (_kind, field, written) => {
      const { pattern, enum: words } = schemaOf(field)
      expect(pattern === undefined || new RegExp(pattern, 'u').test(String(written))).toBe(true)
      expect(words === undefined || words.includes(String(written))).toBe(true)
    },
  )
})

test('quantities can be read outside the configuration too', () => {
  expect([parseDuration('7d'), parseSize('1MiB'), parseCount('200k')]).toEqual([604_800_000, 1_048_576, 200_000])
  expect([parseDuration('7'), parseSize('1'), parseCount('k')]).toEqual([undefined, undefined, undefined])
})
