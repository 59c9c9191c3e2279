import { GatewayError } from '../core/errors.ts'
import { spliceText } from '../core/json.ts'
import { decodeString, formatJsonPath, type JsonString, visitStrings } from '../core/json-strings.ts'
import type { GuardedTexts, ReplyText, ReplyTexts, RequestText } from '../stages/guards/port.ts'
import type { Phase } from '../stages/guards/types.ts'
import type { Attempt } from './attempt.ts'
import { decodeFrame } from './frames.ts'
import type { RequestFrame, ToolPart } from './types.ts'

/** Where the guards find the texts of tool calls: names and values of the arguments, and all that a tool gives back but binary content. */
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
    const { from, to, path } = string
    found.push({ phase, text: decodeString(text, from, to), path: formatJsonPath(path), from, to })
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

function argumentPhase({ path }: JsonString): Phase | undefined {
  return path[0] === 'params' && path[1] === 'arguments' && path.length > 2 ? 'toolArguments' : undefined
}

/** Binary content is no text, and neither are the words of the protocol. */
const NO_TEXT: ReadonlySet<string | number | undefined> = new Set(['data', 'blob', 'mimeType', 'type'])

function resultPhase({ path, isKey }: JsonString): Phase | undefined {
  if (path[0] !== 'result' && path[0] !== 'error') return undefined
  // What a tool gives back in its own shape may have any key; what the protocol has around it has the protocol's.
  const isOwn = path[1] === 'structuredContent'
  if (isOwn) return path.length > 2 ? 'toolResults' : undefined
  return isKey || path.length < 2 || path.includes('_meta') || NO_TEXT.has(path.at(-1)) ? undefined : 'toolResults'
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
    return stringsOf(part.text, phaseIn(part)).map(({ phase, text }) => ({ phase, text }))
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

/** What else a server says during a call (progress, questions, lines of its log) is looked at like a result. */
function phaseIn(part: ToolPart): (string: JsonString) => Phase | undefined {
  return part.isLast
    ? resultPhase
    : ({ path, isKey }) =>
        path[0] === 'params' && !isKey && path.length > 1 && !NO_TEXT.has(path.at(-1)) && path.at(-1) !== 'progressToken'
          ? 'toolResults'
          : undefined
}

/** Whether a request is one that does a tool's work: only those are guarded. */
export function isToolCall({ frame }: Attempt): boolean {
  return frame.method === 'tools/call'
}
