import type { ModelPart } from '../types.ts'

/** Fewer characters may be the same by chance: an article, the end of a word. */
const LEAST_OVERLAP = 12

/** How much of the beginning of a text repeats the end of what was said. */
export function overlapOf(said: string, text: string): number {
  for (let length = Math.min(said.length, text.length); length >= LEAST_OVERLAP; length--) {
    if (said.endsWith(text.slice(0, length))) return length
  }
  return 0
}

/** A frame of a continuation without what it repeats; undefined where it says nothing else. One that writes its text in another way is left as it is. */
export function withoutOverlap(part: ModelPart, text: string, said: string): ModelPart | undefined {
  const overlap = overlapOf(said, text)
  if (overlap === 0) return part
  if (overlap === text.length) return undefined
  const frame = new TextDecoder().decode(part.bytes)
  const written = JSON.stringify(text)
  const at = frame.indexOf(written)
  if (at === -1) return part
  const rest = JSON.stringify(text.slice(overlap))
  return { ...part, bytes: new TextEncoder().encode(frame.slice(0, at) + rest + frame.slice(at + written.length)) }
}
