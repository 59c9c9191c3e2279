import type { Socket } from 'node:net'
import type { ReceivedRequest } from './received-request.ts'

/** One thing that an upstream does on its connection. */
export type Step =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** Real time: keep it short. Where a test decides when to go on, use `wait`. */
  | { readonly type: 'pause'; readonly ms: number }
  | { readonly type: 'wait'; readonly until: Promise<unknown> }
  /** Sends the same again and again, as fast as the client reads, until it leaves or this many bytes are sent. */
  | { readonly type: 'repeat'; readonly bytes: Uint8Array; readonly maxBytes: number }
  /** Nothing more, until the client leaves. */
  | { readonly type: 'stall' }
  /** Ends the connection in good order (FIN). */
  | { readonly type: 'close' }
  /** Breaks the connection (RST). */
  | { readonly type: 'reset' }

/** What an upstream does with a request. */
export type Answer = (request: ReceivedRequest) => readonly Step[]

/** Text or bytes, to be sent. */
export function send(what: string | Uint8Array): Step {
  return { type: 'send', bytes: typeof what === 'string' ? new TextEncoder().encode(what) : what }
}

/**
 * Long enough for a client on the same machine to read what came before: a reset may take unread bytes with it. Also where the machine stops
 * for longer, as a pause is made of turns of the event loop, in which a client of this process reads.
 */
export const READ_PAUSE = { type: 'pause', ms: 30 } as const satisfies Step

/** A door that a script waits at until the test opens it. */
export interface Gate {
  readonly step: Step
  open(): void
}

/** Makes a closed gate: put its `step` into a script. */
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { step: { type: 'wait', until: promise }, open: resolve }
}

interface Theatre {
  readonly socket: Socket
  readonly request: ReceivedRequest
  /** Resolves when the connection is gone. */
  readonly gone: Promise<unknown>
}

/** Plays a script. Resolves when it is through, or the client has left. */
export async function playSteps(steps: readonly Step[], theatre: Theatre): Promise<void> {
  for (const step of steps) {
    if (theatre.socket.destroyed) return
    await playStep(step, theatre)
  }
  theatre.request.noteAnswered()
}

async function playStep(step: Step, theatre: Theatre): Promise<void> {
  switch (step.type) {
    case 'send':
      return write(step.bytes, theatre)
    case 'pause':
      return pause(step.ms, theatre)
    case 'wait':
      await Promise.race([step.until, theatre.gone])
      return
    case 'repeat':
      for (let sent = 0; sent < step.maxBytes && !theatre.socket.destroyed; sent += step.bytes.length) await write(step.bytes, theatre)
      return
    case 'stall':
      await theatre.gone
      return
    case 'close':
      theatre.request.noteAnswered()
      theatre.socket.end()
      await theatre.gone
      return
    case 'reset':
      theatre.request.noteAnswered()
      theatre.socket.resetAndDestroy()
      return
    default:
      step satisfies never
  }
}

async function write(bytes: Uint8Array, { socket, request, gone }: Theatre): Promise<void> {
  request.noteSent(bytes.length)
  if (socket.write(bytes)) return
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('drain', resolve)
  await Promise.race([promise, gone])
  socket.off('drain', resolve)
}

/** Milliseconds of a pause that pass in one turn of the event loop. */
const TURN_MS = 5

async function pause(ms: number, { socket, gone }: Theatre): Promise<void> {
  // One timer for all of it would be due at once after a stop of the machine, before what was sent meanwhile is read.
  for (let leftMs = ms; leftMs > 0 && !socket.destroyed; leftMs -= TURN_MS) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.min(TURN_MS, leftMs))
    await Promise.race([promise, gone])
    clearTimeout(timer)
  }
}
