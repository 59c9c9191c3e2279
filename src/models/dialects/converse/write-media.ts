import type { JsonObject } from '../../../core/json.ts'
import type { AudioContent, DocumentContent, ImageContent } from '../../neutral/content.ts'
import { dropDetail } from '../../neutral/detail.ts'
import { cannotCarry, type Losses } from '../../neutral/loss.ts'

const IMAGES: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}
const DOCUMENTS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/csv': 'csv',
  'text/html': 'html',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
}

/** Writes images, documents and audio: their bytes, for this wire fetches nothing. Documents of a request each need a name of their own. */
export class MediaWriter {
  readonly #losses: Losses
  #documents = 0

  constructor(losses: Losses) {
    this.#losses = losses
  }

  /** @throws request_not_carried for an address, and for a format that the wire does not know */
  write(piece: ImageContent | DocumentContent | AudioContent): JsonObject {
    switch (piece.type) {
      case 'image':
        dropDetail(piece, this.#losses)
        return { image: bytesOf(piece, IMAGES) }
      case 'audio':
        return {
          audio: bytesOf(piece, {
            [typeOf(piece)]: typeOf(piece)
              .replace(/^audio\/(x-)?/, '')
              .replace('mpeg', 'mp3'),
          }),
        }
      default:
        return { document: this.#document(piece) }
    }
  }

  #document(piece: DocumentContent): JsonObject {
    const number = ++this.#documents
    // Only these characters are taken, and no name twice.
    const name = (piece.name ?? 'document').replace(/[^A-Za-z0-9 \-()[\]]/g, '-').slice(0, 100)
    if (name !== piece.name && piece.name !== undefined)
      this.#losses.approximate('document.name', 'this wire takes few characters in names')
    const given = number === 1 ? name : `${name} ${number}`
    const { source } = piece
    if (source.type === 'text') return { format: 'txt', name: given, source: { bytes: Buffer.from(source.text).toString('base64') } }
    return { name: given, ...bytesOf({ type: 'document', source }, DOCUMENTS) }
  }
}

type Sourced = Pick<ImageContent | AudioContent, 'source'> & { readonly type: 'image' | 'audio' | 'document' }

function typeOf({ source }: AudioContent): string {
  return source.mediaType ?? ''
}

function bytesOf({ type, source }: Sourced, formats: Readonly<Record<string, string>>): JsonObject {
  if (source.type === 'url') throw cannotCarry(type, 'this wire takes it in the request alone, not by an address')
  const format = Object.hasOwn(formats, source.mediaType) ? formats[source.mediaType] : undefined
  if (format === undefined) throw cannotCarry(type, `this wire does not take ${source.mediaType.slice(0, 100)}`)
  return { format, source: { bytes: source.data } }
}
