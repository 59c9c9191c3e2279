import { GatewayError } from '../../core/errors.ts'
import type { Route, RuledOut } from './types.ts'

/** The refusal of a call that no target can take, by cause: the request, the provider's limits, or the state of the targets. */
export function refusal(route: Pick<Route, 'name' | 'only'>, ruledOut: readonly RuledOut[], nowMs: number): GatewayError {
  const able = ruledOut.filter(({ cause }) => cause !== 'request')
  const reasons = ruledOut.map((out) => describeOut(route, out, nowMs)).join('; ')
  if (able.length === 0) {
    const what = route.only === undefined ? `No target of the route "${route.name}"` : `The model "${route.name}" does not`
    return new GatewayError('no_capable_target', `${what} ${route.only === undefined ? 'can ' : ''}serve this request: ${reasons}.`)
  }
  const untilMs = Math.min(...able.map((out) => out.untilMs ?? Number.POSITIVE_INFINITY))
  const retry = untilMs === Number.POSITIVE_INFINITY ? {} : { retryAfterSeconds: Math.max(1, Math.ceil((untilMs - nowMs) / 1000)) }
  const code = able.every(({ cause }) => cause === 'limit') ? 'provider_rate_limited' : 'provider_unavailable'
  const what = route.only === undefined ? `No target of the route "${route.name}"` : `The model "${route.name}" cannot`
  return new GatewayError(code, `${what} ${route.only === undefined ? 'can ' : ''}take this call now: ${reasons}.`, retry)
}

function describeOut({ only }: Pick<Route, 'only'>, { target, why, untilMs }: RuledOut, nowMs: number): string {
  const rest = untilMs === undefined ? '' : ` (${Math.max(1, Math.ceil((untilMs - nowMs) / 1000))} s more)`
  return `${only === undefined ? `${target}: ` : ''}${why}${rest}`
}
