import { formatUsd } from '../core/money.ts'
import type { Surroundings } from './cloud/authorize.ts'
import type { ModelsConfig } from './config.ts'
import { chargingOf } from './passthrough/charging.ts'
import { objectRowsOf } from './passthrough/objects/rows.ts'
import type { PassedLane, PassedProvider } from './passthrough/types.ts'
import { compileProvider, type Place } from './place.ts'
import type { PriceBook } from './prices/book.ts'
import { configuredPrice } from './prices/config.ts'
import type { Price } from './prices/types.ts'
import { capabilitiesOf } from './routing/capabilities.ts'
import { compileRoutes, type RoutedModel, routeToModel } from './routing/compile.ts'
import { fingerprintOf, laneIdsOf } from './routing/lane-id.ts'
import type { Capabilities, Route } from './routing/types.ts'
import { timeoutsOf } from './timeouts.ts'
import type { Target, Timeouts } from './types.ts'

type ProviderConfig = ModelsConfig['providers'][string]
type ModelConfig = ModelsConfig['models'][number]

/** A model as it is listed to a caller. A name may end in `*`. */
export interface ListedModel {
  readonly name: string
  readonly provider: string
  /** US dollars per million tokens, as decimal text; absent where unpriced. */
  readonly price?: { readonly inputPerMillion: string; readonly outputPerMillion: string }
  /** What is known of what it can do; absent for a wildcard and a route. */
  readonly can?: Capabilities
}

/** The configured models, ready to be found. Immutable; a new configuration makes a new one. */
export interface ModelCatalog {
  /** The route of a name, which a model is too: an exact name first, then the longest wildcard. Undefined where there is none. */
  find(name: string): Route | undefined
  list(): readonly ListedModel[]
  /** Patterns of the tools that providers may run themselves; undefined: all. */
  readonly serverTools: readonly string[] | undefined
  /** The provider of this name, where something is passed through to it. */
  passthrough(provider: string): PassedProvider | undefined
  /** The providers to which something is passed through. */
  readonly passed: readonly PassedProvider[]
  /** Where a provider keeps responses of the wire `openai-responses`, with the key of this id; undefined where that is not configured any more. */
  keeper(provider: string, keyId: string): Keeper | undefined
  /** Every way to a configured model that is no wildcard. */
  lanes(): readonly Target[]
  /** The ways to models whose names end in `*`, with `*` for the id where the caller says it. */
  wildcardLanes(): readonly Target[]
  /** The configured name that a caller's name falls under: bounded, for metrics. */
  configuredName(name: string): string | undefined
}

/** A provider that keeps responses, with one of its keys. */
export interface Keeper {
  readonly target: Pick<Target, 'provider' | 'headers' | 'credentials' | 'authorize' | 'connection'>
  /** Where they are made. */
  readonly url: string
  readonly timeouts: Timeouts
}

/** Builds the catalog of a checked configuration. Pure. */
export function compileCatalog(config: ModelsConfig, prices: PriceBook, surroundings: Surroundings = { env: {} }): ModelCatalog {
  const places = new Map(Object.entries(config.providers).map(([name, provider]) => [name, placesOf(name, provider, surroundings)]))
  const sources = { config, prices }
  const passed = passedProviders(sources, places)
  const exact = new Map<string, Route>()
  const wildcards: { readonly prefix: string; readonly model: ModelConfig }[] = []
  const listed: ListedModel[] = []
  for (const model of config.models) {
    const isWildcard = model.name.endsWith('*')
    const routed = routedModel(sources, places, model, model.id ?? model.name)
    if (isWildcard) wildcards.push({ prefix: model.name.slice(0, -1), model })
    else exact.set(model.name, routeToModel(model.name, routed))
    const known = isWildcard ? {} : { ...shownPrice(routed.price), can: capabilitiesOf(routed.id, model.can) }
    listed.push({ name: model.name, provider: model.provider, ...known })
  }
  wildcards.sort((left, right) => right.prefix.length - left.prefix.length)
  const wildcardOf = (name: string) =>
    wildcards.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length && mayBeNamed(name))
  const modelOf = (name: string): RoutedModel | undefined => {
    const model = config.models.find((one) => one.name === name)
    if (model !== undefined) return routedModel(sources, places, model, model.id ?? model.name)
    const wildcard = wildcardOf(name)
    return wildcard && routedModel(sources, places, { ...wildcard.model, name }, name.slice(wildcard.prefix.length))
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
    serverTools: config.serverTools,
    passthrough: (provider) => passed.get(provider),
    passed: [...passed.values()],
    keeper: (provider, keyId) => keeperOf(config, places, provider, keyId),
    lanes: () => [...exact.values()].flatMap(({ only }) => only?.lanes ?? []),
    wildcardLanes: () => wildcards.flatMap(({ model }) => routedModel(sources, places, model, model.id ?? '*').lanes),
    configuredName: (name) => (exact.has(name) ? name : wildcardOf(name)?.model.name),
  }
}

/**
 * What a caller may put in the place of `*`. It is written to the log and to every table of an operator, and the longest that a provider
 * gives out (a Bedrock or Azure resource) is shorter.
 */
function mayBeNamed(name: string): boolean {
  return name.length <= LONGEST_NAME && !CONTROL.test(name)
}

