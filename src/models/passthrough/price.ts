import type { Usage } from '../../core/events.ts'
import type { NanoUsd } from '../../core/money.ts'
import type { Estimator } from '../../stages/hold.ts'
import type { Charge } from '../../stages/meter.ts'
import { charge } from '../prices/charge.ts'
import type { Price } from '../prices/types.ts'
import type { Charging } from './charging.ts'
import type { PassedCall } from './types.ts'

/** What says the price of one call. It may be known only once the body was sent. */
export interface PassedPrice {
  readonly charging: Charging
  readonly find: () => Price | undefined
}

const VERSION = 'configuration'
const NO_TOKENS: Usage = { inputTokens: 0, outputTokens: 0 }

/** Keeps nothing of a call but what says its price. */
export function priceOf({ rule: { charging }, to, model }: PassedCall): PassedPrice {
  return { charging, find: () => findPrice(charging, to.priceOf, model) }
}

function findPrice(charging: Charging, priceOf: PassedCall['to']['priceOf'], model: PassedCall['model']): Price | undefined {
  switch (charging.type) {
    case 'flat':
      return charging.nanoUsd === undefined ? undefined : { input: 0, output: 0, perCall: charging.nanoUsd, version: VERSION }
    case 'units':
      return { input: 0, output: 0, unit: charging.nanoUsdEach, version: VERSION }
    case 'tokens': {
      const id = model?.nameOr(charging.id)
      return id === undefined ? undefined : priceOf(id)
    }
    default:
      return charging satisfies never
  }
}

/** What a usage costs: by the one function that says so for models. Where tokens are no part of it, none were used. */
export function chargePassed({ charging, find }: PassedPrice, usage: Usage, atMs: number): Charge {
  return charge(find(), charging.type === 'tokens' ? usage : { ...NO_TOKENS, ...usage }, atMs)
}

/** What a call costs at the most: what each costs, or what whoever runs the gateway says. Undefined: it has no price, as far as that is known yet. */
function mostOf({ rule: { charging }, to, model }: PassedCall): NanoUsd | undefined {
  if (charging.type === 'flat') return charging.nanoUsd
  const isPriced = charging.type === 'units' || model?.isSettled === false || findPrice(charging, to.priceOf, model) !== undefined
  return isPriced ? charging.atMostNanoUsd : undefined
}

/** A call is held at the most that it may cost, whatever it brings. */
export const passedEstimator: Estimator<PassedCall> = {
  estimate: (passed) => {
    const { id, to, rule } = passed
    const nanoUsd = mostOf(passed)
    return {
      attempt: id,
      model: to.name,
      provider: to.target.provider,
      target: rule.written,
      inputTokens: 0,
      outputTokens: 0,
      choices: 1,
      nanoUsd,
      priceVersion: nanoUsd === undefined ? undefined : VERSION,
      leaseMs: to.timeouts.totalMs,
    }
  },
  pricing: (passed) => {
    const nanoUsd = mostOf(passed)
    return () => nanoUsd
  },
  clampOutput: (input) => input,
}
