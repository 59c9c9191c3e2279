import { z } from 'zod'
import { formatUsd, type NanoUsd, parseUsd } from './money.ts'
import { Secret } from './secret.ts'

/** What a field tells its readers: the generated schema, its reference, an editor. */
interface FieldDoc {
  readonly unit: string
  readonly type?: string | readonly string[]
  readonly pattern?: string
  readonly examples: readonly unknown[]
  readonly minimum?: number
  readonly writeOnly?: true
}

/** Says why a written value is refused. Never holds a value that may be a secret. */
export class Refused {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** A value that is written in one form and used in another. */
export function field<Value>(doc: FieldDoc, read: (written: unknown) => Value | Refused) {
  const { unit, examples, ...schema } = doc
  return z
    .unknown()
    .transform((written, context) => {
      const value = written === undefined ? new Refused('is required') : written === null ? new Refused(NO_VALUE) : read(written)
      if (!(value instanceof Refused)) return value
      context.issues.push({ code: 'custom', message: value.message, input: written })
      return z.NEVER
    })
    .meta({ ...schema, ...(schema.type === undefined ? { type: 'string' } : {}), 'x-unit': unit, 'x-examples': examples })
}

/** What stands where a key has nothing behind it. */
export const NO_VALUE = 'has no value; write one, or remove the key'

/** A written value, short enough for a message. */
export function quote(written: unknown): string {
  if (typeof written === 'string') return JSON.stringify(written.length > 60 ? `${written.slice(0, 57)}...` : written)
  if (Array.isArray(written)) return 'a list'
  return typeof written === 'object' && written !== null ? 'a mapping' : String(written)
}

const MS_PER = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTES_PER = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const
const EACH_PER = { '': 1, k: 1e3, M: 1e6, G: 1e9 } as const
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const SIZE = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/
const COUNT = /^(\d+(?:\.\d+)?)(k|M|G)?$/

/** Reads `30s` as milliseconds; undefined where the text is no duration or no whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, DURATION, MS_PER)
}

/** Reads `32MB` (10^6) or `1GiB` (2^30) as bytes; undefined where the text is no size or no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE, BYTES_PER)
}

/** Reads `200k` as 200,000; undefined where the text is no count. */
export function parseCount(text: string): number | undefined {
  return parseQuantity(text, COUNT, EACH_PER)
}

function parseQuantity(text: string, pattern: RegExp, factors: Readonly<Record<string, number>>): number | undefined {
  const match = pattern.exec(text)
  const factor = factors[match?.[2] ?? '']
  if (match === null || factor === undefined) return undefined
  const exact = Number(match[1]) * factor
  const whole = Math.round(exact)
  // 1.1kB is 1100.0000000000002 in floating point, and means 1100; 1.5ms means nothing.
  return Number.isSafeInteger(whole) && Math.abs(exact - whole) < 1e-6 ? whole : undefined
}

/** Bounds of a quantity, in its own words: `{ min: '1s', max: '24h' }`. Both are allowed values. */
interface Bounds {
  readonly min?: string
  readonly max?: string
}

interface Quantity extends FieldDoc {
  readonly what: string
  readonly hint: string
  readonly parse: (text: string) => number | undefined
}

function quantity(kind: Quantity, bounds: Bounds) {
  const { what, hint, parse, ...doc } = { ...kind, unit: `${kind.unit}${describeBounds(bounds)}` }
  const min = bounds.min === undefined ? 0 : (parse(bounds.min) ?? 0)
  const max = bounds.max === undefined ? Number.MAX_SAFE_INTEGER : (parse(bounds.max) ?? Number.MAX_SAFE_INTEGER)
  return field(doc, (written) => {
    const value = typeof written === 'string' || typeof written === 'number' ? parse(String(written)) : undefined
    if (value === undefined) return new Refused(`${quote(written)} is not a ${what}; write ${hint}`)
    if (value < min) return new Refused(`${quote(written)} is too little; the least is ${bounds.min}`)
    if (value > max) return new Refused(`${quote(written)} is too much; the most is ${bounds.max}`)
    return value
  })
}

function describeBounds({ min, max }: Bounds): string {
  if (min !== undefined) return max === undefined ? `, at least ${min}` : `, ${min} to ${max}`
  return max === undefined ? '' : `, at most ${max}`
}

const DURATION_KIND = {
  what: 'duration',
  hint: 'a number and ms, s, m, h or d, such as 30s',
  unit: 'duration',
  pattern: DURATION.source,
  examples: ['250ms', '30s', '10m'],
  parse: parseDuration,
} satisfies Quantity

/** `30s`, `250ms`, `10m`, `2h`, `7d`: milliseconds. */
export function duration(bounds: Bounds = {}) {
  return quantity(DURATION_KIND, bounds)
}

/** How long something is kept: a duration of a minute or more, in milliseconds, or `forever`. */
export function retention() {
  const doc = {
    unit: 'duration, at least 1m, or forever',
    pattern: `^(forever|${DURATION.source.slice(1, -1)})$`,
    examples: ['90d', 'forever'],
  }
  return field<number | 'forever'>(doc, (written) => {
    if (written === 'forever') return 'forever'
    const ms = typeof written === 'string' ? parseDuration(written) : undefined
    if (ms === undefined) return new Refused(`${quote(written)} is not a duration; write a number and m, h or d, such as 90d, or forever`)
    return ms >= MS_PER.m ? ms : new Refused(`${quote(written)} is too little; the least is 1m`)
  })
}

/** `32MB`, `64kB`, `1GiB`: bytes. */
export function size(bounds: Bounds = {}) {
  return quantity(
    {
      what: 'size',
      hint: 'a number and B, kB, MB, GB, KiB, MiB or GiB, such as 32MB',
      unit: 'size',
      pattern: SIZE.source,
      examples: ['64kB', '32MB', '1GiB'],
      parse: parseSize,
    },
    bounds,
  )
}

/** `20000`, `200k`, `1M`: a number. */
export function count(unit: string, bounds: Bounds = {}) {
  return quantity(
    {
      what: 'count',
      hint: 'a whole number, such as 20000, 20k or 1M',
      unit,
      type: ['integer', 'string'],
      pattern: COUNT.source,
      examples: [20000, '20k'],
      parse: parseCount,
    },
    bounds,
  )
}

const MOST_USD = Number.MAX_SAFE_INTEGER / 1e9

/** An amount in US dollars, as a number or as text: nano-USD, exactly. */
export function usd(unit: string) {
  return field<NanoUsd>(
    { unit, type: ['number', 'string'], minimum: 0, pattern: '^\\d+(\\.\\d{1,9})?$', examples: [0.25, '0.25'] },
    (written) => {
      const amount = typeof written === 'string' || typeof written === 'number' ? parseUsd(String(written)) : undefined
      if (amount === undefined && Number(written) > MOST_USD && Number.isFinite(Number(written)))
        return new Refused(
          `${quote(written)} is too much; amounts are counted in billionths of a dollar, up to ${formatUsd(Number.MAX_SAFE_INTEGER)}`,
        )
      return amount ?? new Refused(`${quote(written)} is not an amount; write US dollars with at most nine decimals, such as 0.25`)
    },
  )
}

/** A reference to a secret: `env:NAME` or `file:PATH`. */
export const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s
/** What a reference to a secret looks like, for its readers. */
export const REFERENCE_DOC = {
  unit: 'secret',
  pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$',
  examples: ['env:OPENAI_API_KEY', 'file:/run/secrets/openai'],
}

/** `env:NAME` or `file:PATH`: a secret that the loader reads. A literal is refused, and not repeated. */
export function secret() {
  return field({ ...REFERENCE_DOC, writeOnly: true }, (written) => {
    if (typeof written === 'string' && REFERENCE.test(written)) return Secret.reference(written)
    return new Refused('a secret is never written here itself; write env:NAME or file:PATH, which say where it is (the value is not shown)')
  })
}

/** Text, or `env:NAME` or `file:PATH`, which is a secret. Never repeated in messages nor printed. */
export function textOrSecret() {
  const doc = { unit: 'text, or secret', examples: ['production', 'env:PROXY_TOKEN'], writeOnly: true } as const
  return field<string | Secret>(doc, (written) => {
    if (typeof written !== 'string') return new Refused('is not text; put it in quotes (the value is not shown)')
    return REFERENCE.test(written) ? Secret.reference(written) : written
  })
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/
const NAME_PATTERN = /^(?=.{1,128}$)[A-Za-z0-9*][A-Za-z0-9._:/*-]*$/
const NAME_HINT = 'letters, digits and . _ : / - (a letter or digit first, 128 at the most)'

/** A name: of a team, a provider, a model. */
export function name() {
  return z
    .string()
    .regex(NAME, { error: ({ input }) => `${quote(input)} is not a name; write ${NAME_HINT}` })
    .meta({ 'x-unit': 'name', 'x-examples': ['support', 'gpt-5-mini'] })
}

/** A name that may end in `*`, which stands for any text: `openai/*`, or `*` alone. */
export function nameOrWildcard() {
  return z
    .string()
    .regex(/^(?=.{1,128}$)(?:[A-Za-z0-9][A-Za-z0-9._:/-]*\*?|\*)$/, {
      error: ({ input }) => `${quote(input)} is not a name; write ${NAME_HINT}, with * allowed as the last character`,
    })
    .meta({ 'x-unit': 'name, or name with * at its end', 'x-examples': ['mini', 'openai/*'] })
}

/** A name in which `*` stands for any text, at any place. */
export function namePattern() {
  return z
    .string()
    .regex(NAME_PATTERN, { error: ({ input }) => `${quote(input)} is not a pattern of names; write ${NAME_HINT}, and * for any text` })
    .meta({ 'x-unit': 'name, with * for any text', 'x-examples': ['mini', 'openai/*'] })
}

/** Text that is not empty. */
export function text(examples: readonly string[]) {
  return z
    .string()
    .min(1, { error: 'is empty' })
    .max(1000, { error: 'is longer than 1000 characters' })
    .meta({ 'x-unit': 'text', 'x-examples': examples })
}

/** An http or https URL without credentials, query and fragment; comes out without a slash at its end. */
export function url() {
  const doc = { unit: 'URL', pattern: '^https?://[^\\s@?#]+$', examples: ['https://api.openai.com/v1', 'http://127.0.0.1:11434/v1'] }
  return field(doc, (written) => {
    if (typeof written === 'string' && /[@?#]/.test(written)) {
      return new Refused(
        'a URL here has no user, password, query or fragment; a credential goes to apiKey or headers (the value is not shown)',
      )
    }
    const isUrl = typeof written === 'string' && /^https?:\/\/[^\s]+$/.test(written) && URL.canParse(written)
    return isUrl
      ? new URL(written).href.replace(/\/+$/, '')
      : new Refused(`${quote(written)} is not a URL; write http:// or https:// first`)
  })
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words).meta({ 'x-unit': words.join(', ') })
}

const SHARE = /^(\d+(?:\.\d+)?)%$/

/** `5%`, `0.5%`: a part of the whole, from 0 to 1. */
export function share() {
  const doc = { unit: 'percentage, 0% to 100%', pattern: SHARE.source, examples: ['5%', '0.5%'] }
  return field<number>(doc, (written) => {
    const percent = typeof written === 'string' ? Number(SHARE.exec(written)?.[1] ?? Number.NaN) : Number.NaN
    return percent <= 100 ? percent / 100 : new Refused(`${quote(written)} is not a percentage; write one from 0% to 100%, such as 5%`)
  })
}

/** A number of no unit, such as a weight. */
export function decimal(unit: string, bounds: { readonly min: number; readonly max: number }) {
  const doc = { unit: `${unit}, ${bounds.min} to ${bounds.max}`, type: 'number', minimum: bounds.min, examples: [1, 2.5] }
  return field<number>(doc, (written) => {
    const isInside = typeof written === 'number' && written >= bounds.min && written <= bounds.max
    return isInside ? written : new Refused(`${quote(written)} is not a number from ${bounds.min} to ${bounds.max}`)
  })
}
