import { GatewayError } from '../core/errors.ts'
import { isObject, type Json, type JsonObject, spliceText } from '../core/json.ts'
import { decodeString, formatPlace, visitStrings } from '../core/json-strings.ts'
import { decodeSseFrame, encodeSseFrame } from '../core/sse.ts'
import type { GuardedTexts, ReplyTexts, RequestText } from '../stages/guards/port.ts'
import { anthropicMessagesTexts } from './dialects/anthropic-messages/texts.ts'
import { asidesIn } from './dialects/asides.ts'
import { isDataUrl } from './dialects/data-url.ts'
import { geminiTexts } from './dialects/gemini/texts.ts'
import { openaiChatTexts } from './dialects/openai-chat/texts.ts'
import { openaiCompletionsTexts } from './dialects/openai-completions/texts.ts'
import { openaiResponsesTexts } from './dialects/openai-responses/texts.ts'
import { type JsonPath, type WireText, type WireTexts, withTexts, withValue } from './dialects/wire-texts.ts'
import { fullTextOf, type ModelCall, type ModelPart, type ModelRequest, type WireName } from './types.ts'

/** One line a wire. */
const TEXTS: Readonly<Record<string, WireTexts>> = {
  'openai-chat': openaiChatTexts,
  'openai-responses': openaiResponsesTexts,
  'openai-completions': openaiCompletionsTexts,
  'anthropic-messages': anthropicMessagesTexts,
  gemini: geminiTexts,
}

/** What cannot be read cannot be guarded, and does not pass. */
function textsOf(wire: WireName): WireTexts {
  const texts = TEXTS[wire]
  if (texts === undefined) throw new GatewayError('guard_unavailable', `No guard can read the wire ${wire}, and guards stand at this call.`)
  return texts
}

/** Where the guards find the texts of model calls, in the wire of the caller. */
export const guardedTexts: GuardedTexts<ModelCall, ModelPart> = {
  request: {
    read: ({ request }) => findStrings(request).map(({ from: _from, to: _to, ...found }) => found),
    write: (call, changes) => {
      const { request } = call
      const found = findStrings(request)
      const edits = [...changes].flatMap(([index, text]) => {
        const place = found[index]
        return place === undefined ? [] : [{ from: place.from, to: place.to, with: JSON.stringify(text) }]
      })
      return { ...call, request: call.decodeAgain(spliceText(fullTextOf(request), edits)) }
    },
  },
  openReply: ({ request }) => new ModelReplyTexts(textsOf(request.wire)),
}

interface FoundString extends RequestText {
  readonly from: number
  readonly to: number
}

function findStrings(request: ModelRequest): readonly FoundString[] {
  const text = fullTextOf(request)
  const root: unknown = JSON.parse(text)
  if (!isObject(root)) return []
  const { phaseOf, isOwnKey } = textsOf(request.wire)
  const found: FoundString[] = []
  visitStrings(text, (string) => {
    const { path, from, to, isKey } = string
    if (isKey ? isOwnKey?.(path) !== true : isDataUrl(text, string)) return
    const phase = phaseOf(path, root)
    if (phase === undefined) return
    const joins = isKey ? undefined : listOfParts(path)
    found.push({
      ...{ phase, text: decodeString(text, from, to), path: formatPlace({ path, isKey }), from, to },
      ...(joins === undefined ? {} : { joins }),
    })
  })
  return found
}

/** The list whose part a text is: of a message, of a system prompt, of the result of a tool. Models read the parts of one list as one text. */
function listOfParts(path: JsonPath): string | undefined {
  return path.at(-1) === 'text' && typeof path.at(-2) === 'number' ? path.slice(0, -2).join('.') : undefined
}

interface ReadFrame {
  readonly event: string | undefined
  readonly value: JsonObject
}

interface ReadPart {
  readonly part: ModelPart
  readonly frame: ReadFrame | undefined
  readonly texts: readonly WireText[]
}

interface Said extends ReadFrame {
  readonly path: JsonPath
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The texts of one reply: its whole body, or its frames one by one. */
class ModelReplyTexts implements ReplyTexts<ModelPart> {
  readonly #wire: WireTexts
  /** The last frame of each lane: what is held back is said in its shape. */
  readonly #last = new Map<string, Said>()
  /** What the last part reads as: a part is asked about several times. */
  #read: ReadPart | undefined

  constructor(wire: WireTexts) {
    this.#wire = wire
  }

  read(part: ModelPart): readonly WireText[] {
    const { frame, texts } = this.#lookAt(part)
    for (const { lane, path } of texts) if (lane !== undefined && frame !== undefined) this.#last.set(lane, { ...frame, path })
    return texts
  }

  write(part: ModelPart, texts: readonly string[]): ModelPart {
    const { frame, texts: read } = this.#lookAt(part)
    if (frame === undefined) return part
    const value = withTexts(this.#wire.tidy(frame.value), read, texts)
    return { ...part, bytes: encodePart(part.type, frame.event, value) }
  }

  ends(part: ModelPart): readonly string[] | 'all' {
    if (part.isLast) return 'all'
    const { frame } = this.#lookAt(part)
    if (frame === undefined || this.#last.size === 0) return []
    const ended = this.#wire.endsOf(frame.value)
    return ended.length === 0
      ? []
      : [...this.#last.keys()].filter((lane) => ended.includes(lane) || ended.includes(lane.slice(0, lane.indexOf('/'))))
  }

  say(lane: string, text: string): ModelPart {
    const last = this.#last.get(lane)
    if (last === undefined) throw new Error(`nothing was said on ${lane} before`)
    const value = this.#wire.continuation(last.value, last.path)
    const place = this.#wire.textsOf(value, 'frame').find((each) => each.lane === lane)
    const said = place === undefined ? value : withValue(value, place.path, text)
    return { type: 'frame', bytes: encodePart('frame', eventOf(last, said), said), isLast: false, isHidden: false }
  }

  #textsIn(value: JsonObject, as: ModelPart['type']): readonly WireText[] {
    const texts = this.#wire.textsOf(value, as)
    const asides = asidesIn(value, this.#wire.answersIn(value), texts)
    return asides.length === 0 ? texts : [...texts, ...asides]
  }

  #lookAt(part: ModelPart): ReadPart {
    if (this.#read?.part === part) return this.#read
    const frame = readPart(part)
    this.#read = { part, frame, texts: frame === undefined ? [] : this.#textsIn(frame.value, part.type) }
    return this.#read
  }
}

/** The name of an event, in wires that have one: that of its type. */
function eventOf({ event }: ReadFrame, said: Json): string | undefined {
  return event !== undefined && isObject(said) && typeof said.type === 'string' ? said.type : event
}

function readPart(part: ModelPart): ReadFrame | undefined {
  const { event, data } = part.type === 'whole' ? { event: undefined, data: decoder.decode(part.bytes) } : decodeSseFrame(part.bytes)
  return data === undefined || !data.startsWith('{') ? undefined : parse(event, data)
}

function parse(event: string | undefined, data: string): ReadFrame | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? { event, value } : undefined
  } catch {
    // The dialect reads only what it needs; a reader of its texts cannot let by what it cannot read.
    throw new GatewayError('provider_malformed', 'The provider answered wrongly: a part of its reply is not valid JSON.')
  }
}

function encodePart(type: ModelPart['type'], event: string | undefined, value: Json): Uint8Array {
  const data = JSON.stringify(value)
  return type === 'whole' ? encoder.encode(data) : encodeSseFrame({ ...(event === undefined ? {} : { event }), data })
}
