import { faultOf, NetworkError, type NetworkFault, type PeerReply } from '../../core/peer-reply.ts'
import { ChunkedDecoder } from './chunked.ts'
import type { Connection } from './connection.ts'
import { Head, MAX_HEAD_BYTES } from './head.ts'
import type { WholeRequest } from './request-head.ts'
import { unpacked } from './unpack.ts'

/** So much of a body may wait for a reader; then the connection is not read either. One read of the runtime may exceed it once. */
const MAX_QUEUED_BYTES = 64 * 1024
/** The runtime reads half a megabyte at a time. Such a piece is given out in copies of this size, and its memory is given back with the last of them. */
const LARGE_PIECE_BYTES = 32 * 1024
/** Informational replies (100, 103) before the real one. */
const MAX_INFORMATIONAL = 100
const HEAD_BEGINS = Buffer.from('HTTP/1.')
const NOTHING = new Uint8Array(0)

/** How the end of a body is told. */
type Framing = 'length' | 'chunked' | 'close'

interface Waiter {
  readonly resolve: (piece: Uint8Array | undefined) => void
  readonly reject: (failure: NetworkError) => void
}

/** One request and its reply. It is the reply itself, too: there is one object for both, and it lives for one call. */
export class Transaction implements PeerReply {
  readonly request: WholeRequest
  /** Start line, fields and the empty line. */
  readonly headText: string
  /** Resolves when the head of the reply is there. */
  readonly replied: Promise<PeerReply>
  #resolveHead: (reply: PeerReply) => void = () => {}
  #rejectHead: (failure: NetworkError) => void = () => {}
  #connection: Connection | undefined
  #head: Head | undefined
  #informational = 0
  #isReplied = false
  #partialHead: Buffer | undefined
  #framing: Framing = 'length'
  #leftBytes = 0
  #chunks: ChunkedDecoder | undefined
  #mayReuse = false
  #first: Uint8Array | undefined
  /** Whether `#first` is what is left of a large piece. */
  #isPartTaken = false
  #others: Uint8Array[] | undefined
  #queuedBytes = 0
  #isPaused = false
  #waiter: Waiter | undefined
  #failure: NetworkError | undefined
  #isComplete = false

