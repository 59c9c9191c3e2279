/** How long anything may take that has no bound of its own: long enough for two busy cores. */
export const PATIENCE_MS = 20_000
const LOOK_MS = 10

/** Waits until something is so, and says what it waited for where it never is. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}.`)
    await pause(LOOK_MS)
  }
}

/** Real time: these tests are about a process that has its own. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A promise's value, or an error where it takes too long. */
export async function inTime<Value>(what: string, pending: Promise<Value>, timeoutMs = PATIENCE_MS): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)), timeoutMs)
  try {
    return await Promise.race([pending, promise])
  } finally {
    clearTimeout(timer)
  }
}
