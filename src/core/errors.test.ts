import { expect, test } from 'bun:test'
import { asGatewayError, ERRORS, type ErrorCode, GatewayError } from './errors.ts'
import { outcomeOf } from './reply.ts'

// The keys of the table are its codes.
const CODES = Object.keys(ERRORS) as ErrorCode[]

test.each(CODES)('%s has a status of its source, and a sentence', (code) => {
  const { status, source, summary } = ERRORS[code]
  const range = source === 'caller' || source === 'policy' ? [400, 499] : [400, 599]
  expect(status).toBeWithin(range[0] ?? 0, (range[1] ?? 0) + 1)
  expect(summary).toMatch(/^[A-Z].*\.$/)
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
})

test('a provider that refuses our credential is never a 401 or 403 of the caller', () => {
  const statuses = CODES.filter((code) => ERRORS[code].source === 'provider').map((code) => ERRORS[code].status)
  expect(statuses).not.toContain(401)
  expect(statuses).not.toContain(403)
})

test('what the caller is at fault for is not tried again elsewhere; of rules, only what one target alone cannot carry', () => {
  const retryable = CODES.filter((code) => ERRORS[code].retryable)
  // The wire of one target is too narrow for the request: the next target of the route may speak the caller's own.
  expect(retryable.filter((code) => ERRORS[code].source !== 'provider')).toEqual(['request_not_carried'])
  expect(retryable).toContain('provider_rate_limited')
  expect(ERRORS.provider_rejected.retryable).toBe(false)
})

test('codes of what stands behind us say by their name what it is, and no other code does', () => {
  // `server_not_found` and the like speak of a name that the caller wrote, not of what stands behind it.
  const isNamedSo = (code: ErrorCode) => /^(provider_|(server|agent)_(?!not_))/.test(code)
  expect(CODES.filter((code) => isNamedSo(code) !== (ERRORS[code].source === 'provider'))).toEqual([])
})

test('an error knows its row of the table, its cause and what the caller needs', () => {
  const cause = new Error('ECONNREFUSED')
  const error = new GatewayError('provider_rate_limited', 'Wait a little.', { cause, retryAfterSeconds: 7, param: 'model' })
  expect([error.status, error.source, error.isRetryable, error.cause]).toEqual([429, 'provider', true, cause])
  expect([error.extra.retryAfterSeconds, error.extra.param]).toEqual([7, 'model'])
  expect(String(error)).toBe('GatewayError: Wait a little.')
})

test('what is thrown and not ours becomes internal, says nothing of its cause, and keeps it', () => {
  const own = new GatewayError('forbidden', 'No.')
  expect(asGatewayError(own)).toBe(own)
  for (const thrown of [new TypeError('x is undefined at secret.ts'), 'a string', undefined, null]) {
    const error = asGatewayError(thrown)
    expect([error.code, error.extra.cause]).toEqual(['internal', thrown])
    expect(error.message).not.toContain('secret.ts')
  }
})

test.each<[ErrorCode, string]>([
  ['client_closed', 'cancelled'],
  ['forbidden', 'refused'],
  ['invalid_json', 'refused'],
  ['shutting_down', 'refused'],
  ['log_unavailable', 'refused'],
  ['internal', 'broken'],
  ['crashed', 'broken'],
  ['provider_truncated', 'broken'],
])('a call that fails with %s is %s', (code, outcome) => {
  expect(outcomeOf(new GatewayError(code, 'Told.'))).toBe(outcome as ReturnType<typeof outcomeOf>)
})
