import type { ByteReader } from './byte-reader.ts'

/** Header fields in the order and the spelling in which they came. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** The beginning of a request or a reply, as it came. */
export interface MessageHead {
  /** `GET /v1/models HTTP/1.1`, or `HTTP/1.1 200 OK`. */
  readonly startLine: string
  readonly headers: HeaderList
}

/** The value of a header, whatever its spelling; several are joined with a comma. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  const values = headers.filter(([own]) => own.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

/** Reads a head; undefined where the connection ends before. */
export async function readHead(reader: ByteReader): Promise<MessageHead | undefined> {
  const text = await reader.readUntil('\r\n\r\n')
  if (text === undefined) return undefined
  const [startLine = '', ...lines] = text.split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return { startLine, headers }
}

/**
 * Reads the body that the head announces.
 * @param otherwise what a head without length means: no body for a request, everything until the end for a reply
 * @returns undefined where the connection ends before the body does, or where its chunks are garbage
 */
export async function readBody(reader: ByteReader, head: MessageHead, otherwise: 'none' | 'until-end'): Promise<Uint8Array | undefined> {
  if (headerOf(head.headers, 'transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(reader)
  const length = headerOf(head.headers, 'content-length')
  if (length !== undefined) return reader.readExactly(Number(length))
  return otherwise === 'none' ? new Uint8Array(0) : reader.readAll()
}

async function readChunks(reader: ByteReader): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const line = await reader.readUntil('\r\n')
    const size = Number.parseInt(line ?? '', 16)
    if (Number.isNaN(size)) return undefined
    const chunk = await reader.readExactly(size)
    if (chunk === undefined || (await reader.readUntil('\r\n')) === undefined) return undefined
    if (size === 0) return Buffer.concat(chunks)
    chunks.push(chunk)
  }
}
