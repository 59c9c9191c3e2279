import type { GatewayError } from '../../core/errors.ts'
import type { Target } from '../types.ts'
import { malformed } from './provider-reply.ts'

/** Follows a JSON text that comes in pieces, as far as to know whether it has come to its end. */
export class JsonEnd {
  #depth = 0
  #isBegun = false
  #isInString = false
  #isEscaped = false

  push(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (this.#isInString) this.#inString(code)
      else if (code === QUOTE) this.#isInString = true
      else if (code === OBJECT || code === LIST) this.#depth++
      else if (code === OBJECT_END || code === LIST_END) this.#depth--
    }
    this.#isBegun ||= text.trim() !== ''
  }

  /** Begun, and not ended: no client could parse it. */
  get isCut(): boolean {
    return this.#isInString || this.#depth > 0
  }

  /** Whether all of it is there. */
  get isWhole(): boolean {
    return this.#isBegun && !this.isCut
  }

  #inString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (code === BACKSLASH) this.#isEscaped = true
    else if (code === QUOTE) this.#isInString = false
  }
}

const QUOTE = 34
const BACKSLASH = 92
const OBJECT = 123
const OBJECT_END = 125
const LIST = 91
const LIST_END = 93

/** Calls that are kept account of: a provider may begin as many as it likes. */
const MAX_CALLS = 1000

/** The calls of one stream that have begun and not ended, in a wire that tells where each ends, under whatever it counts them by. */
export class OpenCalls {
  readonly #open = new Map<unknown, JsonEnd>()

  /** Whether none is open, as nearly always: then nothing need be looked at. */
  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  begin(key: unknown, text = ''): void {
    const end = new JsonEnd()
    end.push(text)
    if (this.#open.size < MAX_CALLS) this.#open.set(key, end)
  }

  push(key: unknown, text: unknown): void {
    if (typeof text === 'string') this.#open.get(key)?.push(text)
  }

  close(key: unknown): void {
    this.#open.delete(key)
  }

  /** Whether one was left open whose arguments are not all there. Some servers do not say the end of a call that is whole. */
  get isCut(): boolean {
    for (const end of this.#open.values()) if (!end.isWhole) return true
    return false
  }
}

/** A stream that says that all is there, and has left a call of a tool in its middle. */
export function callNeverClosed(target: Target): GatewayError {
  return malformed(target, 'it said that its answer is complete, and has not ended the arguments of a call of a tool')
}
