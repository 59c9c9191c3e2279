import type { JsonObject } from '../../core/json.ts'
import type { WireName } from '../types.ts'

/** A mark behind which the provider may cache the prompt. */
export interface CacheMark {
  readonly ttl?: '5m' | '1h'
  /** As OpenAI has it, whose times are other ones: goes back there word for word. */
  readonly breakpoint?: JsonObject
}

/** Where the bytes of something that is no text are. */
export type MediaSource =
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string; readonly mediaType?: string }

export interface TextContent {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
  readonly cache?: CacheMark
}

/** What a piece of an answer rests on. */
export interface Citation {
  readonly url?: string
  readonly title?: string
  readonly citedText?: string
  /** Characters of the text that it belongs to, where they are told. */
  readonly from?: number
  readonly to?: number
}

export interface ImageContent {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: 'auto' | 'low' | 'high'
  readonly cache?: CacheMark
}

/** A PDF or a text file. */
export interface DocumentContent {
  readonly type: 'document'
  readonly source: MediaSource | { readonly type: 'text'; readonly text: string }
  readonly name?: string
  readonly cache?: CacheMark
}

export interface AudioContent {
  readonly type: 'audio'
  readonly source: MediaSource
}

/** What a model thought, where it is told, with the seal that its provider wants back. */
export interface ThinkingContent {
  readonly type: 'thinking'
  readonly text: string
  /** Encrypted whole: there is no text and never was. */
  readonly isHidden?: true
  readonly seal?: Seal
}

/** A signature or encrypted reasoning, as a provider of that wire made it. Means nothing to any other. */
export interface Seal {
  readonly wire: WireName
  readonly value: string
}

export interface ToolCallContent {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** JSON text, as the model wrote it. Empty where the model gave none. */
  readonly arguments: string
  /** The arguments are one free text and no JSON. */
  readonly isFree?: true
  readonly cache?: CacheMark
}

export interface ToolResultContent {
  readonly type: 'tool-result'
  readonly callId: string
  /** Of the tool. */
  readonly name: string
  /** Answers a call with free text. */
  readonly isFree?: true
  readonly content: readonly (TextContent | ImageContent | DocumentContent)[]
  readonly isError?: true
  readonly cache?: CacheMark
}

export interface RefusalContent {
  readonly type: 'refusal'
  readonly text: string
}

/** A piece of a message. */
export type Content =
  | TextContent
  | ImageContent
  | DocumentContent
  | AudioContent
  | ThinkingContent
  | ToolCallContent
  | ToolResultContent
  | RefusalContent

/** Whether a piece may stand in the result of a tool. */
export function isResultContent(piece: Content): piece is ToolResultContent['content'][number] {
  return piece.type === 'text' || piece.type === 'image' || piece.type === 'document'
}
