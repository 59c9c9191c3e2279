import type { WireName } from '../types.ts'
import type { Seal } from './content.ts'

/** Begins a seal of another wire in a field where the caller's wire keeps its own. */
const MARK = 'sb:'

/** A seal as it is handed to a caller of another wire, who gives it back as it is: `sb:<wire>:<value>`. Its own wire's go unmarked. */
export function packSeal(seal: Seal, wire: WireName): string {
  return seal.wire === wire ? seal.value : `${MARK}${seal.wire}:${seal.value}`
}

/** The seal that a caller gave back. */
export function unpackSeal(text: string, wire: WireName): Seal {
  const [, foreign, value] = /^sb:([a-z-]+):([\s\S]*)$/.exec(text) ?? []
  if (foreign === undefined || value === undefined) return { wire, value: text }
  // What a caller sends is looked up nowhere: a wire that nobody speaks matches no target, and is a loss there.
  return { wire: foreign as WireName, value }
}
