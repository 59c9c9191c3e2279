import type { Environment } from '@marcbachmann/cel-js'
import { linearPattern } from './linear-pattern.ts'

/** A compiled expression, or what is wrong with it. */
export type CompiledCel =
  | { readonly type: 'compiled'; readonly holds: (context: Readonly<Record<string, unknown>>) => boolean }
  | CelProblem

/** An expression that cannot be used. */
interface CelProblem {
  readonly type: 'problem'
  readonly message: string
}

const MAX_LENGTH = 4000
const LIMITS = { maxAstNodes: 500, maxDepth: 30, maxListElements: 200, maxMapEntries: 100, maxCallArguments: 8 }
/** Longer texts are not matched: re2js takes about 2 ms for a pattern over 4 kB. */
const MAX_SUBJECT = 4096

/**
 * Compiles a CEL expression that says yes or no. An expression that fails on what it is given (a label that is not there, say) does not hold.
 * `matches` is linear in time (re2js); the library's own took 24 s on 29 characters.
 * @param variables the names it may use, with their CEL types
 */
export function compileCel(expression: string, variables: Readonly<Record<string, string>>): CompiledCel {
  if (expression.length > MAX_LENGTH) return { type: 'problem', message: `is longer than ${MAX_LENGTH} characters` }
  try {
    const environment = environmentOf(variables)
    const linear = withLinearMatches(expression)
    const checked = environment.check(linear)
    if (!checked.valid) return { type: 'problem', message: oneLine(checked.error?.message ?? 'is not valid') }
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      return { type: 'problem', message: `says ${checked.type}, and must say true or false` }
    const evaluate = environment.parse(linear)
    return { type: 'compiled', holds: (context) => holds(evaluate, context) }
  } catch (thrown) {
    return { type: 'problem', message: oneLine(thrown instanceof Error ? thrown.message : String(thrown)) }
  }
}

function holds(evaluate: (context?: Record<string, unknown>) => unknown, context: Readonly<Record<string, unknown>>): boolean {
  try {
    return evaluate(context) === true
  } catch {
    // A field that is not there: the expression says nothing of this call, so it does not hold.
    return false
  }
}

function environmentOf(variables: Readonly<Record<string, string>>): Environment {
  // Loaded with the first expression: most configurations have none. Not by `import()`, as to compile is no promise.
  const { Environment: Cel } = require('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  const environment = new Cel({ limits: LIMITS })
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type)
  environment.registerFunction(`string.${LINEAR_MATCHES}(string): bool`, matchesLinear)
  return environment
}

const LINEAR_MATCHES = 'matchesLinear'
/** Texts of CEL, raw and of three quotes among them, or a call of the library's own `matches`, which backtracks. */
const TEXT_OR_MATCHES = /([rR]?("{3}|'{3})[\s\S]*?\2|[rR]"[^"]*"|[rR]'[^']*'|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\.\s*matches\s*(?=\()/g

/** The library takes no other function in the place of its own: the name is changed before it reads the expression. */
function withLinearMatches(expression: string): string {
  return expression.replace(TEXT_OR_MATCHES, (found, text: string | undefined) => (text === undefined ? `.${LINEAR_MATCHES}` : found))
}

function oneLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').slice(0, 200)
}

/** Whether a text has what an RE2 pattern describes. @throws where the pattern is none */
function matchesLinear(text: string, pattern: string): boolean {
  if (text.length > MAX_SUBJECT) return false
  return linearPattern(pattern).matcher(text).find()
}
