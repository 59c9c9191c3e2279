import { describe, expect, test } from 'bun:test'
import { findIn, ReadableText } from '../find.ts'
import { secretsDetector } from './index.ts'

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

  test('a private key that the end cuts off is found', () => {
    expect(found(`x ${PEM.slice(0, 90)}`)).toEqual([`PRIVATE_KEY ${PEM.slice(0, 90)}`])
  })
})
