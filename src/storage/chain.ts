/** What the first batch continues from. Hashes are hexadecimal throughout. */
export const FIRST_HASH = '0'.repeat(64)

/** The hash of a batch: SHA-256 over the hash before it, as text, and the bytes of the batch. */
export function chainHash(previous: string, bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(previous).update(bytes).digest('hex')
}
