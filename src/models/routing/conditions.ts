import { compileCel } from '../../policy/cel.ts'
import { matchesAny } from '../../policy/patterns.ts'
import type { Condition, RequestFacts, TaskKind } from './types.ts'

/** A condition as it is written; every key that is there must hold. */
export interface WrittenCondition {
  readonly team?: readonly string[] | undefined
  readonly user?: readonly string[] | undefined
  /** Patterns of values, by the name of the label. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly stream?: boolean | undefined
  readonly tools?: boolean | undefined
  readonly images?: boolean | undefined
  readonly schema?: boolean | undefined
  readonly kind?: readonly TaskKind[] | undefined
  readonly hard?: boolean | undefined
  /** Estimated tokens of input. */
  readonly inputAtLeast?: number | undefined
  readonly inputAtMost?: number | undefined
  readonly cel?: string | undefined
}

/** What a CEL expression can name, with its type. Source: https://github.com/google/cel-spec (read 2026-11-21). */
const CEL_VARIABLES = { principal: 'map', request: 'map' } as const

type Check = (facts: RequestFacts) => boolean

/** Compiles a condition. @throws Error where its CEL cannot be compiled: `celProblem` says so before. */
export function compileCondition(written: WrittenCondition): Condition {
  const checks = checksOf(written)
  return { describe: describe(written), holds: (facts) => checks.every((check) => check(facts)) }
}

/** What is wrong with an expression, or undefined. */
export function celProblem(expression: string): string | undefined {
  const compiled = compileCel(expression, CEL_VARIABLES)
  return compiled.type === 'problem' ? compiled.message : undefined
}

/** Cheap ones first: those that read the body come last. */
function checksOf(written: WrittenCondition): readonly Check[] {
  const { team, user, labels, stream, tools, images, schema, kind, hard, inputAtLeast, inputAtMost, cel } = written
  const checks: Check[] = []
  if (team !== undefined) checks.push(({ principal }) => principal.team !== undefined && matchesAny(team, principal.team))
  if (user !== undefined) checks.push(({ principal }) => principal.user !== undefined && matchesAny(user, principal.user))
  for (const [name, pattern] of Object.entries(labels ?? {})) {
    checks.push(({ principal }) => {
      const value = Object.hasOwn(principal.labels, name) ? principal.labels[name] : undefined
      return value !== undefined && matchesAny([pattern], value)
    })
  }
  if (stream !== undefined) checks.push(({ isStream }) => isStream === stream)
  if (tools !== undefined) checks.push(({ shape }) => shape.hasTools === tools)
  if (images !== undefined) checks.push(({ shape }) => shape.hasImages === images)
  if (schema !== undefined) checks.push(({ shape }) => shape.wantsSchema === schema)
  if (kind !== undefined) checks.push(({ shape }) => shape.kinds.some((one) => kind.includes(one)))
  if (hard !== undefined) checks.push(({ shape }) => shape.isHard === hard)
  if (inputAtLeast !== undefined) checks.push(({ shape }) => shape.inputTokens >= inputAtLeast)
  if (inputAtMost !== undefined) checks.push(({ shape }) => shape.inputTokens <= inputAtMost)
  if (cel !== undefined) checks.push(celCheck(cel))
  return checks
}

function celCheck(expression: string): Check {
  const compiled = compileCel(expression, CEL_VARIABLES)
  if (compiled.type === 'problem') throw new Error(compiled.message)
  return (facts) => compiled.holds(celContext(facts))
}

function celContext({ principal, isStream, promptHash, shape }: RequestFacts): Readonly<Record<string, unknown>> {
  const { organisation, team = '', user = '', keyId = '', labels } = principal
  return {
    principal: { organisation, team, user, key: keyId, labels },
    request: {
      stream: isStream,
      prompt: promptHash ?? '',
      inputTokens: BigInt(shape.inputTokens),
      maxOutputTokens: BigInt(shape.maxOutputTokens ?? 0),
      tools: shape.hasTools,
      images: shape.hasImages,
      audio: shape.hasAudio,
      schema: shape.wantsSchema,
      reasoning: shape.wantsReasoning,
      hard: shape.isHard,
      kinds: shape.kinds,
      user: shape.user ?? '',
    },
  }
}

function describe(written: WrittenCondition): string {
  const parts = Object.entries(written)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  return parts.join(', ').slice(0, 200)
}
