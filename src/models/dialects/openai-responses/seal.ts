import { isObject, type JsonObject } from '../../../core/json.ts'
import type { Seal, ThinkingContent } from '../../neutral/content.ts'
import { isHiddenBy, packSeal, unpackSeal } from '../../neutral/seal.ts'

const WIRE = 'openai-responses'

/**
 * The thinking that an item of reasoning is. Its id goes back together with what is encrypted, so the seal of this wire holds both.
 * Source: https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items (read 2026-11-21).
 */
export function readReasoning(item: JsonObject): ThinkingContent {
  const text = textsIn(item.content) || textsIn(item.summary)
  const seal = readSeal(item)
  return { type: 'thinking', text, ...(isHiddenBy(text, seal) ? { isHidden: true } : {}), ...(seal === undefined ? {} : { seal }) }
}

/** The seal of an item of reasoning; undefined where it is not encrypted. */
export function readSeal({ id, encrypted_content: encrypted }: JsonObject): Seal | undefined {
  if (typeof encrypted !== 'string' || encrypted === '') return undefined
  const seal = unpackSeal(encrypted, WIRE)
  return seal.wire === WIRE ? { wire: WIRE, value: JSON.stringify({ id, encrypted_content: encrypted }) } : seal
}

/** Thinking as an item of reasoning for a caller. A provider's own id is kept: it belongs to what is encrypted. */
export function writeReasoning({ text, seal }: ThinkingContent, id: string): JsonObject & { readonly id: string } {
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  return { type: 'reasoning', id, summary, ...writeSeal(seal), status: 'completed' }
}

/** `encrypted_content` of a seal, with the id where it is this wire's own. */
export function writeSeal(seal: Seal | undefined): JsonObject {
  if (seal === undefined) return {}
  return seal.wire === WIRE ? parse(seal.value) : { encrypted_content: packSeal(seal, WIRE) }
}

/** Own thinking as the item that its provider wants back; undefined for that of another wire. */
export function returnReasoning({ text, seal }: ThinkingContent): JsonObject | undefined {
  if (seal?.wire !== WIRE) return undefined
  return { type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }], ...parse(seal.value) }
}

function parse(value: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : {}
  } catch {
    // A caller changed what it was given. The provider will say what it thinks of that.
    return { encrypted_content: value }
  }
}

function textsIn(value: JsonObject[string]): string {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? [part.text] : [])).join(PARAGRAPH)
}

/** Between the parts of a summary. */
export const PARAGRAPH = '\n\n'
