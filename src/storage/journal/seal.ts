/** What closes a batch in its file: a line after its events. */
export interface Seal {
  readonly seq: number
  /** When it was written. Never goes back, whatever the clock does. */
  readonly atMs: number
  /** The earliest time that anything in the batch goes back to. */
  readonly earliestMs: number
  readonly events: number
  /** Hexadecimal: SHA-256 over the hash before it and all bytes of this batch, the seal's own included, up to here. */
  readonly hash: string
}

/** No event begins like this: its first key is another. */
export const SEAL_START = '{"seal":'
const HASH_START = ',"hash":"'
const SEAL = /^\{"seal":(\d+),"atMs":(\d+),"earliestMs":(\d+),"events":(\d+),"hash":"([0-9a-f]{64})"\}$/
/** Bytes of a seal that its hash does not cover: from `,"hash"` to the line feed. */
export const SEAL_TAIL_BYTES = HASH_START.length + 64 + '"}\n'.length
/** No seal is longer. */
export const SEAL_MAX_BYTES = 256

/** The part of a seal that is hashed. */
export function sealHead(seal: Omit<Seal, 'hash'>): string {
  return `${SEAL_START}${seal.seq},"atMs":${seal.atMs},"earliestMs":${seal.earliestMs},"events":${seal.events}`
}

/** The rest of it. */
export function sealTail(hash: string): string {
  return `${HASH_START}${hash}"}\n`
}

/** Reads a seal, without its line feed; undefined where the line is none, or was damaged. */
export function readSeal(line: string): Seal | undefined {
  const match = SEAL.exec(line)
  if (match === null) return undefined
  const [seq = 0, atMs = 0, earliestMs = 0, events = 0] = match.slice(1, 5).map(Number)
  return { seq, atMs, earliestMs, events, hash: match[5] ?? '' }
}
