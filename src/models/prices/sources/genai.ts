import { isObject } from '../../../core/json.ts'
import type { PeriodRow, PriceRow, ProviderPrices, RateKind, TariffRow } from '../types.ts'
import { type Converted, type LeftOut, mergeRows } from './converted.ts'

/** Names of our providers, and under which id genai-prices has their prices. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'x-ai': 'xai',
  google: 'gemini',
  aws: 'bedrock',
}

const KINDS: Readonly<Record<string, RateKind>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cachedInput',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  cache_audio_read_mtok: 'cachedAudioInput',
  input_image_mtok: 'imageInput',
  cache_image_read_mtok: 'cachedImageInput',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'audioOutput',
}

/** For each thousand. */
const PER_THOUSAND: Readonly<Record<string, 'perCall' | 'toolCall'>> = { requests_kcount: 'perCall', web_searches_kcount: 'toolCall' }

/** Prices of what no call of ours uses, or reports as something else: the model's other prices hold. */
const BESIDE: ReadonlySet<string> = new Set(['storage_searches_kcount'])

/** Whether this is the data of @pydantic/genai-prices: a list of providers with their models. */
export function isGenai(file: unknown): file is readonly unknown[] {
  return Array.isArray(file) && file.length > 0 && file.every((each) => isObject(each) && Array.isArray(each.models))
}

/** Reads the data of @pydantic/genai-prices (https://github.com/pydantic/genai-prices, MIT; read on 2026-11-21). */
export function fromGenai(file: readonly unknown[]): Converted {
  const leftOut: LeftOut[] = []
  const providers: Record<string, ProviderPrices> = {}
  for (const provider of file) {
    if (!isObject(provider) || !Array.isArray(provider.models)) continue
    const id = String(provider.id)
    const name = PROVIDERS[id] ?? id
    const models = provider.models.flatMap((model) => {
      try {
        return isObject(model) ? [readModel(model)] : []
      } catch (thrown) {
        if (!(thrown instanceof Unreadable)) throw thrown
        leftOut.push({ provider: name, model: isObject(model) ? String(model.id) : '?', why: thrown.message })
        return []
      }
    })
    const fallback = Array.isArray(provider.fallback_model_providers)
      ? provider.fallback_model_providers.map((each) => PROVIDERS[String(each)] ?? String(each))
      : undefined
    providers[name] = { ...(fallback === undefined ? {} : { fallback }), models: mergeRows(models) }
  }
  return { providers, leftOut }
}

/** Says why a price was left out. */
class Unreadable extends Error {}

type Fields = Readonly<Record<string, unknown>>

function readModel(model: Fields): PriceRow {
  const id = String(model.id)
  const { match, except } = readMatch(model.match)
  const others = match.filter((pattern) => pattern !== id.toLowerCase())
  return {
    id,
    ...(others.length === 0 ? {} : { match: others }),
    ...(except.length === 0 ? {} : { except }),
    ...readPrices(model.prices, id),
  }
}

interface Match {
  readonly match: readonly string[]
  readonly except: readonly string[]
}

function readMatch(logic: unknown): Match {
  if (!isObject(logic)) throw new Unreadable('it says not which ids it is for')
  const [[how, what] = ['nothing', undefined]] = Object.entries(logic)
  if (how === 'or' && Array.isArray(what)) {
    const each = what.map(readMatch)
    return { match: [...new Set(each.flatMap(({ match }) => match))], except: each.flatMap(({ except }) => except) }
  }
  if (how === 'and' && Array.isArray(what)) return readBoth(what)
  const text = String(what).toLowerCase()
  switch (how) {
    case 'equals':
      return { match: [text], except: [] }
    case 'starts_with':
      return { match: [`${text}*`], except: [] }
    case 'ends_with':
      return { match: [`*${text}`], except: [] }
    case 'contains':
      return { match: [`*${text}*`], except: [] }
    case 'regex':
      return { match: [readRegex(String(what))], except: [] }
    default:
      throw new Unreadable(`its ids are described by "${how}", which is not known`)
  }
}

