import { GatewayError } from '../core/errors.ts'
import { spliceText } from '../core/json.ts'
import { decodeString, formatPlace, visitStrings } from '../core/json-strings.ts'
import { decodeSseFrame, encodeSseFrame } from '../core/sse.ts'
import type { GuardedTexts, ReplyText, ReplyTexts, RequestText } from '../stages/guards/port.ts'
import type { Phase } from '../stages/guards/types.ts'
import { decodeRequest } from './a2a/request.ts'
import type { AgentPart, AgentRequest, Attempt } from './types.ts'

/**
 * Where the guards find the texts of messages to agents and of what agents say: texts and data of parts, and names and descriptions of artifacts. A text
 * that an agent sends in several pieces (`append`) is looked at piece by piece.
 */
export const guardedTexts: GuardedTexts<Attempt, AgentPart> = {
  request: {
    read: ({ request }) => stringsOf(request.text, 'input'),
    write: (attempt, changes) => {
      const { request } = attempt
      const text = splice(request.text, 'input', (index) => changes.get(index))
      return { ...attempt, request: readAgain(text, request, attempt) }
    },
  },
  openReply: () => new AgentReplyTexts(),
}

interface FoundString extends RequestText {
  readonly from: number
  readonly to: number
}

/** The last keys of what has no words: names of the protocol, ids, times, and files. */
const NO_TEXT: ReadonlySet<string | number | undefined> = new Set([
  ...[
    'kind',
    'role',
    'messageId',
    'taskId',
    'contextId',
    'artifactId',
    'state',
    'timestamp',
    'mimeType',
    'mediaType',
    'bytes',
    'raw',
    'id',
    'method',
    'jsonrpc',
  ],
  ...['referenceTaskIds', 'extensions', 'acceptedOutputModes', 'url', 'uri', 'token'],
])

function stringsOf(text: string, phase: Phase): readonly FoundString[] {
  const found: FoundString[] = []
  visitStrings(text, ({ path, from, to, isKey }) => {
    if (path[0] !== 'params' && path[0] !== 'result' && path[0] !== 'error') return
    if (!isOfError(path, isKey) && !isOfData(path) && (isKey || path.length <= 2 || isOfProtocol(path))) return
    const joins = isKey ? undefined : listOfParts(path)
    found.push({
      ...{ phase, text: decodeString(text, from, to), path: formatPlace({ path, isKey }), from, to },
      ...(joins === undefined ? {} : { joins }),
    })
  })
  return found
}

/** The list whose part a text is: the parts of a message or of an artifact are read as one. */
function listOfParts(path: readonly (string | number)[]): string | undefined {
  return path.at(-1) === 'text' && path.at(-3) === 'parts' ? path.slice(0, -2).join('.') : undefined
}

/** What an agent says of a failure, in whatever shape. */
function isOfError(path: readonly (string | number)[], isKey: boolean): boolean {
  if (path[0] !== 'error' || path.at(-1) === '@type') return false
  return path[1] === 'data' ? !isKey || path.length > 2 : path[1] === 'message' && !isKey
}

/** What the data of a part is made of: it may have keys of any name. */
function isOfData(path: readonly (string | number)[]): boolean {
  const at = path.indexOf('parts')
  return at !== -1 && path[at + 2] === 'data' && path.length > at + 3
}

function isOfProtocol(path: readonly (string | number)[]): boolean {
  return path.some((step) => step === 'metadata' || step === 'extensions') || NO_TEXT.has(path.findLast((step) => typeof step === 'string'))
}

function splice(text: string, phase: Phase, textAt: (index: number) => string | undefined): string {
  const edits = stringsOf(text, phase).flatMap(({ from, to, text: before }, index) => {
    const changed = textAt(index)
    return changed === undefined || changed === before ? [] : [{ from, to, with: JSON.stringify(changed) }]
  })
  return spliceText(text, edits)
}

function readAgain(text: string, before: AgentRequest, { heard }: Attempt): AgentRequest {
  const request = decodeRequest(new TextEncoder().encode(text), { maxDepth: Number.POSITIVE_INFINITY }, heard)
  if (request.method.name !== before.method.name) throw new GatewayError('internal', 'What was redacted is another request now.')
  return request
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The texts of one answer: its body, or its events one by one. */
class AgentReplyTexts implements ReplyTexts<AgentPart> {
  read(part: AgentPart): readonly ReplyText[] {
    const text = jsonOf(part)
    return text === undefined
      ? []
      : stringsOf(text, 'output').map(({ phase, text: said, joins }) => ({ phase, text: said, ...(joins === undefined ? {} : { joins }) }))
  }

  write(part: AgentPart, texts: readonly string[]): AgentPart {
    const text = splice(jsonOf(part) ?? '', 'output', (index) => texts[index])
    if (part.type === 'whole') return { ...part, bytes: encoder.encode(text) }
    const { event } = decodeSseFrame(part.bytes)
    return { ...part, bytes: encodeSseFrame({ ...(event === undefined ? {} : { event }), data: text }) }
  }

  ends(): readonly string[] {
    return []
  }

  say(): AgentPart {
    throw new GatewayError('internal', 'An agent says nothing in lanes.')
  }
}

function jsonOf(part: AgentPart): string | undefined {
  const text = part.type === 'whole' ? decoder.decode(part.bytes) : decodeSseFrame(part.bytes).data
  return text?.trimStart().startsWith('{') ? text : undefined
}
