import { GatewayError } from '../../core/errors.ts'
import type { KeyRecord, KeyStore } from '../../core/ports.ts'

/** Keys in memory. */
export class MemoryKeyStore implements KeyStore {
  readonly #keys = new Map<string, KeyRecord>()

  async list(): Promise<readonly KeyRecord[]> {
    return [...this.#keys.values()]
  }

  async insert(key: KeyRecord): Promise<void> {
    if (this.#keys.has(key.id)) throw new GatewayError('conflict', `There is a key ${key.id} already. Choose another id.`)
    this.#keys.set(key.id, key)
  }

  async revoke(id: string, atMs: number): Promise<KeyRecord | undefined> {
    const key = this.#keys.get(id)
    if (key === undefined || key.revokedAtMs !== undefined) return key
    const revoked = { ...key, revokedAtMs: atMs }
    this.#keys.set(id, revoked)
    return revoked
  }
}
