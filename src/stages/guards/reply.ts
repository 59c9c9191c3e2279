import type { Call } from '../../core/call.ts'
import { asGatewayError, type GatewayError } from '../../core/errors.ts'
import type { PartTransform } from '../../core/stage.ts'
import { EscapeLane, readEscapes } from './escapes.ts'
import { JudgeLane } from './judge-lane.ts'
import { consult } from './judges/consult.ts'
import { Lane } from './lane.ts'
import { onFound } from './notes.ts'
import { type Placeholders, RestoringLane } from './placeholders.ts'
import type { ReplyText, ReplyTexts } from './port.ts'
import { guardsByPhase } from './request.ts'
import { findInSeams, type SeamFindings, withSeams } from './seams.ts'
import { LONG_TEXT, searchElsewhere } from './search.ts'
import type { Finding, Guard, Judges, Phase } from './types.ts'
import { WholeLane } from './whole-lane.ts'

/** A text of a stream on its way: pieces in, what may go on out. */
interface TextPipe {
  push(piece: string): string
  end(piece?: string): string | Promise<string>
}

/** What was found of a text at its seams. */
type AtSeams = ReadonlyMap<string, readonly Finding[]> | undefined

/** What is done with the texts of a reply. */
interface ReplyWork {
  /** The pipe of a lane or of a whole text; undefined where nobody looks at it. */
  readonly open: (text: ReplyText, atSeams?: AtSeams) => TextPipe | undefined
  /** Finds what is divided between the whole texts of a part. */
  readonly findDivided?: (texts: readonly ReplyText[]) => Promise<SeamFindings>
  /** Looks at the texts of a part that are whole, when they have gone through their pipes. */
  readonly judge?: (texts: readonly ReplyText[]) => Promise<void>
  /** Waited for where a reply is refused in a part with which one of its texts ends, and which is not the last. */
  readonly readOn?: (error: GatewayError) => Promise<void>
}

/**
 * Takes the texts of a reply through pipes, each lane through one of its own. Parts without texts pass as they are; a part whose texts did not
 * change keeps its bytes. What a pipe held back is said before the part that ends its lane.
 */
function throughPipes<Part>(texts: ReplyTexts<Part>, { open, findDivided, judge, readOn }: ReplyWork): PartTransform<Part, Part> {
  const lanes = new Map<string, TextPipe | undefined>()
  const pipeOf = (text: ReplyText, atSeams: AtSeams): TextPipe | undefined => {
    if (text.lane === undefined) return open(text, atSeams)
    if (!lanes.has(text.lane)) lanes.set(text.lane, open(text))
    return lanes.get(text.lane)
  }
  const pass = async (text: ReplyText, isEnd: boolean, atSeams: AtSeams): Promise<string> => {
    const pipe = pipeOf(text, atSeams)
    if (pipe === undefined) return text.text
    if (!isEnd) return pipe.push(text.text)
    if (text.lane !== undefined) lanes.delete(text.lane)
    return pipe.end(text.text)
  }
  const end = async (ended: readonly string[]): Promise<Part[]> => {
    const said: Part[] = []
    for (const lane of ended) {
      const rest = (await lanes.get(lane)?.end()) ?? ''
      lanes.delete(lane)
      if (rest !== '') said.push(texts.say(lane, rest))
    }
    return said
  }
  const take = async (part: Part, read: readonly ReplyText[], ended: readonly string[] | 'all'): Promise<Part[]> => {
    const passed: string[] = []
    const divided = read.some(({ joins }) => joins !== undefined) ? await findDivided?.(read) : undefined
    for (const [index, text] of read.entries()) {
      const isEnd = text.lane === undefined || ended === 'all' || ended.includes(text.lane)
      passed.push(await pass(text, isEnd, divided?.get(index)))
    }
    if (judge !== undefined)
      await judge(read.flatMap((text, index) => (text.lane === undefined ? [{ ...text, text: passed[index] ?? '' }] : [])))
    const said = await end(ended === 'all' ? [...lanes.keys()] : ended)
    const isChanged = passed.some((text, index) => text !== read[index]?.text)
    return [...said, isChanged ? texts.write(part, passed) : part]
  }
  return {
    part: async (part) => {
      const read = texts.read(part)
      const ended = texts.ends(part)
      try {
        return await take(part, read, ended)
      } catch (thrown) {
        if (ended !== 'all' && ended.length > 0) await readOn?.(asGatewayError(thrown))
        throw thrown
      }
    },
    flush: () => end([...lanes.keys()]),
  }
}

/** What looks at one reply. */
interface ReplyGuards extends Pick<ReplyWork, 'readOn'> {
  readonly call: Call
  readonly guards: readonly Guard[]
  readonly judges: Judges
}

