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

/**
 * Claude's thinking that is encrypted whole is told by this mark from thinking whose words were left out: both are a seal without a text, and each is
 * good in its own field alone. Callers of other wires hand the mark back with the seal.
 */
const WHOLE = 'redacted:'

/** The seal of what Claude thought and nobody is told. */
export function wholeSeal(data: string): Seal {
  const seal = unpackSeal(data, 'anthropic-messages')
  return seal.wire === 'anthropic-messages' ? { ...seal, value: WHOLE + seal.value } : seal
}

/** What such a seal holds; undefined where it is another. */
export function wholeOf({ wire, value }: Seal): string | undefined {
  return wire === 'anthropic-messages' && value.startsWith(WHOLE) ? value.slice(WHOLE.length) : undefined
}

/** Whether there never was a text, as far as a wire tells that has one field for every seal. */
export function isHiddenBy(text: string, seal: Seal | undefined): boolean {
  return text === '' && (seal?.wire !== 'anthropic-messages' || wholeOf(seal) !== undefined)
}
