/** Check digits. Each takes digits only, and does not look at the length. */

const ZERO = 48

export function digitAt(digits: string, at: number): number {
  return digits.charCodeAt(at) - ZERO
}

/** Luhn's formula (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, isDoubled = false; at >= 0; at--, isDoubled = !isDoubled) {
    const digit = digitAt(digits, at)
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** The sum of the digits, each times its weight. */
export function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * digitAt(digits, at), 0)
}

/** The remainder of a number of any length. */
export function remainder(digits: string, divisor: number): number {
  let rest = 0
  for (let at = 0; at < digits.length; at++) rest = (rest * 10 + digitAt(digits, at)) % divisor
  return rest
}

/** ISO 7064, MOD 11,10: the check digit is the last. */
export function passesMod11and10(digits: string): boolean {
  let product = 10
  for (let at = 0; at < digits.length - 1; at++) {
    const sum = (digitAt(digits, at) + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === digitAt(digits, digits.length - 1)
}

/** ISO 13616: letters count from 10, the first four characters go to the end, and the whole leaves 1 when divided by 97. */
export function passesIban(iban: string): boolean {
  let rest = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}

const PRODUCTS = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
]
const PLACES = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258']

/** Verhoeff's formula, of Aadhaar. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = digitAt(digits, digits.length - 1 - at)
    check = digitAt(PRODUCTS[check] ?? '', digitAt(PLACES[at % 8] ?? '', digit))
  }
  return check === 0
}

/** Whether a day of a month can be; of what year is not known. */
export function isDayOfMonth(day: number, month: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31)
}

/** Whether two digits of a day, or of a month, stand at these places. */
export function hasDate(digits: string, dayAt: number, monthAt: number): boolean {
  return isDayOfMonth(Number(digits.slice(dayAt, dayAt + 2)), Number(digits.slice(monthAt, monthAt + 2)))
}
