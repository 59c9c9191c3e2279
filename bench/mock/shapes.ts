/** What the mock answers. The model id of the request selects it, so that any gateway can ask for it. */
export type Shape =
  | { readonly type: 'whole' }
  | { readonly type: 'stream'; readonly chunks: number; readonly intervalMs: number }
  | { readonly type: 'flood'; readonly sizeMb: number }
  | { readonly type: 'never' }

/** The pacer's wheel has one slot a millisecond: a longer pause between chunks does not fit. */
export const maxIntervalMs = 2000

/** Reads a model id: `mock-whole`, `mock-stream-250x20` (250 chunks, 20 ms apart), `mock-flood-200` (MB), `mock-never`. */
export function parseShape(id: string): Shape | undefined {
  if (id === 'mock-whole') return { type: 'whole' }
  if (id === 'mock-never') return { type: 'never' }
  const flood = /^mock-flood-(\d+)$/.exec(id)
  if (flood !== null) return { type: 'flood', sizeMb: Number(flood[1]) }
  const stream = /^mock-stream-(\d+)x(\d+)$/.exec(id)
  if (stream === null) return undefined
  const intervalMs = Number(stream[2])
  if (intervalMs < 1 || intervalMs > maxIntervalMs) return undefined
  return { type: 'stream', chunks: Number(stream[1]), intervalMs }
}
