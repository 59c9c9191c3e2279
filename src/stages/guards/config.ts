import { z } from 'zod'
import { didYouMean } from '../../core/did-you-mean.ts'
import { choice, count, duration, name, namePattern, text, url } from '../../core/fields.ts'
import { headerFields } from '../../core/header-fields.ts'
import type { ConfigProblem, Section } from '../../core/section.ts'
import { linearPattern } from '../../policy/linear-pattern.ts'
import { LONGEST_KEYWORD } from './keywords.ts'
import { PII_KINDS } from './pii/scan.ts'
import { ACTIONS, PHASES } from './types.ts'

/** Kinds of guards. Their detectors are the rows of detectors.ts. */
export const TYPES = [
  'pii',
  'secrets',
  'keywords',
  'patterns',
  'length',
  'schema',
  'injection',
  'toxicity',
  'toolNames',
  'model',
  'moderation',
  'webhook',
] as const
export type GuardTypeName = (typeof TYPES)[number]

const kindName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,39}$/, { error: 'is not the name of a kind; write capitals, digits and _ (40 at the most)' })
  .meta({ 'x-unit': 'name', 'x-examples': ['EMPLOYEE_ID'] })
const pattern = text(['E-[0-9]{6}']).superRefine((written, context) => {
  try {
    linearPattern(written)
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: `is no pattern of RE2: ${thrown instanceof Error ? thrown.message : 'unreadable'}` })
  }
})

const scope = z.strictObject({
  models: z.array(namePattern()).exactOptional().describe('Model calls for these models.'),
  routes: z.array(namePattern()).exactOptional().describe('Model calls through these routes.'),
  tools: z.array(namePattern()).exactOptional().describe('Tool calls for these tools, as server__tool.'),
  agents: z.array(namePattern()).exactOptional().describe('Messages to these agents.'),
  teams: z.array(namePattern()).exactOptional().describe('Calls of these teams only.'),
  keys: z.array(name()).exactOptional().describe('Calls with these keys only, by their ids.'),
})

const guard = z.strictObject({
  type: choice(TYPES).exactOptional().describe('What kind of guard it is. Left out: the kind of its name.'),
  action: choice(ACTIONS)
    .exactOptional()
    .describe(
      'What it does about what it finds: refuse the call, put placeholders in its place, let it pass and say so in the reply, or write it to the log only.',
    ),
  phases: z
    .array(choice(PHASES))
    .min(1, { error: 'is an empty list' })
    .exactOptional()
    .describe('What it looks at: what goes to a model, what comes from it, arguments and results of tools, and their names.'),
  on: z
    .union([choice(['all']), scope])
    .meta({ 'x-unit': 'all, or a table' })
    .exactOptional()
    .describe('Where it stands: everywhere, or where all that is given fits. Left out: only where a model, a route or a team names it.'),
  onFailure: choice(['open', 'closed'])
    .prefault('closed')
    .describe('What becomes of a call when the guard cannot say, for its judge is slow or down: it goes on, or it is refused.'),
  deadline: duration({ min: '10ms', max: '5m' }).prefault('3s').describe('Time that the guard has.'),
  restore: z
    .boolean({ error: 'is neither true nor false' })
    .meta({ 'x-unit': 'true or false' })
    .prefault(true)
    .describe('Whether what was redacted in a request is put back where the reply has its placeholder.'),
  kinds: z
    .array(choice(PII_KINDS))
    .min(1, { error: 'is an empty list' })
    .exactOptional()
    .describe('Of pii: what to look for. Left out: all of it.'),
  words: z
    .array(text(['Project Falcon']).max(LONGEST_KEYWORD, { error: `is longer than ${LONGEST_KEYWORD} characters` }))
    .min(1, { error: 'is an empty list' })
    .exactOptional()
    .describe('Of keywords: words and phrases.'),
  patterns: z
    .record(kindName, pattern.describe('A pattern in the syntax of RE2.'))
    .exactOptional()
    .describe('Of patterns and pii: patterns of your own, by the kind that they find, which placeholders are named after.'),
  longest: count('characters', { min: '8', max: '4k' })
    .prefault(128)
    .describe('Of patterns: the longest match. So much of a stream is held back, up to twice.'),
  maxCharacters: count('characters', { min: '1', max: '1G' }).exactOptional().describe('Of length: the longest text.'),
  schema: z
    .record(z.string(), z.unknown().meta({ 'x-unit': 'JSON Schema' }).describe('A word of JSON Schema.'))
    .meta({ 'x-unit': 'JSON Schema' })
    .exactOptional()
    .describe('Of schema: the JSON Schema that answers must fit. Formats and patterns in it are not looked at.'),
  model: text(['mini'])
    .exactOptional()
    .describe("Of model: the model that judges, as callers name it. Of moderation: the endpoint's own name of its model."),
  instructions: z
    .string()
    .min(1, { error: 'is empty' })
    .max(20_000, { error: 'is longer than 20000 characters' })
    .meta({ 'x-unit': 'text' })
    .exactOptional()
    .describe('Of model: what it shall look for.'),
  url: url().exactOptional().describe('Of moderation and webhook: where the texts are posted to.'),
  headers: headerFields().exactOptional().describe('Of moderation and webhook: headers that go with it, such as a credential.'),
  allowPrivate: z
    .boolean({ error: 'is neither true nor false' })
    .meta({ 'x-unit': 'true or false' })
    .prefault(false)
    .describe('Of moderation and webhook: whether the address may be in a private network or on this machine.'),
  allow: z
    .array(namePattern())
    .exactOptional()
    .describe('Of toolNames: tools that are allowed, with *. Left out: all that are not denied.'),
  deny: z.array(namePattern()).exactOptional().describe('Of toolNames: tools that are not allowed, with *. Wins over allow.'),
})

const guards = z
  .record(name(), guard.prefault({}).describe('A guard, by its name. One that is called as its kind needs no type.'))
  .prefault({})
  .describe('Guards by name, in the order in which they are asked. Models and teams name them, or they say themselves where they stand.')

/** What the `guards` key says. */
export type GuardsConfig = z.output<typeof guards>

/** One guard as it is written. */
export type GuardConfig = GuardsConfig[string]

/** The section `guards`. */
export const guardsSection = { name: 'guards', schema: guards, check } as const satisfies Section<GuardsConfig>

/** The kind of a guard: what it says, or what it is called. */
export function typeOf(name: string, { type }: GuardConfig): GuardTypeName | undefined {
  return type ?? TYPES.find((known) => known === name)
}

function check(config: GuardsConfig): readonly ConfigProblem[] {
  return Object.entries(config).flatMap(([name, written]): readonly ConfigProblem[] => {
    if (typeOf(name, written) !== undefined) return []
    return [{ path: ['guards', name], message: `needs a type: one of ${TYPES.join(', ')}${didYouMean(name, TYPES)}` }]
  })
}

/** A guard with nothing written about it. */
export const PLAIN: GuardConfig = { onFailure: 'closed', deadline: 3000, restore: true, longest: 128, allowPrivate: false }
