import { crc32 } from 'node:zlib'

/** A message of AWS's binary framing. */
export interface EventStreamMessage {
  /** Names as sent: `:event-type`, `:message-type`, `:content-type`. */
  readonly headers: Readonly<Record<string, EventStreamHeader>>
  readonly payload: Uint8Array
}

/** A header's value: text, a number (64 bits as bigint), a flag, bytes, or a time in milliseconds since the epoch as bigint. */
export type EventStreamHeader = string | number | bigint | boolean | Uint8Array

/** Bytes that are no message: wrong length, wrong checksum, unknown type of header. Its message says what. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError'
}

/** Total length, length of the headers, and their checksum. */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const LEAST_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES
/** As AWS bounds it. */
const MAX_HEADER_BYTES = 128 * 1024

/**
 * Splits a stream into messages, however the bytes are split: the sibling of SseSplitter for the streams of Bedrock.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-21).
 */
export class EventStreamSplitter {
  readonly #maxMessageBytes: number
  #pieces: Uint8Array[] = []
  #sizeBytes = 0
  /** Length of the message that has begun; 0 until it is known. */
  #wanted = 0

  /** @param maxMessageBytes a longer message makes `push` throw: its length is believed before its bytes are there */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /**
   * Takes the next bytes; gives the messages that are complete now, undecoded.
   * @throws EventStreamError where a length cannot be, RangeError past the limit
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (chunk.length > 0) this.#pieces.push(chunk)
    this.#sizeBytes += chunk.length
    const messages: Uint8Array[] = []
    while (this.#sizeBytes >= Math.max(PRELUDE_BYTES, this.#wanted)) {
      if (this.#wanted === 0) {
        this.#wanted = this.#readLength()
        continue
      }
      const bytes = this.#joined()
      messages.push(bytes.subarray(0, this.#wanted))
      this.#keep(bytes.subarray(this.#wanted))
      this.#wanted = 0
    }
    return messages
  }

  /** Bytes after the last complete message: at the end of a well-formed stream there are none. */
  get rest(): Uint8Array {
    return this.#joined()
  }

  #readLength(): number {
    const bytes = this.#joined()
    const total = readPrelude(bytes).totalBytes
    if (total > this.#maxMessageBytes) throw new RangeError(`a message of an event stream is longer than ${this.#maxMessageBytes} bytes`)
    this.#keep(bytes)
    return total
  }

  /** Joined only when a length or a message is complete, so that a long message in small pieces is copied once. */
  #joined(): Uint8Array {
    const [first] = this.#pieces
    return this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.#sizeBytes)
  }

  #keep(bytes: Uint8Array): void {
    this.#pieces = bytes.length === 0 ? [] : [bytes]
    this.#sizeBytes = bytes.length
  }
}

/**
 * Decodes one whole message.
 * @throws EventStreamError
 */
export function decodeMessage(bytes: Uint8Array): EventStreamMessage {
  const { totalBytes, headerBytes } = readPrelude(bytes)
  if (totalBytes !== bytes.length) throw new EventStreamError(`the message says ${totalBytes} bytes and has ${bytes.length}`)
  const end = totalBytes - CHECKSUM_BYTES
  if (crc32(bytes.subarray(0, end)) !== viewOf(bytes).getUint32(end)) throw new EventStreamError('the checksum of the message is wrong')
  const payloadFrom = PRELUDE_BYTES + headerBytes
  return { headers: readHeaders(bytes.subarray(PRELUDE_BYTES, payloadFrom)), payload: bytes.subarray(payloadFrom, end) }
}

/** Encodes a message whose headers are texts. */
export function encodeMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array): Uint8Array {
  const encoded = Object.entries(headers).map(([name, value]) => {
    const text = Buffer.from(value)
    return Buffer.concat([Buffer.of(Buffer.byteLength(name)), Buffer.from(name), Buffer.of(7, text.length >> 8, text.length & 0xff), text])
  })
  const headerBytes = encoded.reduce((sum, { length }) => sum + length, 0)
  const bytes = Buffer.alloc(LEAST_BYTES + headerBytes + payload.length)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(headerBytes, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  Buffer.concat([...encoded, payload]).copy(bytes, PRELUDE_BYTES)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - CHECKSUM_BYTES)), bytes.length - CHECKSUM_BYTES)
  return bytes
}

/** The lengths, believed only where their checksum is right: else a flipped bit would make us wait for gigabytes. */
function readPrelude(bytes: Uint8Array): { readonly totalBytes: number; readonly headerBytes: number } {
  if (bytes.length < PRELUDE_BYTES) throw new EventStreamError('the message is shorter than its prelude')
  const view = viewOf(bytes)
  const totalBytes = view.getUint32(0)
  const headerBytes = view.getUint32(4)
  if (crc32(bytes.subarray(0, 8)) !== view.getUint32(8)) throw new EventStreamError('the checksum of the prelude is wrong')
  if (totalBytes < LEAST_BYTES + headerBytes || headerBytes > MAX_HEADER_BYTES) {
    throw new EventStreamError(`lengths of ${totalBytes} and ${headerBytes} bytes cannot be`)
  }
  return { totalBytes, headerBytes }
}

const text = new TextDecoder()

/** Bytes that a header's value has, by its type; of 6 and 7 the length stands in front. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }

function readHeaders(bytes: Uint8Array): Readonly<Record<string, EventStreamHeader>> {
  const headers: Record<string, EventStreamHeader> = Object.create(null)
  const view = viewOf(bytes)
  let at = 0
  const take = (size: number): number => {
    const from = at
    at += size
    if (at > bytes.length) throw new EventStreamError('a header ends after the headers')
    return from
  }
  while (at < bytes.length) {
    const nameBytes = view.getUint8(take(1))
    const nameFrom = take(nameBytes)
    const name = text.decode(bytes.subarray(nameFrom, at))
    const type = view.getUint8(take(1))
    const size = type === 6 || type === 7 ? view.getUint16(take(2)) : VALUE_BYTES[type]
    if (size === undefined) throw new EventStreamError(`the type ${type} of a header is unknown`)
    const from = take(size)
    if (name in headers) throw new EventStreamError(`the header ${name.slice(0, 100)} stands twice`)
    headers[name] = readValue(type, new DataView(bytes.buffer, bytes.byteOffset + from, size))
  }
  return headers
}

function readValue(type: number, value: DataView): EventStreamHeader {
  switch (type) {
    case 0:
      return true
    case 1:
      return false
    case 2:
      return value.getInt8(0)
    case 3:
      return value.getInt16(0)
    case 4:
      return value.getInt32(0)
    case 5:
    case 8:
      return value.getBigInt64(0)
    case 7:
      return text.decode(value)
    default:
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
