import type { Usage } from '../../core/events.ts'
import type { Citation, Content } from './content.ts'
import type { Loss } from './loss.ts'
import type { Candidate, NeutralReply, StopReason, StreamEvent, TokenLogprob } from './reply.ts'

/** What is open while the events of one candidate are gathered. */
interface Gathered {
  readonly content: Content[]
  readonly calls: Map<number, number>
  readonly logprobs: TokenLogprob[]
  isBroken: boolean
  stop?: StopReason
}

/** The whole answer that the events of a stream make up. */
export function collectEvents(events: Iterable<StreamEvent>): NeutralReply {
  const candidates = new Map<number, Gathered>()
  let head: Pick<NeutralReply, 'id' | 'model' | 'createdSeconds'> = {}
  let usage: Usage | undefined
  const losses: Loss[] = []
  for (const event of events) {
    if (event.type === 'start') {
      const { type, ...said } = event
      head = said
    } else if (event.type === 'usage') usage = event.usage
    else if (event.type === 'loss') losses.push(event.loss)
    else gather(candidateOf(candidates, event.candidate), event)
  }
  const ordered = [...candidates.entries()].sort(([left], [right]) => left - right).map(([, gathered]) => candidateFrom(gathered))
  return { ...head, candidates: ordered, ...(usage === undefined ? {} : { usage }), losses }
}

function candidateOf(candidates: Map<number, Gathered>, index: number): Gathered {
  const known = candidates.get(index)
  if (known !== undefined) return known
  const made: Gathered = { content: [], calls: new Map(), logprobs: [], isBroken: false }
  candidates.set(index, made)
  return made
}

function candidateFrom({ content, stop, logprobs }: Gathered): Candidate {
  return { content, ...(stop === undefined ? {} : { stop }), ...(logprobs.length === 0 ? {} : { logprobs }) }
}

type CandidateEvent = Exclude<StreamEvent, { readonly type: 'start' | 'usage' | 'loss' }>

function gather(into: Gathered, event: CandidateEvent): void {
  switch (event.type) {
    case 'text':
    case 'refusal':
    case 'thinking':
      extend(into, event)
      return
    case 'seal':
      seal(into, event)
      return
    case 'break':
      into.isBroken = true
      return
    case 'tool-call':
      into.calls.set(event.index, into.content.length)
      into.content.push({ type: 'tool-call', id: event.id, name: event.name, arguments: '', ...(event.isFree ? { isFree: true } : {}) })
      return
    case 'arguments': {
      const at = into.calls.get(event.index)
      const call = at === undefined ? undefined : into.content[at]
      if (at !== undefined && call?.type === 'tool-call') into.content[at] = { ...call, arguments: call.arguments + event.text }
      return
    }
    case 'citation':
      cite(into, event.citation)
      return
    case 'logprobs':
      into.logprobs.push(...event.logprobs)
      return
    case 'finish':
      into.stop = event.stop
      return
    default:
      event satisfies never
  }
}

function extend(into: Gathered, event: { readonly type: 'text' | 'refusal' | 'thinking'; readonly text: string }): void {
  const last = into.content.at(-1)
  const isOpen = last?.type === event.type && !into.isBroken && !(last.type === 'thinking' && last.seal !== undefined)
  if (isOpen) into.content[into.content.length - 1] = { ...last, text: last.text + event.text }
  else if (event.text !== '') into.content.push({ type: event.type, text: event.text })
  into.isBroken = false
}

function cite(into: Gathered, citation: Citation): void {
  const last = into.content.at(-1)
  if (last?.type === 'text') into.content[into.content.length - 1] = { ...last, citations: [...(last.citations ?? []), citation] }
}

function seal(into: Gathered, event: CandidateEvent & { readonly type: 'seal' }): void {
  const last = into.content.at(-1)
  if (last?.type === 'thinking' && last.seal === undefined && !into.isBroken && event.isHidden === undefined) {
    into.content[into.content.length - 1] = { ...last, seal: event.seal }
  } else {
    into.content.push({ type: 'thinking', text: '', ...(event.isHidden ? { isHidden: true } : {}), seal: event.seal })
  }
  into.isBroken = false
}
