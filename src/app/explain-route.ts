import type { Labels } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import { formatUsd } from '../core/money.ts'
import type { World } from '../core/world.ts'
import { choose } from '../models/routing/choose.ts'
import { CallFactsForRoute } from '../models/routing/facts.ts'
import { refusal } from '../models/routing/refusal.ts'
import { RouterState } from '../models/routing/router.ts'
import { expectedCost } from '../models/routing/strategies.ts'
import type { ModelTarget, RequestShape } from '../models/routing/types.ts'
import { realWorld } from '../platform/world.ts'
import { dataFolder } from './data-folder.ts'
import { readProviderStates } from './keep-provider-states.ts'
import { type FileRequest, loadFile } from './load-file.ts'
import { withoutSecrets } from './without-secrets.ts'

/** What is asked. */
export interface ExplainRequest extends FileRequest {
  /** Left out: the real one. */
  readonly world?: World
  /** A route or a model; left out: what the request itself names. */
  readonly model: string | undefined
  /** The body of a request, of any wire. */
  readonly body: string
  readonly team: string | undefined
  readonly user: string | undefined
  readonly labels: Labels
}

/** Where a call would go now, and why. */
export interface RouteExplanation {
  readonly model: string
  readonly strategy: string
  /** Why the first target is first; absent where none is left. */
  readonly why?: string
  /** Best first. */
  readonly order: readonly {
    readonly model: string
    readonly provider: string
    readonly target: string
    readonly expectedCostUsd?: string
  }[]
  readonly ruledOut: readonly { readonly target: string; readonly why: string }[]
  /** What was read of the request. */
  readonly request: RequestShape
  /** Variables of the environment that are not set here: whether their keys are parked or at a limit is not known. */
  readonly notSet?: readonly string[]
  /** The refusal that the caller would get, where no target is left. */
  readonly refusal?: { readonly code: string; readonly status: number; readonly message: string }
}

/**
 * Chooses as the gateway would, with the states of providers that it wrote last, and sends nothing. Secrets need not be set.
 * @throws PlaceError where the configuration has problems; model_not_found; invalid_json
 */
export function explainRoute(request: ExplainRequest): RouteExplanation {
  const missing = new Set<string>()
  const snapshot = loadFile({ ...request, env: withoutSecrets(request.env, (name) => missing.add(name)) })
  const body = readBody(request.body)
  const name = request.model ?? (typeof body.model === 'string' ? body.model : '')
  const route = snapshot.catalog.find(name)
  if (route === undefined) throw new GatewayError('model_not_found', `There is no route and no model "${name}" in the file.`)
  const router = new RouterState(() => snapshot.breaker)
  readProviderStates(dataFolder(snapshot.config), router.lanes)
  const { team, user } = request
  // A team's own labels win over what a caller sends, as in a call.
  const labels = { ...request.labels, ...(team === undefined ? {} : snapshot.config.access.teams[team]?.labels) }
  const principal = {
    organisation: snapshot.config.access.organisation,
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    labels,
  }
  const facts = new CallFactsForRoute({ principal }, { text: request.body, isStream: body.stream === true, prompt: {} })
  const world = request.world ?? realWorld()
  const choice = choose(route, facts, { lanes: router.lanes, nowMs: world.now(), random: world.random })
  const refused = choice.order.length > 0 ? undefined : refusal(route, choice.ruledOut, world.now())
  return {
    model: name,
    strategy: route.strategy,
    ...(refused === undefined ? { why: choice.why } : {}),
    order: choice.order.map((target) => describeTarget(target, facts.shape, world.now())),
    ruledOut: choice.ruledOut.map(({ target, why }) => ({ target, why })),
    request: facts.shape,
    ...(missing.size === 0 ? {} : { notSet: [...missing] }),
    ...(refused === undefined ? {} : { refusal: { code: refused.code, status: refused.status, message: refused.message } }),
  }
}

function describeTarget(target: ModelTarget, shape: RequestShape, nowMs: number): RouteExplanation['order'][number] {
  const [{ provider, id }] = target.lanes
  const cost = expectedCost(target, shape, nowMs)
  return { model: target.name, provider, target: id, ...(cost === undefined ? {} : { expectedCostUsd: formatUsd(cost) }) }
}

function readBody(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('invalid_json', 'The request is not valid JSON.', { cause })
  }
  if (!isObject(value)) throw new GatewayError('invalid_json', 'The request is no JSON object.')
  return value
}
