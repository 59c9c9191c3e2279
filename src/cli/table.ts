/** A column of a table. Numbers stand right-aligned. */
export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/**
 * Prints rows as aligned columns, two spaces apart, with a line of titles.
 * @param rows texts in the order of the columns; what is undefined is shown as `-`
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly (string | undefined)[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => printable(row[index] ?? '-')))
  const lines = [columns.map(({ title }) => title), ...cells]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => lengthOf(line[index] ?? ''))))
  const pad = (text: string, index: number) => {
    const fill = ' '.repeat((widths[index] ?? 0) - lengthOf(text))
    return columns[index]?.align === 'right' ? fill + text : text + fill
  }
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('')
}

/** Pads a text to a width that lines of a stream share; a longer one stays whole. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)))
}

/** Prints what is there of an object, a field a line, objects inside indented. */
export function formatFields(fields: object, indent = ''): string {
  return Object.entries(fields)
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) => `${indent}${printable(name)}:${formatValue(value, indent)}`)
    .join('')
}

function formatValue(value: unknown, indent: string): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return ` ${printable(value.join(', '))}\n`
  if (typeof value === 'object' && value !== null) return `\n${formatFields(value, `${indent}  `)}`
  return ` ${printable(String(value))}\n`
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** US dollars for people: every digit that counts, and at least two decimals. */
export function formatMoney(usd: string | undefined): string {
  if (usd === undefined) return 'unpriced'
  const [whole = '0', fraction = ''] = usd.split('.')
  return `$${whole}.${fraction.padEnd(2, '0')}`
}

/** A count with its thousands set apart. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A caller chooses the names of models and labels: what would steer a terminal is not printed. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}

function lengthOf(text: string): number {
  return [...text].length
}