/** Looks at what a model, a tool or an agent says. */
export function guardReply<Part>({ call, guards, judges, readOn }: ReplyGuards, texts: ReplyTexts<Part>): PartTransform<Part, Part> {
  const byPhase = guardsByPhase(guards)
  const hasJudge = guards.some(({ judge }) => judge !== undefined)
  return throughPipes(texts, {
    open: (text, atSeams) => {
      const asked = byPhase.get(text.phase)
      return asked === undefined ? undefined : pipeThrough(call, { asked, atSeams }, judges, text)
    },
    findDivided: (read) =>
      findInSeams(
        read.map((text) => (hasEscapes(text) ? { ...text, text: readEscapes(text.text) } : text)),
        { guards, judges },
      ),
    ...(readOn === undefined ? {} : { readOn }),
    ...(hasJudge ? { judge: (whole: readonly ReplyText[]) => judgeWhole(call, byPhase, judges, whole) } : {}),
  })
}

interface Asked {
  readonly asked: readonly Guard[]
  readonly atSeams: AtSeams
}

function pipeThrough(call: Call, { asked, atSeams }: Asked, judges: Judges, text: ReplyText): TextPipe {
  if (text.lane !== undefined || text.text.length <= LONG_TEXT) return pipeHere(call, withSeams(asked, atSeams), judges, text)
  return {
    push: (piece) => piece,
    end: async (piece = '') => {
      const [known = asked] = await searchElsewhere(judges, asked, [hasEscapes(text) ? readEscapes(piece) : piece])
      return pipeHere(call, withSeams(known, atSeams), judges, text).end(piece)
    },
  }
}

/** Whether it is JSON, or may be: tools answer with it as often as not. */
function hasEscapes({ isJson, lane, phase }: ReplyText): boolean {
  return isJson === true || (lane === undefined && phase === 'toolResults')
}

function pipeHere(call: Call, asked: readonly Guard[], judges: Judges, text: ReplyText): TextPipe {
  const pipe = pipeOfGuards(call, asked, judges, text)
  if (!hasEscapes(text)) return pipe
  return text.lane === undefined ? keepingEscapes(pipe) : inTurn(new EscapeLane(), pipe)
}

/** Has what escapes stand for looked at. A whole text in which nothing is changed keeps them. */
function keepingEscapes(pipe: TextPipe): TextPipe {
  return {
    push: (piece) => pipe.push(readEscapes(piece)),
    end: async (piece = '') => {
      const read = readEscapes(piece)
      const passed = await pipe.end(read)
      return passed === read ? piece : passed
    },
  }
}

function pipeOfGuards(
  call: Call,
  asked: readonly Guard[],
  judges: Judges,
  { phase, lane, isRepeat, isAside, isThinking }: ReplyText,
): TextPipe {
  const spans = new Lane(asked, {
    onFound: (guard, finding) => (isRepeat && guard.action !== 'block' ? undefined : onFound(call, guard, phase, finding, 'in the reply')),
    // Nobody can put it back: there is nothing to number.
    replacementOf: (_guard, kind) => `[${kind}]`,
  })
  if (isRepeat || isAside) return spans
  const answering = isThinking ? asked.map((guard) => ({ ...guard, wholes: guard.wholes.filter(({ needsEnd }) => !needsEnd) })) : asked
  const looked = answering.some(({ wholes }) => wholes.length > 0) ? inTurn(new WholeLane(call, answering, phase), spans) : spans
  const isJudged = lane !== undefined && asked.some(({ judge }) => judge !== undefined)
  return isJudged ? inTurn(looked, new JudgeLane(call, judges, asked, phase)) : looked
}

/** What the first lets go on is looked at by the second. */
function inTurn(first: TextPipe, second: TextPipe): TextPipe {
  return { push: (piece) => second.push(first.push(piece)), end: async (piece) => second.end(await first.end(piece)) }
}

async function judgeWhole(
  call: Call,
  byPhase: ReadonlyMap<Phase, readonly Guard[]>,
  judges: Judges,
  whole: readonly ReplyText[],
): Promise<void> {
  for (const [phase, guards] of byPhase) {
    const texts = whole.filter((text) => text.phase === phase && text.isRepeat !== true && text.isAside !== true).map(({ text }) => text)
    if (texts.length > 0) await consult(call, judges, { guards, phase, texts, where: 'in the reply' })
  }
}

/** Puts back what was hidden in the request. */
export function restoreReply<Part>(placeholders: Placeholders, texts: ReplyTexts<Part>): PartTransform<Part, Part> {
  return throughPipes(texts, { open: ({ isJson }) => new RestoringLane(placeholders, isJson ? escapeForJson : (value) => value) })
}

function escapeForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}
