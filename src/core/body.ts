/**
 * The body of a request: bytes in memory or a spooled file. It can be opened again, so that another attempt can send it once more.
 */
export interface Body {
  readonly sizeBytes: number
  /** What the caller declared, in lower case and without parameters: `application/json`. Empty where nothing was declared. */
  readonly mediaType: string
  /** All of it. For a spooled file this reads the file: use `open` to send one on. */
  bytes(): Promise<Uint8Array>
  /** A fresh reader from the first byte, as often as wanted. */
  open(): ReadableStream<Uint8Array> | Uint8Array
  /** Removes what was spooled. To be called once, when no attempt can need it any more. */
  dispose(): Promise<void>
}

/** A body that is in memory already. */
export function memoryBody(bytes: Uint8Array, mediaType: string): Body {
  return { sizeBytes: bytes.byteLength, mediaType, bytes: async () => bytes, open: () => bytes, dispose: async () => {} }
}
