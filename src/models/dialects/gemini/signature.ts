import type { Seal } from '../../neutral/content.ts'
import { packSeal, unpackSeal } from '../../neutral/seal.ts'

/**
 * Signatures of this wire stand on the part that follows a thought: a call, or a text. In the neutral form they are a piece of thinking without
 * text in front of it. One that stands on the thought itself is told apart by this mark, so that each goes back to where it stood.
 */
const ON_THOUGHT = 'thought:'

/** Google's word for a call whose signature is not to be had, of a model of another wire, say. Source: https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21). */
export const NO_SIGNATURE = 'skip_thought_signature_validator'

/** The seal that a part's signature is. */
export function readSignature(signature: string, place: 'thought' | 'other'): Seal {
  // Clients of this wire decode signatures as base64, so those of other wires are given to them so.
  const text = signature.startsWith(FOREIGN) ? Buffer.from(signature, 'base64').toString('utf8') : ''
  if (text.startsWith('sb:')) return unpackSeal(text, 'gemini')
  return { wire: 'gemini', value: place === 'thought' ? ON_THOUGHT + signature : signature }
}

/** How `sb:` begins in base64. */
const FOREIGN = 'c2I6'

/** A seal as a signature for a caller. */
export function writeSignature(seal: Seal): string {
  if (seal.wire !== 'gemini') return Buffer.from(packSeal(seal, 'gemini')).toString('base64')
  return seal.value.replace(ON_THOUGHT, '')
}

/** Whether a seal belongs to the part that comes next. */
export function isOnNext(seal: Seal | undefined): seal is Seal {
  return seal?.wire === 'gemini' && !seal.value.startsWith(ON_THOUGHT)
}