const LONGEST_NAME = 512
/** What shows nothing, or moves the cursor; halves of characters too. */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

/** Who owns a route in a listing of models: no provider does. */
const ROUTE_OWNER = 'signalbox'

/** A provider with one of its keys. */
interface KeyedPlace extends Place {
  readonly keyFingerprint: string
  /** From 0. */
  readonly keyIndex: number
  readonly keyCount: number
}

/** Providers to which something is passed through. */
function passedProviders({ config, prices }: Sources, places: ReadonlyMap<string, KeyedPlaces>): ReadonlyMap<string, PassedProvider> {
  const passed = new Map<string, PassedProvider>()
  for (const [name, { passthrough, timeouts, kind = name }] of Object.entries(config.providers)) {
    const [place, ...others] = places.get(name) ?? []
    if (passthrough === undefined || place === undefined) continue
    passed.set(name, {
      lanes: [passedLane(place), ...others.map(passedLane)],
      objects: objectRowsOf(kind, place.target.wire),
      ownedBy: passthrough.ownedBy,
      name: `passthrough/${name}`,
      base: place.base,
      target: place.target,
      timeouts: timeoutsOf(config.timeouts, timeouts, undefined),
      rules: passthrough.paths.map((rule) => ({
        ...rule,
        charging: chargingOf(passthrough.charges[rule.written], passthrough.usdPerCall),
      })),
      priceOf: (id) => {
        const model = config.models.find((one) => one.provider === name && one.id === id && one.price !== undefined)
        return (model && priceOf(model)) ?? prices.find(kind, id)
      },
      isUnguarded: passthrough.unguarded,
    })
  }
  return passed
}

/** No model stands behind it: its circuit and its limits are its own. */
function passedLane({ target, keyFingerprint, access, keyIndex, keyCount }: KeyedPlace): PassedLane {
  const { provider } = target
  return { target, provider, id: 'passthrough', ...laneIdsOf(provider, keyFingerprint, access, 'passthrough'), keyIndex, keyCount }
}

type KeyedPlaces = readonly [KeyedPlace, ...KeyedPlace[]]

function placesOf(name: string, provider: ProviderConfig, surroundings: Surroundings): KeyedPlaces {
  const keys = provider.apiKey ?? []
  const [first, ...others] = keys.map((key, keyIndex) => ({
    ...compileProvider(name, { ...provider, apiKey: [key] }, surroundings),
    ...{ keyFingerprint: fingerprintOf(key.reveal()), keyIndex, keyCount: keys.length },
  }))
  if (first !== undefined) return [first, ...others]
  return [{ ...compileProvider(name, provider, surroundings), keyFingerprint: fingerprintOf(undefined), keyIndex: 0, keyCount: 1 }]
}

function keeperOf(config: ModelsConfig, places: ReadonlyMap<string, KeyedPlaces>, provider: string, keyId: string): Keeper | undefined {
  const place = places.get(provider)?.find(({ keyFingerprint, access }) => laneIdsOf(provider, keyFingerprint, access, '').keyId === keyId)
  if (place === undefined) return undefined
  const timeouts = timeoutsOf(config.timeouts, config.providers[provider]?.timeouts, undefined)
  const { also, url } = place.urls('')
  if (place.target.wire === 'openai-responses') return { target: place.target, url, timeouts }
  const other = also?.find(({ wire }) => wire === 'openai-responses')
  return other && { target: { ...place.target, headers: other.headers }, url: other.url, timeouts }
}

/** What a target is made of. */
interface Sources {
  readonly config: ModelsConfig
  readonly prices: PriceBook
}

function routedModel(sources: Sources, places: ReadonlyMap<string, KeyedPlaces>, model: ModelConfig, id: string): RoutedModel {
  const [first, ...others] = places.get(model.provider) ?? placesOf(model.provider, {}, { env: {} })
  const lane = targetOf(sources, first, model, id)
  return {
    id,
    lanes: [lane, ...others.map((place) => targetOf(sources, place, model, id))],
    price: lane.price,
    can: model.can,
    scores: model.scores,
    cache: model.cache,
    retries: model.retries,
  }
}

function targetOf({ config, prices }: Sources, place: KeyedPlace, model: ModelConfig, id: string): Target {
  const provider = config.providers[model.provider]
  const most = capabilitiesOf(id, model.can).output
  return {
    ...place.target,
    ...place.urls(id),
    ...laneIdsOf(model.provider, place.keyFingerprint, place.access, id),
    keyIndex: place.keyIndex,
    keyCount: place.keyCount,
    name: model.name,
    id,
    ...(most === undefined ? {} : { maxOutputTokens: most }),
    timeouts: timeoutsOf(config.timeouts, provider?.timeouts, model.timeouts),
    price: priceOf(model) ?? prices.find(provider?.kind ?? model.provider, id),
    fidelity: model.fidelity ?? config.fidelity,
    ...(model.guards === undefined ? {} : { guards: model.guards }),
  }
}

function priceOf({ price }: ModelConfig): Price | undefined {
  return price && configuredPrice(price)
}

function shownPrice(price: Price | undefined): Pick<ListedModel, 'price'> {
  if (price === undefined) return {}
  return { price: { inputPerMillion: formatUsd(price.input), outputPerMillion: formatUsd(price.output) } }
}
