import type { Content } from './content.ts'
import type { Candidate, NeutralReply, StreamEvent } from './reply.ts'

/** The events of a stream that says the same as a whole answer: the other way round of `collectEvents`. */
export function spreadReply({ candidates, usage, losses, ...head }: NeutralReply): readonly StreamEvent[] {
  return [
    { type: 'start', ...head },
    // Before the content: a writer may have to tell the input first.
    ...(usage === undefined ? [] : [{ type: 'usage', usage } as const]),
    ...losses.map((loss) => ({ type: 'loss', loss }) as const),
    ...candidates.flatMap(spreadCandidate),
  ]
}

function spreadCandidate({ content, stop, logprobs }: Candidate, candidate: number): readonly StreamEvent[] {
  let calls = 0
  const events = content.flatMap((piece, at) => {
    const index = piece.type === 'tool-call' ? calls++ : 0
    const isAgain = at > 0 && content[at - 1]?.type === piece.type && (piece.type === 'text' || piece.type === 'thinking')
    return [...(isAgain ? [{ type: 'break', candidate } as const] : []), ...spreadPiece(piece, candidate, index)]
  })
  return [
    ...events,
    ...(logprobs === undefined ? [] : [{ type: 'logprobs', candidate, logprobs } as const]),
    ...(stop === undefined ? [] : [{ type: 'finish', candidate, stop } as const]),
  ]
}

function spreadPiece(piece: Content, candidate: number, index: number): readonly StreamEvent[] {
  switch (piece.type) {
    case 'text':
    case 'refusal':
      return [{ type: piece.type, candidate, text: piece.text }]
    case 'thinking': {
      const seal = piece.seal === undefined ? [] : [{ type: 'seal', candidate, seal: piece.seal, ...hidden(piece.isHidden) } as const]
      return piece.text === '' ? seal : [{ type: 'thinking', candidate, text: piece.text }, ...seal]
    }
    case 'tool-call': {
      const { id, name, isFree } = piece
      const call = { type: 'tool-call', candidate, index, id, name, ...(isFree ? { isFree } : {}) } as const
      return piece.arguments === '' ? [call] : [call, { type: 'arguments', candidate, index, text: piece.arguments }]
    }
    default:
      return [{ type: 'loss', loss: { path: piece.type, action: 'dropped', reason: 'no stream has this kind of content' } }]
  }
}

function hidden(isHidden: true | undefined): { readonly isHidden?: true } {
  return isHidden === undefined ? {} : { isHidden }
}
