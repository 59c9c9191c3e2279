import { describe, expect, test } from 'bun:test'
import { asGatewayError, type GatewayError } from '../core/errors.ts'
import type { KeyRecord } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'
import { type AccessRules, createAccess, hashSecret } from './access.ts'
import { takeKey } from './keys.ts'
import { LiveCallTable } from './live-calls.ts'

const INSTALLATION = new Secret('secret-of-a-test')
const RULES: AccessRules = { organisation: 'acme', teams: { support: {} } }
const NOW_MS = Date.UTC(2026, 10, 21, 12)
const HOUR_MS = 3_600_000

const secretOf = (id: string) => id.slice(0, 1).repeat(52)
const credentialOf = (id: string) => `sb_${id}_${secretOf(id)}`

function keyOf(id: string, more: Partial<KeyRecord> = {}): KeyRecord {
  const secretHash = hashSecret(secretOf(id), INSTALLATION)
  return { id, secretHash, team: 'support', labels: {}, createdAtMs: NOW_MS, createdBy: 'admin', ...more }
}

const OLD = keyOf('a'.repeat(12))
const NEWER = keyOf('b'.repeat(12), { replaces: OLD.id, replacesUntilMs: NOW_MS + HOUR_MS })

function lab(...keys: readonly KeyRecord[]) {
  const access = createAccess(keys, INSTALLATION, () => RULES)
  const live = new LiveCallTable()
  const ended: GatewayError[] = []
  const run = (keyId: string) => {
    const facts = { principal: { organisation: 'acme', team: 'support', keyId, labels: {} }, prompt: {}, attempts: 0 }
    live.add({ callId: `call_${keyId}`, facts, startedAtMs: NOW_MS, abort: (reason) => ended.push(reason) })
  }
  /** The code with which a key is refused; undefined where it works. */
  const refusalOf = ({ id }: KeyRecord, nowMs = NOW_MS) => {
    try {
      access.identify(credentialOf(id), undefined, nowMs)
      return undefined
    } catch (thrown) {
      return asGatewayError(thrown).code
    }
  }
  return { take: (key: KeyRecord) => takeKey({ access, live }, key), run, ended, refusalOf }
}

describe('a key of which another process tells', () => {
  test('works at once where it is new', () => {
    const { take, refusalOf } = lab()
    expect(refusalOf(OLD)).toBe('unauthenticated')
    take(OLD)
    expect(refusalOf(OLD)).toBeUndefined()
  })

  test('stops at once where it was revoked, and what it has running ends with the reason; what others have goes on', () => {
    const { take, run, ended, refusalOf } = lab(OLD, NEWER)
    run(OLD.id)
    run(NEWER.id)
    take({ ...OLD, revokedAtMs: NOW_MS })
    expect(refusalOf(OLD)).toBe('key_revoked')
    expect(refusalOf(NEWER)).toBeUndefined()
    expect(ended.map(({ code }) => code)).toEqual(['key_revoked'])
  })

  test('stays revoked, also where the one who tells has not heard of it', () => {
    const { take, refusalOf } = lab({ ...OLD, revokedAtMs: NOW_MS })
    take(OLD)
    expect(refusalOf(OLD)).toBe('key_revoked')
  })

  test('that was replaced ends with the overlap, also where the old record is told of again', () => {
    const { take, refusalOf } = lab(OLD)
    take(NEWER)
    take(OLD)
    expect(refusalOf(OLD, NOW_MS + HOUR_MS - 1)).toBeUndefined()
    expect(refusalOf(OLD, NOW_MS + HOUR_MS)).toBe('key_expired')
    expect(refusalOf(NEWER, NOW_MS + HOUR_MS)).toBeUndefined()
  })
})
