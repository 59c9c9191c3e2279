/** Integer billionths of a US dollar: $1 = 1_000_000_000. Safe as a number up to $9,007,199 an item; totals are bigint. */
export type NanoUsd = number

const NANO_PER_USD = 1_000_000_000n
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
  const nano = BigInt(amount)
  const sign = nano < 0n ? '-' : ''
  const positive = nano < 0n ? -nano : nano
  const fraction = (positive % NANO_PER_USD).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${positive / NANO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`
}

/**
 * Cost of a number of tokens at a price per million tokens, before rounding.
 * @returns millionths of a nano-USD: add these up over the kinds of tokens, then round once with `roundToNanoUsd`
 */
export function tokensAtPrice(tokens: number, nanoUsdPerMillion: NanoUsd): bigint {
  return BigInt(tokens) * BigInt(nanoUsdPerMillion)
}

/** Rounds millionths of a nano-USD half up. Rounding happens once a call, so that sums do not drift. */
export function roundToNanoUsd(millionths: bigint): NanoUsd {
  return Number((millionths + 500_000n) / 1_000_000n)
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