  constructor(request: WholeRequest, headText: string) {
    this.request = request
    this.headText = headText
    this.replied = new Promise((resolve, reject) => {
      this.#resolveHead = resolve
      this.#rejectHead = reject
    })
    request.signal.addEventListener('abort', this.#onAbort)
  }

  get status(): number {
    return this.#head?.status ?? 0
  }

  get headers(): Head {
    // There is nobody who could ask before the head is there: `replied` gives this object out.
    return this.#head as Head
  }

  /** Whether its reply came to its end. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  get isOver(): boolean {
    return this.#isComplete || this.#failure !== undefined
  }

  /** Whether the peer has said anything: then it has seen the request. */
  get isHeard(): boolean {
    return this.#head !== undefined || this.#partialHead !== undefined || this.#informational > 0
  }

  /** How long the peer keeps an idle connection, in seconds, where it says so. */
  get keepAliveSeconds(): number | undefined {
    const said = this.#head?.get('keep-alive') ?? null
    if (said === null) return undefined
    const seconds = /(?:^|[\s,;])timeout=(\d{1,9})/i.exec(said)?.[1]
    return seconds === undefined ? undefined : Number(seconds)
  }

  /** It has a connection now, or another one. */
  attach(connection: Connection): void {
    this.#connection = connection
  }

  /** Takes bytes from the connection. */
  take(bytes: Buffer): void {
    try {
      const rest = this.#head === undefined ? this.#takeHead(bytes) : bytes
      if (rest !== undefined && this.#head !== undefined && !this.isOver) this.#takeBody(rest)
    } catch (thrown) {
      this.fail(thrown instanceof NetworkError ? thrown : new NetworkError('malformed', String(thrown), { cause: thrown }))
    }
  }

  /** The peer has closed the connection. @param error where it broke */
  takeEnd(error: Error | undefined): void {
    if (this.isOver) return
    if (this.#head !== undefined && this.#framing === 'close' && error === undefined) this.#complete(false)
    else this.fail(lost(error))
  }

  /** Ends it with a failure, and its connection with it. */
  fail(failure: NetworkError): void {
    if (this.isOver) return
    this.#failure = failure
    this.#leave(false)
    // What was not read yet is of no use any more, and may be large.
    if (this.#first !== undefined && (this.#isPartTaken || this.#first.length > LARGE_PIECE_BYTES)) giveBack(this.#first)
    this.#first = this.#others = undefined
    if (!this.#isReplied) this.#rejectHead(failure)
    this.#waiter?.reject(failure)
    this.#waiter = undefined
  }

  failWith(fault: NetworkFault, message: string, cause?: unknown): void {
    this.fail(new NetworkError(fault, message, { cause }))
  }

  abort(): void {
    this.failWith('aborted', 'The request was aborted.')
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (this.#first !== undefined) return this.#takeQueued(this.#first)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#isComplete) return undefined
    if (this.#isPaused) this.#resume()
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  readArrived(): Uint8Array | undefined {
    if (!this.#isComplete || this.#others !== undefined) return undefined
    const whole = this.#first ?? NOTHING
    this.#first = undefined
    this.#isPartTaken = false
    return whole
  }

  readonly #onAbort = (): void => this.abort()

  /** @returns what is behind the head */
  #takeHead(bytes: Buffer): Buffer | undefined {
    let at = 0
    const given = this.#partialHead === undefined ? bytes : Buffer.concat([this.#partialHead, bytes])
    this.#partialHead = undefined
    for (;;) {
      const end = given.indexOf('\r\n\r\n', at, 'latin1')
      if (end === -1 || end - at > MAX_HEAD_BYTES) return this.#keepPartial(given.subarray(at))
      const head = new Head(given.toString('latin1', at, end))
      at = end + 4
      if (head.status >= 200) {
        this.#begin(head)
        return given.subarray(at)
      }
      // What was upgraded speaks another protocol, and nobody asked for one.
      if (head.status === 101 || ++this.#informational > MAX_INFORMATIONAL) throw malformed('an informational reply that nobody asked for')
    }
  }

  #keepPartial(partial: Buffer): undefined {
    if (partial.length > MAX_HEAD_BYTES) throw malformed(`a head of more than ${MAX_HEAD_BYTES} bytes`)
    const length = Math.min(partial.length, HEAD_BEGINS.length)
    if (partial.compare(HEAD_BEGINS, 0, length, 0, length) !== 0) throw malformed('something that is not HTTP')
    if (partial.length > 0) this.#partialHead = partial
  }

  /** Decides how the end of the body is told (RFC 9112, section 6.3). */
  #begin(head: Head): void {
    this.#head = head
    const said = head.get('connection')
    this.#mayReuse = head.isModern && (said === null || !/(?:^|,)\s*close\s*(?:,|$)/i.test(said))
    const isBodiless = this.request.method === 'HEAD' || head.status === 204 || head.status === 304
    const transfer = isBodiless ? null : head.get('transfer-encoding')
    const length = isBodiless ? null : head.get('content-length')
    if (transfer !== null) {
      if (transfer.toLowerCase() !== 'chunked') throw malformed('a transfer encoding that nobody asked for')
      this.#framing = 'chunked'
      this.#chunks = new ChunkedDecoder()
      // Two ways to tell the length: whoever stood in between may have believed the other one.
      if (length !== null || !head.isModern) this.#mayReuse = false
    } else if (length !== null) {
      this.#leftBytes = lengthOf(length)
    } else if (!isBodiless) {
      this.#framing = 'close'
      this.#mayReuse = false
    }
    const packing = isBodiless ? null : head.get('content-encoding')
    const reply = packing === null ? this : unpacked(this, packing)
    this.#isReplied = true
    this.#resolveHead(reply)
  }

  #takeBody(bytes: Buffer): void {
    if (this.#framing === 'length') {
      const isLast = bytes.length >= this.#leftBytes
      const piece = bytes.length > this.#leftBytes ? bytes.subarray(0, this.#leftBytes) : bytes
      const surplus = bytes.length - piece.length
      this.#leftBytes -= piece.length
      this.#give(piece)
      if (isLast) this.#complete(surplus === 0)
    } else if (this.#chunks !== undefined) {
      this.#give(this.#chunks.decode(bytes))
      if (this.#chunks.isOver) this.#complete(this.#chunks.endedAt === bytes.length)
    } else {
      this.#give(bytes)
    }
  }

  #give(piece: Uint8Array): void {
    if (piece.length === 0) return
    const waiter = this.#waiter
    if (waiter !== undefined && piece.length <= LARGE_PIECE_BYTES) {
      this.#waiter = undefined
      waiter.resolve(piece)
      return
    }
    this.#queuedBytes += piece.length
    if (this.#first === undefined) this.#first = piece
    else if (this.#others === undefined) this.#others = [piece]
    else this.#others.push(piece)
    if (waiter !== undefined && this.#first !== undefined) {
      this.#waiter = undefined
      waiter.resolve(this.#takeQueued(this.#first))
    }
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#pause()
  }

  #takeQueued(first: Uint8Array): Uint8Array {
    const isLarge = first.length > LARGE_PIECE_BYTES
    const piece = isLarge || this.#isPartTaken ? new Uint8Array(first.subarray(0, LARGE_PIECE_BYTES)) : first
    if (isLarge) {
      this.#first = first.subarray(LARGE_PIECE_BYTES)
    } else {
      if (this.#isPartTaken) giveBack(first)
      this.#first = this.#others?.shift()
    }
    this.#isPartTaken = isLarge
    this.#queuedBytes -= piece.length
    if (this.#isPaused && this.#queuedBytes <= MAX_QUEUED_BYTES / 2) this.#resume()
    return piece
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#connection?.pause()
  }

  #resume(): void {
    this.#isPaused = false
    this.#connection?.resume()
  }

  #complete(isClean: boolean): void {
    this.#isComplete = true
    this.#leave(isClean && this.#mayReuse)
    this.#waiter?.resolve(undefined)
    this.#waiter = undefined
  }

  #leave(mayReuse: boolean): void {
    this.request.signal.removeEventListener('abort', this.#onAbort)
    const connection = this.#connection
    this.#connection = undefined
    if (this.#isPaused && mayReuse) connection?.resume()
    connection?.leave(this, mayReuse)
  }
}

/** Several equal ones are one; different ones are two opinions. */
function lengthOf(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value)
  const [first = '', ...others] = value.split(',').map((each) => each.trim())
  if (!/^\d{1,15}$/.test(first) || others.some((each) => each !== first)) throw malformed('a length that is none')
  return Number(first)
}

/** Gives the memory of a large piece back to the system at once: collections are too rare for half a megabyte each. Nobody else may refer to it. */
function giveBack(piece: Uint8Array): void {
  if (piece.buffer instanceof ArrayBuffer) piece.buffer.transfer(0)
}

function malformed(what: string): NetworkError {
  return new NetworkError('malformed', `The peer sent ${what}.`)
}

function lost(error: Error | undefined): NetworkError {
  // A peer that wants another certificate of ours says so only when the connection seems to stand.
  const fault = error !== undefined && faultOf(error) === 'tls' ? 'tls' : 'reset'
  return new NetworkError(fault, 'The connection was closed before the reply was complete.', { cause: error })
}
