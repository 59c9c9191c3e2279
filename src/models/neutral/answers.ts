import { GatewayError } from '../../core/errors.ts'
import type { Content, ToolResultContent } from './content.ts'
import type { Losses } from './loss.ts'
import type { NeutralMessage, NeutralRequest } from './request.ts'

/**
 * Refuses a conversation with a call of a tool that nothing answers, for a provider that is known to refuse it.
 * @throws request_not_carried, with the place in the caller's own words
 */
export function refuseUnanswered({ unanswered = [] }: NeutralRequest): void {
  const [first] = unanswered
  if (first === undefined) return
  const { path, name } = first
  throw new GatewayError(
    'request_not_carried',
    `Nothing answers the call of the tool "${name.slice(0, 100)}" at "${path}", and the provider of this model refuses such a conversation: send its result, or leave the call out.`,
    { param: path },
  )
}

/**
 * Each result right behind its call, as nearly every wire wants it. Where a caller's wire lets results come later, between other things that
 * were said, they go before these.
 */
export function withResultsBeside(request: NeutralRequest, losses: Losses): NeutralRequest {
  const late = findLate(request.messages)
  if (late.size === 0) return request
  losses.approximate('messages', 'results of tools that come later stand right behind their calls in this wire')
  const moved = new Set<Content>([...late.values()].flat())
  const messages: { role: NeutralMessage['role']; content: Content[] }[] = []
  const add = (role: NeutralMessage['role'], content: readonly Content[]) => {
    const last = messages.at(-1)
    if (content.length === 0) return
    if (last?.role === role) last.content.push(...content)
    else messages.push({ role, content: [...content] })
  }
  request.messages.forEach(({ role, content }, at) => {
    const own = content.filter((piece) => !moved.has(piece))
    const behind = late.get(at - 1) ?? []
    // Results stand first: some wires want them so.
    const results = role === 'user' ? own.filter(({ type }) => type === 'tool-result') : []
    if (behind.length > 0) add('user', [...results, ...behind])
    add(role, behind.length > 0 && role === 'user' ? own.filter(({ type }) => type !== 'tool-result') : own)
  })
  return { ...request, messages }
}

/** Results that do not stand in the message behind that of their call, by the place of the call's. */
function findLate(messages: readonly NeutralMessage[]): ReadonlyMap<number, readonly ToolResultContent[]> {
  const calledAt = new Map<string, number>()
  const late = new Map<number, ToolResultContent[]>()
  messages.forEach(({ content }, at) => {
    for (const piece of content) {
      if (piece.type === 'tool-call') calledAt.set(piece.id, at)
      if (piece.type !== 'tool-result') continue
      const called = calledAt.get(piece.callId)
      if (called === undefined || called === at - 1) continue
      const list = late.get(called)
      if (list === undefined) late.set(called, [piece])
      else list.push(piece)
    }
  })
  return late
}
