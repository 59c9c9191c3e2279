import type { Content } from '../neutral/content.ts'
import type { NeutralRequest } from '../neutral/request.ts'
import type { ModelRequest, RequestBounds } from '../types.ts'

/** What bounds the cost of a request: as its wire's decoder read it, else as its neutral form says. */
export function boundsOf(request: ModelRequest): RequestBounds {
  return request.bounds ?? (request.operation === 'embed' ? NO_OUTPUT : boundsOfNeutral(request.neutral()))
}

const NO_OUTPUT: RequestBounds = { choices: 1, mediaParts: 0, mediaBytes: 0 }

/** What the neutral form of a request bounds. What that form cannot say might cost something: then nothing is certain. */
function boundsOfNeutral({ messages, maxOutputTokens, candidates, losses }: NeutralRequest): RequestBounds {
  const media = messages.flatMap(({ content }) => content.flatMap(mediaOf))
  const [first] = media
  const [loss] = losses
  const unbounded =
    first !== undefined ? `${KINDS[first.type]} among its messages` : loss === undefined ? undefined : `the field ${loss.path.slice(0, 80)}`
  return {
    choices: Math.max(1, candidates ?? 1),
    mediaParts: media.length,
    mediaBytes: media.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(unbounded === undefined ? {} : { unbounded }),
  }
}

interface Media {
  readonly type: 'image' | 'document' | 'audio'
  readonly sizeBytes: number
}

const KINDS = { image: 'an image', document: 'a document', audio: 'a sound' } as const

function mediaOf(piece: Content): readonly Media[] {
  if (piece.type === 'tool-result') return piece.content.flatMap(mediaOf)
  if (piece.type !== 'image' && piece.type !== 'document' && piece.type !== 'audio') return []
  const { source } = piece
  const sizeBytes = source.type === 'base64' ? source.data.length : source.type === 'url' ? source.url.length : 0
  return [{ type: piece.type, sizeBytes }]
}
