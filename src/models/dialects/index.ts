import { GatewayError } from '../../core/errors.ts'
import type { Dialect } from '../dialect.ts'
import type { WireName } from '../types.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { converse } from './converse/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiCompletions } from './openai-completions/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

/** Every wire that is spoken: one line a wire. */
export const dialects: Readonly<Partial<Record<WireName, Dialect>>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-completions': openaiCompletions,
  'anthropic-messages': anthropicMessages,
  gemini,
  converse,
}

/** The dialect of a wire. */
export function dialectOf(wire: WireName): Dialect {
  const dialect = dialects[wire]
  if (dialect === undefined) throw new GatewayError('internal', `Nobody speaks the wire ${wire}.`)
  return dialect
}
