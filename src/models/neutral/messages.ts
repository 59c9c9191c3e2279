import type { Content, ToolCallContent, ToolResultContent } from './content.ts'
import { wrong } from './read.ts'
import type { NeutralMessage } from './request.ts'

/** Puts messages together: one message for each run of a role, and each tool result beside its call. */
export class MessageList {
  readonly #messages: { role: NeutralMessage['role']; content: Content[] }[] = []
  readonly #calls = new Map<string, ToolCallContent>()

  add(role: NeutralMessage['role'], content: readonly Content[]): void {
    if (content.length === 0) return
    for (const piece of content) if (piece.type === 'tool-call') this.#calls.set(piece.id, piece)
    const last = this.#messages.at(-1)
    if (last?.role === role) last.content.push(...content)
    else this.#messages.push({ role, content: [...content] })
  }

  /**
   * The name of the tool that a result answers.
   * @throws invalid_request where no call of this id came before
   */
  toolName(callId: string, path: string): string {
    return this.answered(callId, path).name
  }

  /**
   * What a result says of the call that it answers.
   * @throws invalid_request where no call of this id came before
   */
  answered(callId: string, path: string): Pick<ToolResultContent, 'callId' | 'name' | 'isFree'> {
    const call = this.#calls.get(callId)
    if (call === undefined) throw wrong(path, `names "${callId.slice(0, 100)}", but no tool call with this id comes before it`)
    return { callId, name: call.name, ...(call.isFree ? { isFree: true } : {}) }
  }

  /** Calls of the last message, where it is the assistant's. */
  get openCalls(): readonly ToolCallContent[] {
    const last = this.#messages.at(-1)
    return last?.role === 'assistant' ? last.content.filter((piece) => piece.type === 'tool-call') : []
  }

  get list(): readonly NeutralMessage[] {
    return this.#messages
  }
}
