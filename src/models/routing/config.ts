import { z } from 'zod'
import { choice, count, decimal, duration, name, namePattern, share, text } from '../../core/fields.ts'
import { guardNames } from '../../core/guard-names.ts'
import { cacheField } from '../cache/config.ts'
import { ownTimeouts } from '../timeouts.ts'
import { STRATEGIES, TASK_KINDS } from './types.ts'

const canDocs = {
  tools: 'Whether it calls tools.',
  images: 'Whether it reads images.',
  audio: 'Whether it takes audio.',
  schema: 'Whether it keeps to a JSON schema.',
  reasoning: 'Whether it reasons before it answers.',
  prefill: "Whether it goes on with an assistant's message that stands last.",
} as const

const flag = (doc: string) => z.boolean().meta({ 'x-unit': 'true or false' }).exactOptional().describe(doc)

const can = z
  .strictObject({
    context: count('tokens', { min: '1' }).exactOptional().describe('Most tokens of input and output together.'),
    output: count('tokens', { min: '1' }).exactOptional().describe('Most tokens of output.'),
    tools: flag(canDocs.tools),
    images: flag(canDocs.images),
    audio: flag(canDocs.audio),
    schema: flag(canDocs.schema),
    reasoning: flag(canDocs.reasoning),
    prefill: flag(canDocs.prefill),
  })
  .describe('What the model can do, where the built-in table does not know it or is wrong. What is not known rules nothing out.')

const retryFields = (max: string) => ({
  max: count('retries', { max: '20' }).prefault(max).describe('How often a call goes round its targets again after all of them failed.'),
  base: duration({ min: '1ms', max: '1m' })
    .prefault('250ms')
    .describe('The longest first wait; it doubles with each retry. Waits are drawn from 0 to this.'),
  longest: duration({ min: '1ms', max: '10m' })
    .prefault('8s')
    .describe('The longest wait. A provider that asks for more (Retry-After) is not waited for.'),
  perCall: decimal('retries a call', { min: 0, max: 10 })
    .prefault(0.2)
    .describe('Retry budget: what each call adds to it. When much fails at once, trying again makes it worse.'),
})

/** Scores by kind of task. */
const scores = z
  .partialRecord(z.enum([...TASK_KINDS, 'default']), decimal('score', { min: 0, max: 100 }).describe('The higher the better.'))
  .describe('How good it is, by kind of task, for the strategy best. default holds for the other kinds.')

const strings = (doc: string) => z.array(namePattern()).min(1, { error: 'is an empty list' }).exactOptional().describe(doc)

const when = z
  .strictObject({
    team: strings('Teams, with * for any text.'),
    user: strings('Users, with * for any text.'),
    labels: z
      .record(z.string().meta({ 'x-unit': 'name' }), namePattern().describe('Value of the label, with * for any text.'))
      .exactOptional()
      .describe('Labels that the call must have.'),
    stream: flag('Whether a stream is asked for.'),
    tools: flag('Whether tools are offered.'),
    images: flag('Whether there are images.'),
    schema: flag('Whether the answer must keep to a JSON schema.'),
    kind: z.array(choice(TASK_KINDS)).exactOptional().describe('Kinds of task, of which the call must have one.'),
    hard: flag('Whether the task looks hard: long, or words such as "prove" or "refactor".'),
    inputAtLeast: count('tokens').exactOptional().describe('Estimated tokens of input, at least.'),
    inputAtMost: count('tokens').exactOptional().describe('Estimated tokens of input, at most.'),
    cel: text(['principal.team == "research" && request.inputTokens > 2000'])
      .exactOptional()
      .describe('An expression in CEL over principal (organisation, team, user, key, labels) and request (stream, tools, inputTokens, …).'),
  })
  .describe('When the target is used; all that is written must hold. Left out: always.')

const target = z.strictObject({
  model: name().describe('Name of a model or of another route.'),
  weight: decimal('weight', { min: 0, max: 1_000_000 })
    .prefault(1)
    .describe('Its share among the targets, for weighted, sticky and least-busy. 0: only when the others fail.'),
  when: when.exactOptional(),
  goodAt: z.array(choice(TASK_KINDS)).prefault([]).describe('Kinds of task that auto sends to it.'),
  scores: scores.exactOptional(),
})

const part = z.strictObject({
  model: name().describe('Name of the model.'),
  share: share().describe('The part of the calls.'),
})

