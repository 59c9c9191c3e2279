import type { ModelPart } from '../types.ts'

/** Fewer characters may be the same by chance: an article, the end of a word. */
const LEAST_OVERLAP = 12

/** How much of the beginning of a text repeats the end of what was said. */
export function overlapOf(said: string, text: string): number {
  for (let length = Math.min(said.length, text.length); length >= LEAST_OVERLAP; length--) {
    if (said.endsWith(text.slice(0, length))) return length
  }
  // The white space at the end was not given to the model, which then says it itself.
  const space = said.slice(said.trimEnd().length)
  return text.startsWith(space) ? space.length : 0
}

/** A frame of a continuation without the first characters of its text. One that writes its text in another way is left as it is. */
export function withoutBeginning(part: ModelPart, text: string, length: number): ModelPart {
  const frame = new TextDecoder().decode(part.bytes)
  const written = JSON.stringify(text)
  const at = frame.indexOf(written)
  if (length === 0 || at === -1) return part
  const rest = JSON.stringify(text.slice(length))
  return { ...part, bytes: new TextEncoder().encode(frame.slice(0, at) + rest + frame.slice(at + written.length)) }
}
