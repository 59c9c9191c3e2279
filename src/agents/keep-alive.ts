import type { World } from '../core/world.ts'

/** Until the first comment: the head of a reply goes out with its first bytes, and a caller may wait for it. */
export const FIRST_COMMENT_MS = 200
/** Between two comments: proxies take a connection for dead after half a minute or a whole one. */
export const COMMENT_MS = 15_000

const COMMENT = new TextEncoder().encode(':\n\n')
const QUIET = Symbol('quiet')

/** A stream, as far as this needs it. */
export interface Quiet {
  readonly world: World
  /** The next bytes; undefined at the end. */
  readonly next: () => Promise<Uint8Array | undefined>
  /** Whether there is nothing to come but what is on its way. */
  readonly isOver: () => boolean
}

/** Puts comments of SSE where a stream is quiet for long. What comes is not held up by them, and none stands within an event. */
export function keepAlive({ world, next, isOver }: Quiet): () => Promise<Uint8Array | undefined> {
  let pending: Promise<Uint8Array | undefined> | undefined
  let waitMs = FIRST_COMMENT_MS
  return async () => {
    pending ??= next()
    const quiet = Promise.withResolvers<typeof QUIET>()
    const cancel = world.after(waitMs, () => quiet.resolve(QUIET))
    waitMs = COMMENT_MS
    try {
      const came = await Promise.race([pending, quiet.promise])
      if (came === QUIET && !isOver()) return COMMENT
      const bytes = await pending
      pending = undefined
      return bytes
    } finally {
      cancel()
    }
  }
}
