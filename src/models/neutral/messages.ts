import type { Content, ToolCallContent, ToolResultContent } from './content.ts'
import { wrong } from './read.ts'
import type { NeutralMessage, UnansweredCall } from './request.ts'

/** Puts messages together: one message for each run of a role, and each tool result beside its call. */
export class MessageList {
  readonly #messages: { role: NeutralMessage['role']; content: Content[] }[] = []
  readonly #calls = new Map<string, ToolCallContent>()
  readonly #open = new Map<string, () => UnansweredCall>()

  /** @param pathOf where the calls in the content stand, by their number in it from 0 */
  add(role: NeutralMessage['role'], content: readonly Content[], pathOf: (nth: number) => string = () => ''): void {
    if (content.length === 0) return
    let nth = 0
    for (const piece of content) {
      if (piece.type === 'tool-result') this.#open.delete(piece.callId)
      if (piece.type !== 'tool-call') continue
      const number = nth++
      this.#calls.set(piece.id, piece)
      this.#open.set(piece.id, () => ({ path: pathOf(number), name: piece.name }))
    }
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

  /** Calls that no result has answered; undefined where each has its own, as nearly always. */
  get unanswered(): readonly UnansweredCall[] | undefined {
    return this.#open.size === 0 ? undefined : [...this.#open.values()].map((tell) => tell())
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
