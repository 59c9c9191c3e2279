/** How much may wait for somebody who does not read. */
export interface WaitingBounds {
  readonly messages: number
  /** Characters of all of them together; a single one that is longer may wait alone. */
  readonly characters: number
}

/** Messages that wait for their reader, in order, and bounded: who sends them is not asked whether anybody reads. */
export class Waiting<Message extends string | { readonly text: string }> {
  readonly #bounds: WaitingBounds
  readonly #messages: Message[] = []
  #characters = 0

  constructor(bounds: WaitingBounds) {
    this.#bounds = bounds
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** Takes one in, unless there is no room. @returns whether it was taken in */
  push(message: Message): boolean {
    const size = lengthOf(message)
    const isFull = this.#messages.length >= this.#bounds.messages || this.#characters + size > this.#bounds.characters
    if (isFull && !this.isEmpty) return false
    this.#add(message, size)
    return true
  }

  /** Takes one in that must not be lost, room or not. */
  pushLast(message: Message): void {
    this.#add(message, lengthOf(message))
  }

  shift(): Message | undefined {
    const message = this.#messages.shift()
    if (message !== undefined) this.#characters -= lengthOf(message)
    return message
  }

  #add(message: Message, size: number): void {
    this.#messages.push(message)
    this.#characters += size
  }
}

function lengthOf(message: string | { readonly text: string }): number {
  return typeof message === 'string' ? message.length : message.text.length
}
