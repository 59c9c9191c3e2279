import { revealHeaders, secretsOf } from '../core/header-fields.ts'
import { formatUsd } from '../core/money.ts'
import type { Secret } from '../core/secret.ts'
import type { ModelsConfig } from './config.ts'
import { dialects } from './dialects/index.ts'
import { listPrice } from './prices/price.ts'
import { PROVIDERS, type ProviderRow } from './providers.ts'
import { compileRoutes, type RoutedModel, routeToModel } from './routing/compile.ts'
import { laneIdsOf } from './routing/lane-id.ts'
import type { Route } from './routing/types.ts'
import { timeoutsOf } from './timeouts.ts'
import type { Price, Target } from './types.ts'

type ProviderConfig = ModelsConfig['providers'][string]
type ModelConfig = ModelsConfig['models'][number]

/** A model as it is listed to a caller. A name may end in `*`. */
export interface ListedModel {
  readonly name: string
  readonly provider: string
  /** US dollars per million tokens, as decimal text; absent where unpriced. */
  readonly price?: { readonly inputPerMillion: string; readonly outputPerMillion: string }
}

/** The configured models, ready to be found. Immutable; a new configuration makes a new one. */
export interface ModelCatalog {
  /** The route of a name, which a model is too: an exact name first, then the longest wildcard. Undefined where there is none. */
  find(name: string): Route | undefined
  list(): readonly ListedModel[]
  /** Every way to a configured model that is no wildcard. */
  lanes(): readonly Target[]
  /** The configured name that a caller's name falls under: bounded, for metrics. */
  configuredName(name: string): string | undefined
}

/** Builds the catalog of a checked configuration. Pure. */
export function compileCatalog(config: ModelsConfig): ModelCatalog {
  const exact = new Map<string, Route>()
  const wildcards: { readonly prefix: string; readonly model: ModelConfig }[] = []
  const listed: ListedModel[] = []
  for (const model of config.models) {
    const isWildcard = model.name.endsWith('*')
    const routed = routedModel(config, model, model.id ?? model.name)
    if (isWildcard) wildcards.push({ prefix: model.name.slice(0, -1), model })
    else exact.set(model.name, routeToModel(model.name, routed))
    listed.push({ name: model.name, provider: model.provider, ...(isWildcard ? {} : shownPrice(routed.price)) })
  }
  wildcards.sort((left, right) => right.prefix.length - left.prefix.length)
  const wildcardOf = (name: string) => wildcards.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length)
  const modelOf = (name: string): RoutedModel | undefined => {
    const model = config.models.find((one) => one.name === name)
    if (model !== undefined) return routedModel(config, model, model.id ?? model.name)
    const wildcard = wildcardOf(name)
    return wildcard && routedModel(config, { ...wildcard.model, name }, name.slice(wildcard.prefix.length))
  }
  for (const [name, route] of compileRoutes({ routes: config.routes, modelOf })) {
    exact.set(name, route)
    listed.push({ name, provider: ROUTE_OWNER })
  }
  return {
    find: (name) => {
      const route = exact.get(name)
      if (route !== undefined) return route
      const model = modelOf(name)
      return model && routeToModel(name, model)
    },
    list: () => listed,
    lanes: () => [...exact.values()].flatMap(({ only }) => only?.lanes ?? []),
    configuredName: (name) => (exact.has(name) ? name : wildcardOf(name)?.model.name),
  }
}

/** Who owns a route in a listing of models: no provider does. */
const ROUTE_OWNER = 'signalbox'

function routedModel(config: ModelsConfig, model: ModelConfig, id: string): RoutedModel {
  const keys = config.providers[model.provider]?.apiKey ?? []
  const [first, ...others] = keys.length === 0 ? [undefined] : keys
  const lane = (key: Secret | undefined, keyIndex: number) => targetOf(config, model, id, { key, keyIndex })
  const lanes = [lane(first, 0), ...others.map((key, index) => lane(key, index + 1))] as const
  return { id, lanes: [...lanes], price: lanes[0].price, can: model.can, retries: model.retries }
}

/** One of a provider's keys. */
interface ProviderKey {
  readonly key: Secret | undefined
  /** From 0. */
  readonly keyIndex: number
}

function targetOf(config: ModelsConfig, model: ModelConfig, id: string, { key, keyIndex }: ProviderKey): Target {
  const provider = config.providers[model.provider] ?? {}
  // A name such as `constructor` must not find what every object has.
  const row: ProviderRow | undefined = Object.hasOwn(PROVIDERS, model.provider) ? PROVIDERS[model.provider] : undefined
  const wire = provider.wire ?? row?.wire ?? 'openai-chat'
  const baseUrl = (provider.baseUrl ?? row?.baseUrl ?? '').replace(/\/+$/, '')
  return {
    ...laneIdsOf(model.provider, key?.reveal(), id),
    keyIndex,
    keyCount: Math.max(1, provider.apiKey?.length ?? 0),
    name: model.name,
    provider: model.provider,
    id,
    wire,
    url: `${baseUrl}${dialects[wire].path}`,
    headers: headersOf(provider, key),
    credentials: secretsOf([...(provider.apiKey ?? []), ...Object.values(provider.headers ?? {})]),
    timeouts: timeoutsOf(config.timeouts, provider.timeouts, model.timeouts),
    price: priceOf(model) ?? listPrice(model.provider, id),
  }
}

function headersOf(provider: ProviderConfig, key: Secret | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
  }
  if (key !== undefined) headers.authorization = `Bearer ${key.reveal()}`
  return { ...headers, ...revealHeaders(provider.headers) }
}

function priceOf(model: ModelConfig): Price | undefined {
  const { price } = model
  if (price === undefined) return undefined
  return {
    input: price.inputPerMillion,
    output: price.outputPerMillion,
    ...(price.cachedInputPerMillion === undefined ? {} : { cachedInput: price.cachedInputPerMillion }),
    ...(price.cacheWritePerMillion === undefined ? {} : { cacheWrite: price.cacheWritePerMillion }),
    version: 'configuration',
  }
}

function shownPrice(price: Price | undefined): Pick<ListedModel, 'price'> {
  if (price === undefined) return {}
  return { price: { inputPerMillion: formatUsd(price.input), outputPerMillion: formatUsd(price.output) } }
}
