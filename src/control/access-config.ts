import { z } from 'zod'
import { choice, name, namePattern } from '../core/fields.ts'
import { guardNames } from '../core/guard-names.ts'
import { LABEL_NAME_PATTERN, LABEL_VALUE_PATTERN, NO_LABEL_NAME, NO_LABEL_VALUE } from '../core/labels.ts'
import type { ConfigProblem, Section } from '../core/section.ts'
import { account, bounds, checkBounds } from './budget-config.ts'
import { checkIssuers, issuersField } from './jwt/config.ts'

/** What a label is called. */
export const labelName = z.string().regex(LABEL_NAME_PATTERN, { error: NO_LABEL_NAME }).meta({ 'x-unit': 'name' })
/** What a label says. */
export const labelValue = z
  .string()
  .regex(LABEL_VALUE_PATTERN, { error: NO_LABEL_VALUE })
  .meta({ 'x-unit': 'text', 'x-examples': ['search', 'prod'] })

const verdict = ['allow', 'deny'] as const

const tools = z
  .strictObject({
    default: choice(verdict).prefault('deny').describe('What holds for a tool that no other rule speaks of.'),
    readOnly: choice(verdict)
      .exactOptional()
      .describe("For tools that say that they only read (annotation readOnlyHint; the server's own word). Left out: the default."),
    destructive: choice(verdict)
      .exactOptional()
      .describe('For tools that may destroy: those not read-only that do not say destructiveHint: false. Left out: the default.'),
    allow: z
      .array(namePattern())
      .prefault([])
      .describe('Tools as server__tool, with * for any text, that the team may use whatever their annotations say.'),
    deny: z.array(namePattern()).prefault([]).describe('Tools as server__tool, with *, that the team may not use. Wins over all else.'),
  })
  .describe('Which tools the team may see and call. Left out: none.')

const team = z.strictObject({
  models: z
    .array(namePattern())
    .exactOptional()
    .describe('Names of models that the team may use, with * for any text. Left out: all models. An empty list: none.'),
  tools: tools.exactOptional(),
  agents: z.array(namePattern()).exactOptional().describe('Names of agents that the team may call, with * for any text. Left out: none.'),
  labels: z
    .record(labelName, labelValue.describe('The value of the label.'))
    .prefault({})
    .describe("Labels that every call of the team carries. A key's own labels win over them."),
  guards: guardNames('every call of the team').exactOptional(),
  bodies: choice(['off', 'redacted', 'full'])
    .exactOptional()
    .describe('How much of the prompts and replies of the team is kept. Left out: as bodies.store says.'),
  ...bounds,
})

const access = z
  .strictObject({
    organisation: name().prefault('default').describe('Name of the organisation, which every event carries.'),
    ...bounds,
    teams: z
      .record(name(), team.prefault({}).describe('A team, by its name.'))
      .prefault({})
      .describe('Teams by name. Keys belong to a team; the keys of a team that leaves the file stop working.'),
    issuers: issuersField,
    onExpiry: choice(['finish', 'end'])
      .prefault('finish')
      .describe('What becomes of calls that run when their key or token expires: they go on to their end, or are ended within a second.'),
    accounts: z.array(account).prefault([]).describe('Budgets and limits of users, keys, labels and runs, by name or for each of them.'),
  })
  .prefault({})
  .describe('Who may use what.')

/** What the `access` key says. */
export type AccessConfig = z.output<typeof access>

/** The section `access`. */
export const accessSection = { name: 'access', schema: access, check } as const satisfies Section<AccessConfig>

function check(config: AccessConfig): readonly ConfigProblem[] {
  return [
    ...checkBounds(['access'], config),
    ...checkIssuers(config.issuers, Object.keys(config.teams)),
    ...Object.entries(config.teams).flatMap(([team, rules]) => checkBounds(['access', 'teams', team], rules)),
    ...config.accounts.flatMap((each, index) => checkBounds(['access', 'accounts', index], each)),
  ]
}
