import { describe, expect, test } from 'bun:test'
import { findIn, ReadableText } from '../find.ts'
import { secretsDetector, secretsDetectors } from './index.ts'

const detector = secretsDetector()
const found = (text: string) => findIn(new ReadableText(text), detector, 0).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`)

/** Made of pieces, so that nobody takes these for real ones. */
const hex = (length: number) => '0123456789abcdef'.repeat(20).slice(0, length)
const mixed = (length: number) => 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0z'.repeat(20).slice(0, length)
const PEM = `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${mixed(64)}\n${mixed(40)}\n-----END RSA ${'PRIVATE'} KEY-----`

describe('secrets', () => {
  test.each([
    ['AWS_KEY', `AKIA${'ABCDEFGHIJ234567'}`],
    ['GITHUB_TOKEN', `ghp_${mixed(36)}`],
    ['GITHUB_TOKEN', `github_pat_${mixed(60)}`],
    ['GITLAB_TOKEN', `glpat-${mixed(20)}`],
    ['SLACK_TOKEN', `xoxb-${mixed(40)}`],
    ['STRIPE_KEY', `sk_live_${mixed(24)}`],
    ['ANTHROPIC_KEY', `sk-ant-api03-${mixed(80)}`],
    ['OPENAI_KEY', `sk-proj-${mixed(60)}`],
    ['GOOGLE_KEY', `AIza${mixed(35)}`],
    ['NPM_TOKEN', `npm_${mixed(36)}`],
    ['SENDGRID_KEY', `SG.${mixed(22)}.${mixed(43)}`],
    ['JWT', `eyJ${mixed(20)}.eyJ${mixed(60)}.${mixed(43)}`],
    ['TELEGRAM_TOKEN', `123456789:AA${mixed(33)}`],
    ['PRIVATE_KEY', PEM],
  ])('%s is found', (kind, secret) => {
    expect(found(`Use ${secret}, please.`)).toEqual([`${kind} ${secret}`])
  })

  test.each([
    ['password: hunter2abc', 'PASSWORD hunter2abc'],
    ['"password": "hunter2abc"', 'PASSWORD hunter2abc'],
    ['DB_PASSWORD=hunter2abc', 'PASSWORD hunter2abc'],
    ['export APP_POSTGRES_PASSWORD="hunter2abc"', 'PASSWORD hunter2abc'],
    ['My password is hunter2abc', 'PASSWORD hunter2abc'],
    ['mot de passe : soleil42', 'PASSWORD soleil42'],
    ['Пароль: солнце42', 'PASSWORD солнце42'],
    ['密码：taiyang42', 'PASSWORD taiyang42'],
    [`API_KEY=${mixed(30)}`, `SECRET ${mixed(30)}`],
    [`export MY_CLIENT_SECRET="${mixed(30)}"`, `SECRET ${mixed(30)}`],
    [`Authorization: Bearer ${mixed(30)}`, `BEARER_TOKEN ${mixed(30)}`],
    ['postgres://app:s3cr3tpw@db/prod', 'URL_PASSWORD s3cr3tpw'],
    [`AccountKey=${mixed(60)}==`, `AZURE_KEY ${mixed(60)}==`],
  ])('the value behind a name is found: %s', (text, expected) => {
    expect(found(text)).toEqual([expected])
  })

  test.each([
    'AKIAIOSFODNN7EXAMPLE is in every manual',
    'password: your_password_1',
    'password = process.env.PASSWORD1',
    'The password policy demands 12 characters.',
    `sha256 ${hex(64)} and commit ${hex(40)}`,
    'https://example.com:8080/a@b and https://user:password@example.com',
    'task-list, risk-assessment, sk-learn, disk-usage-monitor-for-servers',
    '550e8400-e29b-41d4-a716-446655440000',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  ])('no secret: %s', (text) => {
    expect(found(text)).toEqual([])
  })

  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const LONG_PEM = `-----BEGIN ${'PRIVATE'} KEY-----\n${`${mixed(64)}\n`.repeat(50)}-----END ${'PRIVATE'} KEY-----\n`

  test.each([
    ['of Kubernetes', `data:\n  token: ${base64(`ghp_${mixed(36)}`)}\n`, [`GITHUB_TOKEN ${base64(`ghp_${mixed(36)}`)}`]],
    ['a file of settings', `.env: ${base64('DB_PASSWORD=hunter2abc\n')}.`, [`PASSWORD ${base64('DB_PASSWORD=hunter2abc\n')}`]],
    ['a key of kubeconfig', `client-key-data: ${base64(LONG_PEM)}`, [`PRIVATE_KEY ${base64(LONG_PEM)}`]],
    ['Basic', `curl -H "Authorization: Basic ${base64('ada:tr0ub4dor&3')}"`, [`BEARER_TOKEN ${base64('ada:tr0ub4dor&3')}`]],
    ['Basic alone', `Basic ${base64('ada:hunter')}`, [`BASIC_AUTH ${base64('ada:hunter')}`]],
    ['of Docker', `{"auths":{"r.io":{"auth":"${base64('ada:hunter2abc')}"}}}`, [`BASIC_AUTH ${base64('ada:hunter2abc')}`]],
    [
      'base64url',
      `x ${Buffer.from(`?>?> ghp_${mixed(36)}`).toString('base64url')}`,
      [`GITHUB_TOKEN ${Buffer.from(`?>?> ghp_${mixed(36)}`).toString('base64url')}`],
    ],
    [
      'a certificate, which is none',
      `certificate-authority-data: ${base64('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----')}`,
      [],
    ],
    ['a sentence, which is none', base64('The quick brown fox jumps over the lazy dog'), []],
    ['bytes, which are none', Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 37) % 256)).toString('base64'), []],
    ['words, which are none', 'Basic authentication, basic understanding; "auth": "required"', []],
  ])('in base64: %s', (_what, text, expected) => {
    const all = secretsDetectors().flatMap((each) => findIn(new ReadableText(text), each, 0))
    expect(all.map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`)).toEqual(expected)
  })

  test('a private key that the end cuts off is found', () => {
    expect(found(`x ${PEM.slice(0, 90)}`)).toEqual([`PRIVATE_KEY ${PEM.slice(0, 90)}`])
  })
})
