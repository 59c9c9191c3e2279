import { z } from 'zod'
import { choice, count, duration, name, namePattern, usd } from '../core/fields.ts'
import { LABEL_NAME, LABEL_VALUE } from '../core/labels.ts'
import type { ConfigProblem } from '../core/section.ts'
import { PERIOD_UNITS } from '../ledger/periods.ts'
import { BUDGET_MODES } from '../ledger/rules.ts'
import { isZone } from '../ledger/zones.ts'

const DEFAULT_ALERTS = [80, 100]

/** The name of a time zone. */
export function zone() {
  return z
    .string()
    .refine(isZone, {
      error: ({ input }) => `${JSON.stringify(input)} is not a time zone; write one of the IANA database, such as Europe/Zurich or UTC`,
    })
    .meta({ 'x-unit': 'IANA time zone', 'x-examples': ['UTC', 'Europe/Zurich', 'America/New_York'] })
}

const scope = {
  models: z
    .array(namePattern())
    .min(1, { error: 'is an empty list; leave it out to count every model' })
    .exactOptional()
    .describe('Only calls of these models count, with * for any text. Left out: all.'),
  providers: z
    .array(namePattern())
    .min(1, { error: 'is an empty list; leave it out to count every provider' })
    .exactOptional()
    .describe('Only attempts at these providers count, with * for any text. Left out: all.'),
}

const budget = z.strictObject({
  usd: usd('USD').exactOptional().describe('What may be spent in US dollars. One of usd, tokens and calls is needed.'),
  tokens: count('tokens').exactOptional().describe('How many tokens may be used, of input and output together.'),
  calls: count('calls').exactOptional().describe('How many calls may be made. Attempts that cost nothing do not count.'),
  per: choice(PERIOD_UNITS).describe('For how long it counts before it begins anew; total never does.'),
  window: choice(['calendar', 'rolling'])
    .prefault('calendar')
    .describe('Whether the period begins with the calendar or always reaches back by its length. A rolling month has 30 days.'),
  zone: zone().exactOptional().describe('The time zone of the calendar. Left out: money.zone. Hours are those of UTC in every zone.'),
  mode: choice(BUDGET_MODES)
    .prefault('hard')
    .describe(
      'What it does: soft only tells; hard lets a call in if what it is estimated to take fits; strict never lets more be spent than the limit, not for a moment, and refuses what cannot be bounded before it is sent.',
    ),
  alertAt: z
    .array(count('percent of the limit', { min: '1', max: '1000' }))
    .prefault(DEFAULT_ALERTS)
    .describe('Percentages of the limit at which an event is written and the webhook is told.'),
  unpriced: choice(['refuse', 'allow'])
    .prefault('refuse')
    .describe('Of a budget in US dollars: what becomes of a call of a model whose price is not known. strict always refuses it.'),
  ...scope,
})

/** One budget as it is written. */
export type BudgetConfig = z.output<typeof budget>

const limit = z.strictObject({
  requests: count('requests').exactOptional().describe('How many calls may begin. One of requests, tokens and concurrent is needed.'),
  tokens: count('tokens')
    .exactOptional()
    .describe('How many tokens may be used, of input and output together. Running calls hold their estimate.'),
  concurrent: count('calls').exactOptional().describe('How many calls may run at a time.'),
  per: choice(['second', 'minute', 'hour', 'day'])
    .exactOptional()
    .describe('The time in which no more than that may happen, wherever it begins. Not with concurrent.'),
  wait: duration({ min: '1ms', max: '10m' })
    .exactOptional()
    .describe('How long a call may wait for its turn. Left out: it is refused at once.'),
  queue: count('calls', { min: '1', max: '100000' }).prefault(100).describe('How many calls may wait, where wait is given.'),
  ...scope,
})

/** One limit as it is written. */
export type LimitConfig = z.output<typeof limit>

/** Lists of budgets and of limits, for whatever can have some. */
export const bounds = {
  budgets: z.array(budget).prefault([]).describe('How much may be spent. Several may apply to a call; the tightest decides.'),
  limits: z.array(limit).prefault([]).describe('How often calls may be made, and how many at a time.'),
}

const SELECTOR = new RegExp(
  `^(?:organisation|(?:team|user|key):[^\\s=]{1,128}|label:${LABEL_NAME}=${LABEL_VALUE}|each (?:team|user|key|run)|each label:${LABEL_NAME})$`,
  'u',
)

/** What budgets and limits hold for. */
export const account = z.strictObject({
  of: z
    .string()
    .regex(SELECTOR, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is no account; write organisation, team:NAME, user:NAME, key:ID, label:NAME=VALUE, or each team, each user, each key, each run, each label:NAME`,
    })
    .meta({
      'x-unit': 'account, or each account of a kind',
      'x-examples': ['each key', 'user:alice', 'label:feature=search', 'each label:end_user'],
    })
    .describe('Whose they are. A run is all calls of one trace.'),
  team: name().exactOptional().describe('Only what belongs to this team. Left out: whatever the team.'),
  ...bounds,
})

/** What is wrong between the fields of budgets and limits. */
export function checkBounds(
  path: readonly (string | number)[],
  { budgets, limits }: { readonly budgets: readonly BudgetConfig[]; readonly limits: readonly LimitConfig[] },
): readonly ConfigProblem[] {
  return [
    ...budgets.flatMap((each, index) => checkBudget([...path, 'budgets', index], each)),
    ...limits.flatMap((each, index) => checkLimit([...path, 'limits', index], each)),
  ]
}

function checkBudget(path: readonly (string | number)[], config: BudgetConfig): ConfigProblem[] {
  const units = [config.usd, config.tokens, config.calls].filter((amount) => amount !== undefined).length
  const isCalendar = config.window === 'calendar' && config.per !== 'total'
  return [
    ...(units === 1 ? [] : [{ path, message: 'needs exactly one of usd, tokens and calls' }]),
    ...(config.window === 'rolling' && config.per === 'total'
      ? [{ path: [...path, 'window'], message: 'a total does not roll; remove window' }]
      : []),
    ...(config.zone !== undefined && !isCalendar
      ? [{ path: [...path, 'zone'], message: 'goes with a calendar period only; remove it' }]
      : []),
    ...(config.mode === 'strict' && config.unpriced === 'allow'
      ? [{ path: [...path, 'unpriced'], message: 'a strict budget cannot allow what has no price; write refuse, or mode: hard' }]
      : []),
  ]
}

function checkLimit(path: readonly (string | number)[], config: LimitConfig): ConfigProblem[] {
  const units = [config.requests, config.tokens, config.concurrent].filter((amount) => amount !== undefined).length
  if (units !== 1) return [{ path, message: 'needs exactly one of requests, tokens and concurrent' }]
  if (config.concurrent === undefined) return config.per === undefined ? [{ path, message: 'needs per: second, minute, hour or day' }] : []
  return config.per === undefined ? [] : [{ path: [...path, 'per'], message: 'does not go with concurrent; remove it' }]
}
