/** The parts of a request that the mock looks at. */
export interface MockRequest {
  readonly head: string
  readonly model: string
  readonly includeUsage: boolean
  /** As latin1. */
  readonly body: string
}

/**
 * Collects the bytes of one connection until a request is whole. It reads what a proxy sends (a length, or chunks) and no more of HTTP;
 * requests are not pipelined.
 */
export class RequestReader {
  #held: Buffer | undefined

  /** The request, once its last byte has come. */
  push(bytes: Buffer): MockRequest | undefined {
    const all = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
    const headEnd = all.indexOf('\r\n\r\n')
    const head = headEnd === -1 ? '' : all.toString('latin1', 0, headEnd)
    if (headEnd === -1 || !isWhole(head, all.subarray(headEnd + 4))) {
      this.#held = all
      return undefined
    }
    this.#held = undefined
    const body = all.toString('latin1', headEnd + 4)
    return {
      head,
      // Inside a JSON string the quotes would be escaped: this finds the key, not a prompt that talks about it.
      model: /"model"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '',
      body,
      includeUsage: /"include_usage"\s*:\s*true/.test(body),
    }
  }
}

function isWhole(head: string, body: Buffer): boolean {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length !== null) return body.length >= Number(length[1])
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return body.length >= 5 && body.toString('latin1', body.length - 5) === '0\r\n\r\n'
  return true
}
