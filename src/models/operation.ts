import { GatewayError } from '../core/errors.ts'
import type { Dialect } from './dialect.ts'
import { dialectOf } from './dialects/index.ts'
import type { ModelRequest, Operation, Target, WireName } from './types.ts'

/** What of a dialect is the same for each operation: both sides of the same wire. */
type CallDialect = Pick<Dialect, 'decodeRequest' | 'encodeRequest' | 'decodeReply'>

/**
 * The part of a dialect that does an operation.
 * @throws operation_not_supported where its wire cannot
 */
export function callDialect(wire: WireName, operation: Operation): CallDialect {
  const dialect = dialectOf(wire)
  if (operation === 'generate') return dialect
  const found = operation === 'embed' ? dialect.embedding : dialect.counting
  if (found !== undefined) return found
  throw new GatewayError('operation_not_supported', `A provider of the wire ${wire} cannot ${WORDS[operation]}.`)
}

/**
 * Where an operation is asked of a target.
 * @throws operation_not_supported
 */
export function urlOf({ operation, isStream }: Pick<ModelRequest, 'operation' | 'isStream'>, target: Target): string {
  if (operation === 'generate') return isStream ? (target.streamUrl ?? target.url) : target.url
  const url = operation === 'embed' ? target.embedUrl : target.countUrl
  if (url !== undefined) return url
  throw new GatewayError('operation_not_supported', `The provider of the model "${target.name.slice(0, 200)}" cannot ${WORDS[operation]}.`)
}

const WORDS = { 'count-tokens': 'count tokens', embed: 'make embeddings' } as const satisfies Record<Exclude<Operation, 'generate'>, string>
