import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import { pathOf } from '../../core/headers.ts'
import type { ObjectStore } from '../../core/kept-objects.ts'
import type { Access } from '../../core/ports.ts'
import { type Handler, pipeline } from '../../core/stage.ts'
import type { World } from '../../core/world.ts'
import { authorize } from '../../stages/authorize.ts'
import { budget } from '../../stages/budget.ts'
import type { GuardSet } from '../../stages/guards/guard-set.ts'
import type { MoneyDeps } from '../../stages/hold.ts'
import { limit } from '../../stages/limit.ts'
import { limitAttempts } from '../../stages/limit-attempts.ts'
import { meter } from '../../stages/meter.ts'
import { receive } from '../../stages/receive.ts'
import type { ModelCatalog } from '../catalog.ts'
import type { RouterState } from '../routing/router.ts'
import type { PassedLimits } from './body.ts'
import { queryToSend } from './headers.ts'
import { findObject } from './objects/find.ts'
import { ownObjects } from './own-objects.ts'
import { chargePassed, passedEstimator, priceOf } from './price.ts'
import { belowAddress, listsPath, METHODS, readPassedPath } from './rules.ts'
import { sendPassed } from './send.ts'
import type { PassedCall, PassedPart, PassedProvider } from './types.ts'
import { findPrice } from './usage/find-price.ts'
import { tellUsage } from './usage/tell-usage.ts'

interface PassthroughDeps {
  readonly world: Pick<World, 'now'>
  readonly catalog: () => ModelCatalog
  readonly access: Access
  readonly guards: () => GuardSet
  readonly money: MoneyDeps
  readonly limits: () => PassedLimits & { readonly jsonDepth: number }
  readonly objects: ObjectStore
  readonly router: Pick<RouterState, 'lanes'>
}

/** What stands behind the stages that need only the caller: those that need to know what is asked for. */
export function createPassthrough(deps: PassthroughDeps): Handler<{ readonly request: Request }, PassedPart> {
  const subjectOf = ({ to }: PassedCall) => to.name
  return receive(
    async (call, { request }) => find(deps, call, request),
    pipeline<PassedCall, PassedPart>(
      [
        authorize((call, passed) => refuseGuarded(deps, call, passed)),
        limit({ ...deps.money, subjectOf, tokensOf: () => 0 }),
        ownObjects(deps), // behind the limit: ids are not to be guessed
        findPrice(deps),
        budget({
          ...deps.money,
          subjectOf,
          untold: { providerOf: ({ to }) => to.target.provider, what: 'calls that are passed through' },
        }),
        limitAttempts({
          ...deps.money,
          targetOf: ({ to }) => ({ name: to.name, provider: to.target.provider }),
          idOf: ({ id }) => id,
          tokensOf: () => 0,
          usageOf: (part) => (part.type === 'usage' ? part.usage : undefined),
        }),
        meter({
          usageOf: (part) => (part.type === 'piece' ? undefined : part.usage),
          sizeOf: (part) => (part.type === 'piece' ? part.bytes.length : 0),
          isPiece: () => false,
          pricedOf: priceOf,
          price: (price, usage) => chargePassed(price, usage, deps.world.now()),
          holds: { ...passedEstimator, ...deps.money },
        }),
        tellUsage(),
      ],
      (call, passed) => sendPassed(call, passed, { limits: deps.limits, lanes: deps.router.lanes }),
    ),
  )
}

/**
 * Finds the provider and the rule. What a caller may not use looks to it as it does to everybody who may not.
 * @throws invalid_request, not_found, forbidden, method_not_allowed
 */
function find(deps: PassthroughDeps, call: Call, request: Request): PassedCall {
  const asked = readPassedPath(pathOf(request.url))
  const { provider } = asked
  const to = deps.catalog().passthrough(provider)
  const { facts } = call.record
  facts.subject = `passthrough/${provider}`.slice(0, 200)
  if (to === undefined) {
    throw new GatewayError(
      'not_found',
      `Nothing is passed through to a provider "${provider.slice(0, 100)}". models.providers.<name>.passthrough.paths lists what is.`,
    )
  }
  permit(deps.access, call, to)
  facts.provider = to.target.provider
  const { path, segments } = belowAddress(asked, to.base)
  const listed = to.rules.filter((rule) => listsPath(rule, segments))
  const rule = listed.find(({ method }) => method === request.method)
  const method = METHODS.find((one) => one === request.method)
  if (rule === undefined || method === undefined)
    throw notListed(
      to,
      request.method,
      path,
      listed.map((one) => one.method),
    )
  facts.target = rule.written.slice(0, 200)
  return {
    id: `${call.id}.1`,
    to,
    method,
    rule,
    url: `${to.base}${path}${queryToSend(request.url)}`,
    request,
    asked: findObject(to.objects, method, segments),
  }
}

/** The grant: the same list by which models are granted. */
function permit(access: Access, call: Call, { name, target }: PassedProvider): void {
  if (access.mayUseModel(call.principal, name)) return
  throw new GatewayError(
    'forbidden',
    `This key may not pass calls through to the provider "${target.provider}": "${name}" is not among the models of its team, or its own.`,
  )
}

/** Guards read texts in wires that the gateway knows. What they are there to stop must not find a way around them. */
function refuseGuarded({ guards }: PassthroughDeps, { principal }: Call, { to }: PassedCall): void {
  const [guard] = to.isUnguarded ? [] : guards().choose(principal, { kind: 'models', name: to.name })
  if (guard === undefined) return
  throw new GatewayError(
    'forbidden',
    `The guard "${guard.name}" applies to this call, and guards do not look at what is passed through. Whoever runs this gateway can leave "${to.name}" out of the guard, or set passthrough.unguarded at the provider.`,
  )
}

function notListed({ target, rules }: PassedProvider, method: string, path: string, methods: readonly string[]): GatewayError {
  if (methods.length > 0) {
    const allow = [...new Set(methods)].join(', ')
    return new GatewayError(
      'method_not_allowed',
      `This path of ${target.provider} is passed through with ${allow}, not ${method.slice(0, 20)}.`,
      {
        headers: { allow },
      },
    )
  }
  const shown = rules.slice(0, 20).map(({ written }) => written)
  return new GatewayError(
    'not_found',
    `${path.slice(0, 200)} of ${target.provider} is not passed through. These are: ${shown.join(', ')}${rules.length > 20 ? `, and ${rules.length - 20} more` : ''}.`,
  )
}
