import { revealHeaders, secretsOf } from '../core/header-fields.ts'
import { formatUsd } from '../core/money.ts'
import type { ModelsConfig } from './config.ts'
import { dialects } from './dialects/index.ts'
import { listPrice } from './prices/price.ts'
import { PROVIDERS, type ProviderRow } from './providers.ts'
import type { Price, Target, Timeouts } from './types.ts'

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
  /** The target of a name: an exact name first, then the longest wildcard. Undefined where there is none. */
  find(name: string): Target | undefined
  list(): readonly ListedModel[]
  /** The configured name that a caller's name falls under: bounded, for metrics. */
  configuredName(name: string): string | undefined
}

/** Builds the catalog of a checked configuration. Pure. */
export function compileCatalog(config: ModelsConfig): ModelCatalog {
  const exact = new Map<string, Target>()
  const wildcards: { readonly prefix: string; readonly model: ModelConfig }[] = []
  const listed: ListedModel[] = []
  for (const model of config.models) {
    const target = targetOf(config, model, model.id ?? model.name)
    if (model.name.endsWith('*')) wildcards.push({ prefix: model.name.slice(0, -1), model })
    else exact.set(model.name, target)
    listed.push({ name: model.name, provider: model.provider, ...(model.name.endsWith('*') ? {} : shownPrice(target.price)) })
  }
  wildcards.sort((left, right) => right.prefix.length - left.prefix.length)
  const wildcardOf = (name: string) => wildcards.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length)
  return {
    find: (name) => {
      const target = exact.get(name)
      if (target !== undefined) return target
      const wildcard = wildcardOf(name)
      if (wildcard === undefined) return undefined
      return { ...targetOf(config, wildcard.model, name.slice(wildcard.prefix.length)), name }
    },
    list: () => listed,
    configuredName: (name) => (exact.has(name) ? name : wildcardOf(name)?.model.name),
  }
}

function targetOf(config: ModelsConfig, model: ModelConfig, id: string): Target {
  const provider = config.providers[model.provider] ?? {}
  // A name such as `constructor` must not find what every object has.
  const row: ProviderRow | undefined = Object.hasOwn(PROVIDERS, model.provider) ? PROVIDERS[model.provider] : undefined
  const wire = provider.wire ?? row?.wire ?? 'openai-chat'
  const baseUrl = (provider.baseUrl ?? row?.baseUrl ?? '').replace(/\/+$/, '')
  return {
    name: model.name,
    provider: model.provider,
    id,
    wire,
    url: `${baseUrl}${dialects[wire].path}`,
    headers: headersOf(provider),
    credentials: secretsOf([...(provider.apiKey ?? []), ...Object.values(provider.headers ?? {})]),
    timeouts: timeoutsOf(config, provider, model),
    price: priceOf(model) ?? listPrice(model.provider, id),
    ...(model.guards === undefined ? {} : { guards: model.guards }),
  }
}

function headersOf(provider: ProviderConfig): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
  }
  const [key] = provider.apiKey ?? []
  if (key !== undefined) headers.authorization = `Bearer ${key.reveal()}`
  return { ...headers, ...revealHeaders(provider.headers) }
}

function timeoutsOf(config: ModelsConfig, provider: ProviderConfig, model: ModelConfig): Timeouts {
  const { connect, firstToken, idle, total } = { ...config.timeouts, ...provider.timeouts, ...model.timeouts }
  return { connectMs: connect, firstTokenMs: firstToken, idleMs: idle, totalMs: total }
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
