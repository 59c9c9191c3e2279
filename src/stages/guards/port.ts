import type { Phase } from './types.ts'

/** What a layer tells the guards of its requests and replies: where the texts are, and how other texts are put in their places. */
export interface GuardedTexts<In, Part> {
  readonly request: RequestTexts<In>
  /** Made once for each reply. */
  openReply(input: In): ReplyTexts<Part>
}

/** A text of a request. */
export interface RequestText {
  readonly phase: Phase
  readonly text: string
  /** As the caller wrote it: `messages[2].content`. */
  readonly path: string
  /** Texts of one phase and one such name are read as one, in their order: the parts of a message. */
  readonly joins?: string
}

/** Texts of requests. */
export interface RequestTexts<In> {
  /** All texts, in the order in which they stand. */
  read(input: In): readonly RequestText[]
  /** The request with other texts. @param changes by the index in what `read` gave */
  write(input: In, changes: ReadonlyMap<number, string>): In
}

/** A text of a part of a reply. */
export interface ReplyText {
  readonly phase: Phase
  readonly text: string
  /** The text that this is the next piece of. Absent: it is whole by itself. */
  readonly lane?: string
  /** Of texts that are whole: those of one phase and one such name, in one part, are read as one. */
  readonly joins?: string
  /** Whether it is text of JSON: what is put into it is escaped. */
  readonly isJson?: boolean
  /** Whether it says again what other parts have said: it is looked at, and not counted. */
  readonly isRepeat?: boolean
  /** Whether a model says it to itself: what answers must be like does not bind it. */
  readonly isThinking?: boolean
  /** Whether it stands beside what is said: spans are found in it, but it is no answer as a whole, and judges do not see it. */
  readonly isAside?: boolean
}

/** Texts of one reply. */
export interface ReplyTexts<Part> {
  /** The texts of a part; empty for most that carry none. */
  read(part: Part): readonly ReplyText[]
  /** The part with other texts, in the order of `read`. */
  write(part: Part, texts: readonly string[]): Part
  /** The lanes that have their last piece in this part or before it. */
  ends(part: Part): readonly string[] | 'all'
  /** A part that says no more than this text on a lane that was read before. */
  say(lane: string, text: string): Part
}
