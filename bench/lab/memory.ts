import { readRssBytes } from './proc.ts'

const everyMs = 50

/** Resident memory while something runs: before it, and the highest that was seen. */
export interface MemoryWatch<T> {
  readonly result: T
  readonly peakBytes: number
}

/** Samples a process's memory until the promise is settled. */
export async function watchMemory<T>(pid: number, work: Promise<T>): Promise<MemoryWatch<T>> {
  let peakBytes = readRssBytes(pid)
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, readRssBytes(pid))
  }, everyMs)
  try {
    const result = await work
    return { result, peakBytes }
  } finally {
    clearInterval(timer)
  }
}

export function megabytes(bytes: number): number {
  return bytes / 1_000_000
}
