import type { Content } from './content.ts'
import { FreeText } from './free-text.ts'
import { jsonArguments } from './free-tools.ts'
import type { NeutralReply, StreamEvent } from './reply.ts'

type CallEvent = StreamEvent & { readonly type: 'tool-call' | 'arguments' }

/** A call whose arguments are turned into the other kind. */
interface Turned {
  readonly candidate: number
  readonly index: number
  push(piece: string): string
  end(): string
}

/** A whole answer with the calls of tools of free text as their caller offered them: with free text those, with JSON all others. */
export function turnCalls(reply: NeutralReply, names: ReadonlySet<string> | undefined): NeutralReply {
  const isOther = (piece: Content) => piece.type === 'tool-call' && (names?.has(piece.name) ?? false) !== (piece.isFree === true)
  if (!reply.candidates.some(({ content }) => content.some(isOther))) return reply
  const candidates = reply.candidates.map((candidate) => ({
    ...candidate,
    content: candidate.content.map((piece) => (isOther(piece) ? turned(piece) : piece)),
  }))
  return { ...reply, candidates }
}

function turned(piece: Content): Content {
  if (piece.type !== 'tool-call') return piece
  const { isFree, ...call } = piece
  if (isFree) return { ...call, arguments: jsonArguments(piece) }
  const text = new FreeText()
  return { ...call, isFree: true, arguments: text.push(piece.arguments) + text.end() }
}

/** The same for the events of one stream. */
export class CallTurner {
  readonly #names: ReadonlySet<string> | undefined
  readonly #open: Turned[] = []

  constructor(names: ReadonlySet<string> | undefined) {
    this.#names = names
  }

  /** Whether an event may have to be told otherwise: spares the others a list each. */
  touches({ type }: StreamEvent): boolean {
    return type === 'tool-call' || (this.#open.length > 0 && (type === 'arguments' || type === 'finish'))
  }

  turn(event: StreamEvent): readonly StreamEvent[] {
    switch (event.type) {
      case 'tool-call':
        return [this.#begin(event)]
      case 'arguments':
        return this.#go(event)
      case 'finish':
        return this.#open.length === 0 ? [event] : [...this.end(event.candidate), event]
      default:
        return [event]
    }
  }

  /** What is still to be told of the calls of a candidate, or of all. */
  end(candidate?: number): readonly StreamEvent[] {
    const ended = this.#open.filter((call) => candidate === undefined || call.candidate === candidate)
    for (const call of ended) this.#open.splice(this.#open.indexOf(call), 1)
    return ended.flatMap(({ candidate: of, index, end }) => piece(of, index, end()))
  }

  #begin(event: CallEvent & { readonly type: 'tool-call' }): StreamEvent {
    const { candidate, index, name, isFree, ...rest } = event
    const isOffered = this.#names?.has(name) ?? false
    if (isOffered === (isFree === true)) return event
    const text = isOffered ? new FreeText() : new JsonText()
    this.#open.push({ candidate, index, push: (said) => text.push(said), end: () => text.end() })
    return { ...rest, candidate, index, name, ...(isOffered ? { isFree: true } : {}) }
  }

  #go(event: CallEvent & { readonly type: 'arguments' }): readonly StreamEvent[] {
    const { candidate, index, text } = event
    const call = this.#open.findLast((one) => one.candidate === candidate && one.index === index)
    return call === undefined ? [event] : piece(candidate, index, call.push(text))
  }
}

function piece(candidate: number, index: number, text: string): readonly StreamEvent[] {
  return text === '' ? [] : [{ type: 'arguments', candidate, index, text }]
}

/** Free text as JSON, for callers who offered no tool of free text. */
class JsonText {
  #head = '{"input":"'

  push(said: string): string {
    const head = this.#head
    this.#head = ''
    return `${head}${JSON.stringify(said).slice(1, -1)}`
  }

  end(): string {
    return `${this.push('')}"}`
  }
}
