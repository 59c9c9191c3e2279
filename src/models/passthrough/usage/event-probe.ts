import { isObject, type Json } from '../../../core/json.ts'
import { JsonProbe, type Pointer } from './json-probe.ts'

const LINE_FEED = 10
const DATA = new TextEncoder().encode('data:')

/**
 * Reads values out of the data of server-sent events that come in pieces and are never held. Of objects that stand in several events the members are
 * put together, later ones over earlier: usage is told bit by bit. Of all else the last counts.
 */
export class EventProbe {
  readonly #pointers: readonly Pointer[]
  readonly #told: (Json | undefined)[]
  /** Of the event that is read now; undefined where it has no data yet. */
  #probe: JsonProbe | undefined
  /** How many bytes of the line were like `data:` so far; -1 where one was not. */
  #alike = 0

  constructor(pointers: readonly Pointer[]) {
    this.#pointers = pointers
    this.#told = pointers.map(() => undefined)
  }

  /** What the events that are whole have told, in the order of the pointers. */
  get found(): readonly (Json | undefined)[] {
    return this.#told
  }

  /** Looks at the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const feed = bytes.indexOf(LINE_FEED, at)
      const end = feed === -1 ? bytes.length : feed
      this.#takeLine(bytes.subarray(at, end))
      if (feed === -1) return
      if (this.#isBlank) this.#endEvent()
      this.#alike = 0
      at = feed + 1
    }
  }

  /** A line of nothing but a carriage return is one too: see `#takeLine`. */
  get #isBlank(): boolean {
    return this.#alike === 0
  }

  #takeLine(part: Uint8Array): void {
    let at = 0
    for (; at < part.length && this.#alike >= 0 && this.#alike < DATA.length; at++) {
      if (part[at] === 13 && this.#alike === 0) continue
      this.#alike = part[at] === DATA[this.#alike] ? this.#alike + 1 : -1
    }
    if (this.#alike !== DATA.length || at === part.length) return
    this.#probe ??= new JsonProbe(this.#pointers)
    this.#probe.push(part.subarray(at))
  }

  #endEvent(): void {
    for (const [index, value] of (this.#probe?.found ?? []).entries()) {
      const before = this.#told[index]
      if (value === undefined || value === null) continue
      this.#told[index] = isObject(value) && isObject(before) ? { ...before, ...withoutNulls(value) } : value
    }
    this.#probe = undefined
  }
}

function withoutNulls(object: { readonly [key: string]: Json | undefined }) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}
