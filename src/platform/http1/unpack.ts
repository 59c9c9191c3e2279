import type { Readable } from 'node:stream'
import { NetworkError, type PeerReply } from '../../core/peer-reply.ts'

/** What a body may be packed with (RFC 9110, section 8.4.1). */
type Packing = 'gzip' | 'deflate' | 'br' | 'zstd'

const PACKINGS: Readonly<Record<string, Packing>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'br', zstd: 'zstd' }

/** Nobody packs twice without meaning ill. */
const MAX_PACKINGS = 2

/**
 * A reply whose body is unpacked as it is read: a peer may pack though it was not asked to.
 * @throws NetworkError malformed where it cannot be undone: what is packed is no answer to anybody
 */
export function unpacked(reply: PeerReply, contentEncoding: string): PeerReply {
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  const packings = names.map((name) => PACKINGS[name]).filter((packing) => packing !== undefined)
  if (packings.length < names.length || packings.length > MAX_PACKINGS) {
    throw new NetworkError('malformed', 'The body of the reply is packed in a way that nobody asked for.')
  }
  if (packings.length === 0) return reply
  return new UnpackedReply(reply, packings.reverse())
}

class UnpackedReply implements PeerReply {
  readonly #reply: PeerReply
  readonly #packings: readonly Packing[]
  #pieces: AsyncIterator<Uint8Array> | undefined

  constructor(reply: PeerReply, packings: readonly Packing[]) {
    this.#reply = reply
    this.#packings = packings
  }

  get status(): number {
    return this.#reply.status
  }

  get headers(): PeerReply['headers'] {
    return this.#reply.headers
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      if (this.#pieces === undefined) {
        // Nothing is nothing, however it is packed.
        const first = await this.#reply.read()
        if (first === undefined) return undefined
        this.#pieces = await this.#open(first)
      }
      const next = await this.#pieces.next()
      return next.done ? undefined : next.value
    } catch (thrown) {
      this.#reply.abort()
      throw thrown instanceof NetworkError ? thrown : new NetworkError('malformed', 'The packing of the body is broken.', { cause: thrown })
    }
  }

  readArrived(): undefined {
    return undefined
  }

  abort(): void {
    this.#reply.abort()
  }

  /** Loaded only now: hardly any peer packs what was asked for plain. */
  async #open(first: Uint8Array): Promise<AsyncIterator<Uint8Array>> {
    const [{ pipeline, Readable }, zlib] = await Promise.all([import('node:stream'), import('node:zlib')])
    const make = { gzip: zlib.createGunzip, deflate: zlib.createInflate, br: zlib.createBrotliDecompress, zstd: zlib.createZstdDecompress }
    let last: Readable = Readable.from(piecesOf(first, this.#reply), { objectMode: false })
    for (const packing of this.#packings) {
      // Whoever reads the last of them hears of a failure of each.
      last = pipeline(last, make[packing](), () => {})
    }
    return last[Symbol.asyncIterator]()
  }
}

async function* piecesOf(first: Uint8Array, reply: PeerReply): AsyncGenerator<Uint8Array> {
  yield first
  for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) yield piece
}
