import { GatewayError } from '../core/errors.ts'
import { findMisfit } from '../core/json-schema.ts'
import type { Attempt } from './attempt.ts'
import { paramsOf } from './frames.ts'

/** What is wrong with the arguments of a call, by the schema that the tool's server gives. */
export function argumentsProblem({ tool, frame }: Attempt): GatewayError | undefined {
  if (tool === undefined) return undefined
  const misfit = findMisfit(tool.inputSchema, paramsOf(frame).arguments ?? {}, 'arguments')
  if (misfit === undefined) return undefined
  return new GatewayError('invalid_arguments', `The arguments do not fit the tool "${tool.name}": ${misfit}.`)
}
