const DECIMAL = /^(\d{1,30})(?:\.(\d{0,60}))?(?:e([+-]?\d{1,2}))?$/i
const NANO_DIGITS = 9

/**
 * US dollars or a part of them, from 0, in nano-USD: decimal text, with an exponent where a program wrote it so (`5.2e-07`). Digits beyond a
 * nano-dollar are cut off.
 * @param parts how many of the unit are a dollar
 */
export function readAmount(text: string, parts = 1): bigint | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const shift = NANO_DIGITS - fraction.length + Number(exponent)
  const digits = BigInt(whole + fraction)
  const nano = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
  return nano / BigInt(parts)
}
