import { type Stage, tap, whenEnded } from '../core/stage.ts'

interface DispatchDeps<Part> {
  /** In bytes. */
  readonly sizeOf: (part: Part) => number
}

/**
 * Stands where `meter` does, in layers whose calls have no usage. Nothing leaves the process before the call's start is on disk.
 * @throws log_unavailable
 */
export function dispatch<In, Part>(deps: DispatchDeps<Part>): Stage<In, Part> {
  return async (call, input, next) => {
    const { facts } = call.record
    await call.record.start()
    facts.attempts++
    let sizeBytes = 0
    const reply = await next(call, input)
    tap(reply, (part) => {
      sizeBytes += deps.sizeOf(part)
    })
    return whenEnded(reply, () => {
      facts.sizeOutBytes = sizeBytes
      return undefined
    })
  }
}
