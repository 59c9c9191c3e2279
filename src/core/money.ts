/** Integer billionths of a US dollar: $1 = 1_000_000_000. Safe as a number up to $9,007,199 an item; totals are bigint. */
export type NanoUsd = number

const NANO_PER_USD = 1_000_000_000n
const NANO_PER_USD_NUMBER = 1_000_000_000
const DECIMAL = /^(\d+)(?:\.(\d+))?$/

/**
 * Reads an amount in US dollars exactly, without passing through a float.
 * @param text a non-negative decimal such as `500`, `0.25` or `1.5e-7`; at most nine decimals count
 * @returns nano-USD, or undefined where the text is no amount, is finer than a nano-USD, or is above 2^53 - 1
 */
export function parseUsd(text: string): NanoUsd | undefined {
  const plain = /e/i.test(text) ? expandExponent(text) : text
  const match = DECIMAL.exec(plain ?? '')
  if (match === null) return undefined
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (fraction.length > 9) return undefined
  const nano = BigInt(match[1] ?? '0') * NANO_PER_USD + BigInt(fraction.padEnd(9, '0'))
  return nano <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(nano) : undefined
}

/** Prints an amount as US dollars with every digit that counts: `0.000012`, `5`, `-1.5`. */
export function formatUsd(amount: NanoUsd | bigint): string {
  // The usual case, without a bigint: of a safe integer both parts are exact.
  if (typeof amount === 'number' && amount >= 0 && Number.isSafeInteger(amount)) {
    let rest = amount % NANO_PER_USD_NUMBER
    const dollars = (amount - rest) / NANO_PER_USD_NUMBER
    if (rest === 0) return String(dollars)
    let digits = 9
    for (; rest % 10 === 0; rest /= 10) digits--
    return `${dollars}.${String(rest).padStart(digits, '0')}`
  }
  const nano = BigInt(amount)
  const sign = nano < 0n ? '-' : ''
  const positive = nano < 0n ? -nano : nano
  const fraction = (positive % NANO_PER_USD).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${positive / NANO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`
}

/** Sums below this stay exact in a number, rounding included. */
const EXACT_LIMIT = 2 ** 52

/** A number of tokens and their price in nano-USD per million, by name. */
export interface PricedItem {
  readonly tokens: number
  readonly nanoUsd: NanoUsd
}

/**
 * Cost of tokens of several kinds. Exact: added up in millionths of a nano-USD and rounded half up once, so that sums do not drift.
 */
export function costOfItems(items: readonly PricedItem[]): NanoUsd {
  let millionths = 0
  for (const { tokens, nanoUsd } of items) millionths += tokens * nanoUsd
  // Each product and sum below the limit is exact; past it the same is done in bigint.
  if (millionths >= EXACT_LIMIT) return costInBigint(items)
  const rounded = millionths + 500_000
  return (rounded - (rounded % 1_000_000)) / 1_000_000
}

function costInBigint(items: readonly PricedItem[]): NanoUsd {
  let millionths = 500_000n
  for (const { tokens, nanoUsd } of items) millionths += BigInt(tokens) * BigInt(nanoUsd)
  return Number(millionths / 1_000_000n)
}

function expandExponent(text: string): string | undefined {
  const match = /^(\d+)(?:\.(\d+))?e([+-]?\d{1,2})$/i.exec(text)
  if (match === null) return undefined
  const whole = match[1] ?? ''
  const digits = whole + (match[2] ?? '')
  const point = whole.length + Number(match[3])
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`
}
