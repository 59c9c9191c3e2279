import { SseSplitter } from '../core/sse.ts'

/** Cuts the bytes of one stream into frames, however they arrive. */
export interface FrameSplitter {
  /**
   * Takes the next bytes; gives the frames that are complete now. A frame is handed to the dialect as an SSE frame, blank line included:
   * a framing that is none of SSE writes one for each message.
   * @throws RangeError past the frame limit; GatewayError `provider_malformed` where the bytes are no frames
   */
  push(bytes: Uint8Array): readonly Uint8Array[]
  /** Bytes after the last complete frame: at the end of a well-formed stream there are none. */
  readonly rest: Uint8Array
}

/** A way in which streams are cut into frames. */
export interface Framing {
  /** Whether an answer of this content type, in lower case, is such a stream. */
  isStream(contentType: string): boolean
  open(maxFrameBytes: number): FrameSplitter
}

/** Server-sent events: what nearly every wire streams by. */
export const SSE: Framing = {
  isStream: (contentType) => contentType.startsWith('text/event-stream'),
  open: (maxFrameBytes) => new SseSplitter(maxFrameBytes),
}
