import { z } from 'zod'
import { name } from './fields.ts'

/** A list of names of guards, at a place that they stand at. @param where such as `every call of this model` */
export function guardNames(where: string) {
  return z
    .array(name())
    .describe(
      `Names of guards that look at ${where}: of those under guards, or of those that are ready (pii, secrets, injection, toxicity).`,
    )
}
