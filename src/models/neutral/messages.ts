import type { Content, ToolCallContent } from './content.ts'
import { wrong } from './read.ts'
import type { NeutralMessage } from './request.ts'

/** Puts messages together: one message for each run of a role, and each tool result beside its call. */
export class MessageList {
  readonly #messages: { role: NeutralMessage['role']; content: Content[] }[] = []
  readonly #toolNames = new Map<string, string>()

  add(role: NeutralMessage['role'], content: readonly Content[]): void {
    if (content.length === 0) return
    for (const piece of content) if (piece.type === 'tool-call') this.#toolNames.set(piece.id, piece.name)
    const last = this.#messages.at(-1)
    if (last?.role === role) last.content.push(...content)
    else this.#messages.push({ role, content: [...content] })
  }

  /**
   * The name of the tool that a result answers.
   * @throws invalid_request where no call of this id came before
   */
  toolName(callId: string, path: string): string {
    const name = this.#toolNames.get(callId)
    if (name === undefined) throw wrong(path, `names "${callId.slice(0, 100)}", but no tool call with this id comes before it`)
    return name
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
