import { megabytes } from './memory.ts'
import { median } from './statistics.ts'

/** What "flat" means: the second half of the work adds no more than this. A real leak of 100 bytes a call shows in 100,000 calls. */
export const flatMb = 5

/** Memory at rest after each batch of work, and how much the second half added. */
export interface Growth {
  readonly secondHalfMb: number
  readonly startMb: number
  readonly endMb: number
}

// Medians of a fifth of the samples at each end: the collector makes any single one jump by a few megabytes.
export function measureGrowth(rssBytes: readonly number[]): Growth {
  const fifth = Math.max(Math.floor(rssBytes.length / 5), 1)
  const middle = Math.floor(rssBytes.length / 2)
  const half = median(rssBytes.slice(middle - Math.floor(fifth / 2), middle + Math.ceil(fifth / 2)))
  const end = median(rssBytes.slice(-fifth))
  return { secondHalfMb: megabytes(end - half), startMb: megabytes(rssBytes[0] ?? 0), endMb: megabytes(end) }
}

export function describeGrowth(growth: Growth): string {
  return `${growth.startMb.toFixed(0)} → ${growth.endMb.toFixed(0)} MB`
}
