import type { Dialect, WireName } from '../types.ts'
import { openaiChat } from './openai-chat/index.ts'

/** Every wire that is spoken: one line a wire. */
export const dialects: Readonly<Record<WireName, Dialect>> = {
  'openai-chat': openaiChat,
}