/** The one pair there is: a beginning, and no speech model. */
function readBoth(logic: readonly unknown[]): Match {
  const [first, second] = logic
  if (logic.length !== 2 || !isObject(second) || second.regex !== '^(?!.*-[tT][tT][sS](?:$|-))') {
    throw new Unreadable('its ids are described by two rules, which are not known')
  }
  return { match: readMatch(first).match, except: ['*-tts', '*-tts-*'] }
}

/** A literal text with counted digits, such as `^gpt-6-sol-\d{4}-\d{2}-\d{2}$`. */
function readRegex(regex: string): string {
  const isOpen = !regex.endsWith('$')
  const body = regex.replace(/^\^/, '').replace(/\$$/, '')
  const plain = body
    .replace(/\\d(?:\{(\d+)\})?/g, (_all, count: string | undefined) => '#'.repeat(Number(count ?? 1)))
    .replace(/\\([.[\]])/g, '$1')
  if (!regex.startsWith('^') || /[\\()|?+^$*{}]/.test(plain)) throw new Unreadable(`its ids are described by the expression ${regex}`)
  return `${plain.toLowerCase()}${isOpen ? '*' : ''}`
}

function readPrices(prices: unknown, id: string): TariffRow & { readonly periods?: readonly PeriodRow[] } {
  if (isObject(prices)) return readTariff(prices, id)
  if (!Array.isArray(prices)) throw new Unreadable('it has no prices')
  const [first, ...later] = prices.map((each) => {
    if (!isObject(each) || !isObject(each.prices)) throw new Unreadable('it has no prices')
    return { constraint: each.constraint, tariff: readTariff(each.prices, id) }
  })
  if (first === undefined) throw new Unreadable('it has no prices')
  return { ...first.tariff, periods: later.map(({ constraint, tariff }) => ({ ...readConstraint(constraint), ...tariff })) }
}

function readConstraint(constraint: unknown): Pick<PeriodRow, 'from' | 'hours'> {
  if (constraint === undefined || constraint === null) return {}
  if (isObject(constraint) && typeof constraint.start_date === 'string') return { from: constraint.start_date }
  if (isObject(constraint)) {
    const times = [constraint.start_time, constraint.end_time].map((time) => /^(\d\d:\d\d):00Z$/.exec(String(time))?.[1])
    const [from, until] = times
    if (from !== undefined && until !== undefined) return { hours: [from, until] }
  }
  throw new Unreadable('it is bound to a time that is no day and no minute of UTC')
}

function readTariff(prices: Fields, id: string): TariffRow {
  const tariff: Record<string, unknown> = {}
  const tiers = new Map<number, Record<string, unknown>>()
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined || price === null || BESIDE.has(key)) continue
    const each = PER_THOUSAND[key]
    const kind = KINDS[key]
    if (each !== undefined && typeof price === 'number') tariff[each] = amountOf(price / 1000)
    else if (kind === undefined) throw new Unreadable(`it has a price for ${key}, which no usage here tells`)
    else if (isObject(price) && Array.isArray(price.tiers)) {
      tariff[kind] = amountOf(price.base)
      for (const tier of price.tiers) {
        if (!isObject(tier) || typeof tier.start !== 'number') throw new Unreadable('it has a tier without a beginning')
        tiers.set(tier.start, { ...tiers.get(tier.start), [kind]: amountOf(tier.price) })
      }
    } else tariff[kind] = amountOf(price)
  }
  // Where a model is offered free of charge, the source has a row and no price.
  if (id.endsWith(':free') && Object.keys(tariff).length === 0) return { input: 0, output: 0 }
  if (tariff.input === undefined) throw new Unreadable('it has no price of input')
  // What makes vectors puts nothing out. Of anything else a missing price is not known, which is not zero.
  if (tariff.output === undefined && !/embed|voyage|rerank/.test(id.toLowerCase())) throw new Unreadable('it has no price of output')
  tariff.output ??= 0
  const sorted = [...tiers].sort(([left], [right]) => left - right).map(([aboveInputTokens, rates]) => ({ aboveInputTokens, ...rates }))
  // Amounts are checked where the table is.
  return { ...tariff, ...(sorted.length === 0 ? {} : { tiers: sorted }) } as TariffRow
}

/** Amounts count in nano-USD; a few prices are written as the quotient of a division, with more digits than anybody bills. */
function amountOf(price: unknown): unknown {
  return typeof price === 'number' ? Number(price.toFixed(9)) : price
}
