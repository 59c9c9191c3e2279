import type { World } from '../../core/world.ts'

/** Waits for something, but not for longer than this; it goes on by itself then. Rejects where it fails in time. */
export async function atMost(ms: number, world: World, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const cancel = world.after(ms, late.resolve)
  try {
    await Promise.race([work, late.promise])
  } finally {
    cancel()
  }
}
