import type { Seal, ThinkingContent } from '../../neutral/content.ts'
import type { Target } from '../../types.ts'
import { familyOf } from './family.ts'

/**
 * The seal that a signature is. Claude's are good at each place where Claude runs, so they bear the name of Claude's own wire.
 * Source: https://docs.claude.com/en/docs/build-with-claude/extended-thinking (read 2026-11-21).
 */
export function signatureSeal(signature: string, target: Target): Seal {
  return { wire: familyOf(target) === 'claude' ? 'anthropic-messages' : 'converse', value: signature }
}

/** The seal that thinking which is encrypted whole is. */
export function redactedSeal(data: string): Seal {
  return { wire: 'converse', value: data }
}

/** Whether thinking may be given to the model: it is its own, or Claude's to Claude. */
export function isOwn({ seal, isHidden }: ThinkingContent, target: Target): boolean {
  if (seal?.wire === 'converse') return true
  return seal?.wire === 'anthropic-messages' && isHidden === undefined && familyOf(target) === 'claude'
}
