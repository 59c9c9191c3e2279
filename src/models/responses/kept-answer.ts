import type { JsonObject } from '../../core/json.ts'

/** An answer about a kept response: one value of JSON, or the events of its stream. */
export type KeptAnswer = { readonly type: 'json'; readonly value: JsonObject } | { readonly type: 'frame'; readonly bytes: Uint8Array }
