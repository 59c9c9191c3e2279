/** What the first batch continues from. */
export const FIRST_HASH: Uint8Array = new Uint8Array(32)

/** The hash of a batch: SHA-256 over the hash before it and the bytes of its text. */
export function chainHash(previous: Uint8Array, payload: Uint8Array): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(previous).update(payload).digest()
}

/** Hexadecimal. */
export function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('hex')
}
