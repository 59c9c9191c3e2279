import type { CallEnded, Event } from '../../core/events.ts'
import type { TallyProjection, TallyRow, TallyTable } from '../../core/ports.ts'

const HOUR_MS = 3_600_000
/** No call uses this many. */
const MAX_TOKENS = 1e12

/** What is added up, in the order of the stored columns. */
export const SPEND_SUMS = ['calls', 'input', 'cached_input', 'cache_write', 'output', 'unpriced', 'cost'] as const

/** Spend by everything that a bill can be split by. */
export const SPEND_TABLE = {
  name: 'spend',
  dimensions: ['organisation', 'team', 'user', 'key', 'provider', 'model', 'target', 'layer', 'outcome'],
  sums: SPEND_SUMS,
} as const satisfies TallyTable

/** Spend by label: a call with three labels stands in three rows. */
export const SPEND_LABEL_TABLE = {
  name: 'spend_label',
  dimensions: ['label', 'value', 'team', 'model'],
  sums: SPEND_SUMS,
} as const satisfies TallyTable

/** A row that is added to. Counts are numbers: a second's worth of tokens does not reach 2^53. Money is exact. */
interface Tally {
  readonly hour: number
  readonly dimensions: readonly string[]
  calls: number
  input: number
  cachedInput: number
  cacheWrite: number
  output: number
  unpriced: number
  cost: bigint
}

/** The fold of `call.ended` into spend. Read it with `spendBy`. */
export class SpendProjection implements TallyProjection {
  readonly name = 'spend'
  readonly version = 1
  readonly tables = [SPEND_TABLE, SPEND_LABEL_TABLE]
  readonly #spend = new Map<string, Tally>()
  readonly #labels = new Map<string, Tally>()

  fold(event: Event): void {
    if (event.type !== 'call.ended') return
    const hour = Math.floor(event.atMs / HOUR_MS)
    addTo(this.#spendRow(hour, event), event)
    const { labels } = event.principal
    for (const label in labels) addTo(this.#labelRow(hour, label, labels[label] ?? '', event), event)
  }

  *rows(table: string): Iterable<TallyRow> {
    const rows = table === SPEND_TABLE.name ? this.#spend : this.#labels
    for (const row of rows.values()) {
      const counts = [row.calls, row.input, row.cachedInput, row.cacheWrite, row.output, row.unpriced].map(BigInt)
      yield { hour: row.hour, dimensions: row.dimensions, sums: [...counts, row.cost] }
    }
  }

  clear(): void {
    this.#spend.clear()
    this.#labels.clear()
  }

  #spendRow(hour: number, event: CallEnded): Tally {
    const { organisation, team = '', user = '', keyId = '' } = event.principal
    const { provider = '', subject = '', target = '', layer, outcome } = event
    const key = `${hour}\u0000${organisation}\u0000${team}\u0000${user}\u0000${keyId}\u0000${provider}\u0000${subject}\u0000${target}\u0000${layer}\u0000${outcome}`
    const known = this.#spend.get(key)
    if (known !== undefined) return known
    const row = emptyRow(hour, [organisation, team, user, keyId, provider, subject, target, layer, outcome])
    this.#spend.set(key, row)
    return row
  }

  #labelRow(hour: number, label: string, value: string, event: CallEnded): Tally {
    const { team = '' } = event.principal
    const { subject = '' } = event
    const key = `${hour}\u0000${label}\u0000${value}\u0000${team}\u0000${subject}`
    const known = this.#labels.get(key)
    if (known !== undefined) return known
    const row = emptyRow(hour, [label, value, team, subject])
    this.#labels.set(key, row)
    return row
  }
}

function emptyRow(hour: number, dimensions: readonly string[]): Tally {
  return { hour, dimensions, calls: 0, input: 0, cachedInput: 0, cacheWrite: 0, output: 0, unpriced: 0, cost: 0n }
}

function addTo(row: Tally, event: CallEnded): void {
  const { usage, costNanoUsd } = event
  row.calls++
  if (event.isUnpriced === true) row.unpriced++
  if (costNanoUsd !== undefined && Number.isSafeInteger(costNanoUsd)) row.cost += BigInt(costNanoUsd)
  if (usage === undefined) return
  row.input += countOf(usage.inputTokens)
  row.cachedInput += countOf(usage.cachedInputTokens)
  row.cacheWrite += countOf(usage.cacheWriteTokens)
  row.output += countOf(usage.outputTokens)
}

/** A provider may say anything: what is no count is not added, so that one bad reply cannot spoil a sum. */
function countOf(tokens: number | undefined): number {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens > 0 && tokens < MAX_TOKENS ? tokens : 0
}
