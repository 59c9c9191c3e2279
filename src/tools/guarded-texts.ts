import { GatewayError } from '../core/errors.ts'
import { spliceText } from '../core/json.ts'
import { decodeString, formatPlace, type JsonString, visitStrings } from '../core/json-strings.ts'
import type { GuardedTexts, ReplyText, ReplyTexts, RequestText } from '../stages/guards/port.ts'
import type { Phase } from '../stages/guards/types.ts'
import type { Attempt } from './attempt.ts'
import { decodeFrame } from './frames.ts'
import { ruleName } from './tool-names.ts'
import type { RequestFrame, ToolPart } from './types.ts'

/** Where the guards find the texts of what goes to servers: names and values of arguments, and all that a server gives back but binary content. */
export const guardedTexts: GuardedTexts<Attempt, ToolPart> = {
  request: {
    read: (attempt) => {
      const name: readonly RequestText[] =
        attempt.tool === undefined ? [] : [{ phase: 'toolNames', text: attempt.tool.identity.name, path: 'params.name' }]
      return [...stringsOf(attempt.frame.text, argumentPhase), ...name]
    },
    write: (attempt, changes) => {
      const found = stringsOf(attempt.frame.text, argumentPhase)
      return { ...attempt, frame: requestOf(splice(attempt.frame.text, found, (index) => changes.get(index))) }
    },
  },
  openReply: () => new ToolReplyTexts(),
}

interface FoundString extends RequestText {
  readonly from: number
  readonly to: number
}

function stringsOf(text: string, phaseOf: (string: JsonString) => Phase | undefined): readonly FoundString[] {
  const found: FoundString[] = []
  visitStrings(text, (string) => {
    const phase = phaseOf(string)
    if (phase === undefined) return
    const { from, to, path, isKey } = string
    const joins = !isKey && isBlock(path) ? { joins: 'content' } : {}
    found.push({ phase, text: decodeString(text, from, to), path: formatPlace({ path, isKey }), from, to, ...joins })
  })
  return found
}

function splice(text: string, found: readonly FoundString[], textAt: (index: number) => string | undefined): string {
  const edits = found.flatMap(({ from, to, text: before }, index) => {
    const changed = textAt(index)
    return changed === undefined || changed === before ? [] : [{ from, to, with: JSON.stringify(changed) }]
  })
  return spliceText(text, edits)
}

/** Words of the protocol in the params of requests. */
const PROTOCOL_PARAMS: ReadonlySet<string | number | undefined> = new Set(['_meta', 'name', 'cursor', 'ref', 'level', 'task', 'taskId'])

/** What a caller says to a server: the arguments of tools and prompts, their keys too, what is to be read, and what is to be completed. */
function argumentPhase({ path, isKey }: JsonString): Phase | undefined {
  if (path[0] !== 'params' || path.length < 2 || PROTOCOL_PARAMS.has(path[1])) return undefined
  return isKey && (path.length < 3 || path[1] !== 'arguments') ? undefined : 'toolArguments'
}

type Path = JsonString['path']

/** What has the shape that its server gives it, and any keys: results of tools, what an error adds, and what is written to a log. */
function isOfServer(path: Path): boolean {
  return path[1] === 'structuredContent' || (path[1] === 'data' && (path[0] === 'error' || path[0] === 'params'))
}

/** Pictures, sound and files in base64, which are no text: in blocks of content, and in contents of resources. */
function isBinary(path: Path): boolean {
  const last = path.at(-1)
  if (last !== 'data' && last !== 'blob') return false
  const holder = path.findLast((step, index) => index < path.length - 1 && typeof step === 'string')
  return last === 'data' ? holder === 'content' : holder === 'resource' || holder === 'contents'
}

/** The text of a block of a result: a model reads the blocks as one. */
function isBlock(path: Path): boolean {
  return path.length === 4 && path[0] === 'result' && path[1] === 'content' && path[3] === 'text'
}

function isProtocol(path: Path): boolean {
  const last = path.at(-1)
  return last === 'mimeType' || last === 'type' || path[1] === 'progressToken' || path.includes('_meta') || isBinary(path)
}

function serverPhase({ path, isKey }: JsonString): Phase | undefined {
  if (isOfServer(path)) return isKey && path.length < 3 ? undefined : 'toolResults'
  return isKey || path.length < 2 || isProtocol(path) ? undefined : 'toolResults'
}

function resultPhase(string: JsonString): Phase | undefined {
  return string.path[0] === 'result' || string.path[0] === 'error' ? serverPhase(string) : undefined
}

/** What else a server says during a call (progress, questions, lines of its log) is looked at like a result. */
function messagePhase(string: JsonString): Phase | undefined {
  return string.path[0] === 'params' ? serverPhase(string) : undefined
}

function requestOf(text: string): RequestFrame {
  const decoded = decodeFrame(text, Number.POSITIVE_INFINITY)
  if (decoded.type === 'invalid') throw decoded.error
  if (decoded.frame.type !== 'request') throw new GatewayError('internal', 'What was redacted is no request any more.')
  return decoded.frame
}

/** The texts of the messages of one call. Each message is whole. */
class ToolReplyTexts implements ReplyTexts<ToolPart> {
  read(part: ToolPart): readonly ReplyText[] {
    return stringsOf(part.text, phaseIn(part)).map(({ phase, text, joins }) => ({ phase, text, ...(joins === undefined ? {} : { joins }) }))
  }

  write(part: ToolPart, texts: readonly string[]): ToolPart {
    return { ...part, text: splice(part.text, stringsOf(part.text, phaseIn(part)), (index) => texts[index]) }
  }

  ends(): readonly string[] {
    return []
  }

  say(): ToolPart {
    throw new GatewayError('internal', 'A tool says nothing in pieces.')
  }
}

function phaseIn(part: ToolPart): (string: JsonString) => Phase | undefined {
  return part.isLast ? resultPhase : messagePhase
}

/** The name by which guards and limits know what is asked of a server: of a tool, or of another method as though it were one. Empty for what neither looks at. */
export function nameOfWork({ type, tool, server, frame }: Attempt): string {
  if (tool !== undefined) return tool.identity.name
  return type === 'forward' ? ruleName(server.spec.name, frame.method) : ''
}

/** Methods that say what there is, or how a session goes on. */
const NO_WORK: ReadonlySet<string> = new Set([
  'resources/list',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'logging/setLevel',
])

/** Whether a request has a server do something: only those count on limits. */
export function isWork({ type, frame }: Attempt): boolean {
  return type === 'forward' && !NO_WORK.has(frame.method)
}
