import type { RE2JS } from 're2js'

/**
 * Compiles a pattern that an operator wrote, to be matched in linear time (RE2, by re2js).
 * @throws where the pattern is none
 */
export function linearPattern(pattern: string): RE2JS {
  // Loaded with the first pattern: most configurations have none. Not by `import()`, as to compile is no promise.
  const { RE2JS: Re2 } = require('re2js') as typeof import('re2js')
  return Re2.compile(pattern)
}