const hedge = z.strictObject({
  after: z
    .union([z.literal('p95'), duration({ min: '1ms', max: '10m' })])
    .meta({ 'x-unit': 'duration, or p95' })
    .prefault('p95')
    .describe(
      "When the second attempt starts: p95 is the 95th percentile of the target's first token (of its whole answers where it does not stream).",
    ),
  share: share().prefault('5%').describe('At most this part of the calls is hedged.'),
  spend: share().prefault('5%').describe("At most this part of the route's spend goes to hedges."),
})

const route = z.strictObject({
  name: name().describe('The name that callers use, as if it were a model.'),
  strategy: choice(STRATEGIES).prefault('priority').describe('What decides in which order the targets are tried.'),
  targets: z.array(target).min(1, { error: 'is an empty list; a route needs a target' }).describe('Models or routes.'),
  timeouts: ownTimeouts.exactOptional().describe('Timeouts of its attempts. They win over those of the models.'),
  retries: z.strictObject(retryFields('2')).prefault({}).describe('Trying again after every target has failed.'),
  stickyBy: z
    .array(choice(['label', 'session', 'user', 'conversation', 'prompt']))
    .min(1, { error: 'is an empty list' })
    .prefault(['label', 'session', 'user', 'conversation', 'prompt'])
    .describe(
      'For sticky: what keeps calls together, the first that a call has. label: the label conversation or session; session: a header of the client or prompt_cache_key; conversation: its first messages.',
    ),
  firstTokenWithin: duration({ min: '1ms', max: '10m' })
    .exactOptional()
    .describe('For cheapest: targets whose first token takes longer, as observed, go after the others.'),
  degradedFactor: decimal('factor', { min: 1.1, max: 1000 })
    .prefault(3)
    .describe('A target whose first token or tokens a second are worse than usual by this factor goes after the others.'),
  canary: part.exactOptional().describe('A part of the calls that goes to this model first.'),
  shadow: part
    .extend({ account: name().describe('The team that the copies are charged to.') })
    .exactOptional()
    .describe('A part of the calls is sent to this model as well; its answer is dropped.'),
  hedge: hedge.exactOptional().describe('A second attempt beside a slow first one; the loser is cancelled. Left out: none.'),
  onBrokenStream: choice(['error', 'continue'])
    .prefault('error')
    .describe('A stream that breaks after its first content. continue: another target goes on with the text, where there is only text.'),
  onFiltered: choice(['surface', 'next'])
    .prefault('surface')
    .describe(
      "A refusal by the provider's content filter. next: the next target is tried. A filter that answers with status 200 is an answer.",
    ),
  cache: cacheField().exactOptional(),
  guards: guardNames('every call of this route, beside those of the models that it may come to').exactOptional(),
})

const breaker = z.strictObject({
  failures: count('failures', { min: '1', max: '1000' })
    .prefault('5')
    .describe('Recent failures that open the circuit of a provider key and model.'),
  share: share().prefault('50%').describe('They must also be this part of the recent calls.'),
  pause: duration({ min: '1ms', max: '1h' })
    .prefault('5s')
    .describe('How long it stays open before one call may probe. Each probe that fails doubles it.'),
  longestPause: duration({ min: '1ms', max: '24h' }).prefault('2m').describe('The longest pause.'),
})

const overload = z.strictObject({
  running: count('calls', { min: '1' }).describe('Calls that run at once.'),
  queue: count('calls')
    .prefault('1000')
    .describe('Calls that wait for one of them to end; more are refused with 503, those of the lowest class first.'),
  wait: duration({ min: '1ms', max: '10m' }).prefault('5s').describe('How long one waits at the most.'),
})

/** Fields of a model that routing brings along. */
export const modelFields = {
  can: can.exactOptional(),
  scores: scores.exactOptional(),
  retries: z
    .strictObject(retryFields('0'))
    .prefault({})
    .describe(
      'Trying again where the model is named directly; the official SDKs do so by themselves. In a route, the retries of the route count.',
    ),
}

/** Fields of `models` that routing brings along. */
export const routingFields = {
  routes: z.array(route).prefault([]).describe('Routes: names that stand for several models and a way to choose.'),
  overload: overload.exactOptional().describe('How many calls the gateway for models takes at once. Left out: as many as come.'),
  breaker: breaker.prefault({}).describe('When a provider key and model is left alone for a while.'),
}

/** A route as it is written. */
export type RouteConfig = z.output<typeof route>

/** A target of a route as it is written. */
export type TargetConfig = z.output<typeof target>

/** The circuit breaker as it is written. */
export type BreakerConfig = z.output<typeof breaker>

/** What a model says of retries. */
export type RetryConfig = RouteConfig['retries']
