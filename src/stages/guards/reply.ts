import type { Call } from '../../core/call.ts'
import type { PartTransform } from '../../core/stage.ts'
import { Lane } from './lane.ts'
import { type Placeholders, RestoringLane } from './placeholders.ts'
import type { ReplyText, ReplyTexts } from './port.ts'
import { guardsByPhase, onFound } from './request.ts'
import type { Guard } from './types.ts'
import { WholeLane } from './whole-lane.ts'

/** A text of a stream on its way: pieces in, what may go on out. */
interface TextPipe {
  push(piece: string): string
  end(piece?: string): string
}

/**
 * Takes the texts of a reply through pipes, each lane through one of its own. Parts without texts pass as they are; a part whose texts did not
 * change keeps its bytes. What a pipe held back is said before the part that ends its lane.
 * @param open the pipe of a lane or of a whole text; undefined where nobody looks at it
 */
export function throughPipes<Part>(texts: ReplyTexts<Part>, open: (text: ReplyText) => TextPipe | undefined): PartTransform<Part, Part> {
  const lanes = new Map<string, TextPipe | undefined>()
  const pipeOf = (text: ReplyText): TextPipe | undefined => {
    if (text.lane === undefined) return open(text)
    if (!lanes.has(text.lane)) lanes.set(text.lane, open(text))
    return lanes.get(text.lane)
  }
  const end = (ended: readonly string[]): Part[] => {
    const said: Part[] = []
    for (const lane of ended) {
      const rest = lanes.get(lane)?.end() ?? ''
      lanes.delete(lane)
      if (rest !== '') said.push(texts.say(lane, rest))
    }
    return said
  }
  return {
    part: (part) => {
      const read = texts.read(part)
      const ended = texts.ends(part)
      const endsLane = (lane: string | undefined) => lane === undefined || ended === 'all' || ended.includes(lane)
      const passed = read.map((text) => {
        const pipe = pipeOf(text)
        if (pipe === undefined) return text.text
        const given = endsLane(text.lane) ? pipe.end(text.text) : pipe.push(text.text)
        if (text.lane !== undefined && endsLane(text.lane)) lanes.delete(text.lane)
        return given
      })
      const said = ended === 'all' ? end([...lanes.keys()]) : ended.length === 0 ? [] : end(ended)
      const isChanged = passed.some((text, index) => text !== read[index]?.text)
      const own = isChanged ? texts.write(part, passed) : part
      return said.length === 0 ? [own] : [...said, own]
    },
    flush: () => end([...lanes.keys()]),
  }
}

/** Looks at what a model or a tool says. */
export function guardReply<Part>(call: Call, guards: readonly Guard[], texts: ReplyTexts<Part>): PartTransform<Part, Part> {
  const byPhase = guardsByPhase(guards)
  return throughPipes(texts, ({ phase, isRepeat }) => {
    const asked = byPhase.get(phase)
    if (asked === undefined) return undefined
    const lane = new Lane(asked, {
      onFound: (guard, finding) => (isRepeat ? undefined : onFound(call, guard, phase, finding, 'in the reply')),
      // Nobody can put it back: there is nothing to number.
      replacementOf: (_guard, kind) => `[${kind}]`,
    })
    if (isRepeat || asked.every(({ wholes }) => wholes.length === 0)) return lane
    return inTurn(new WholeLane(call, asked, phase), lane)
  })
}

/** What the first lets go on is looked at by the second. */
function inTurn(first: TextPipe, second: TextPipe): TextPipe {
  return { push: (piece) => second.push(first.push(piece)), end: (piece) => second.end(first.end(piece)) }
}

/** Puts back what was hidden in the request. */
export function restoreReply<Part>(placeholders: Placeholders, texts: ReplyTexts<Part>): PartTransform<Part, Part> {
  return throughPipes(texts, ({ isJson }) => new RestoringLane(placeholders, isJson ? escapeForJson : (value) => value))
}

function escapeForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}
