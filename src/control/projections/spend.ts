import type { Principal } from '../../core/call.ts'
import type { Event } from '../../core/events.ts'
import type { TallyProjection, TallyRow, TallyTable } from '../../core/ports.ts'
import { outcomeOf, routeOf, SpendBucket, type Spent } from './spend-bucket.ts'

const HOUR_MS = 3_600_000
/** Buckets are gathered into rows at this number, which takes half a millisecond: never thousands of them at one flush. */
const MAX_BUCKETS = 500

/** What is added up, in the order of the stored columns. */
const SPEND_SUMS = ['calls', 'input', 'cached_input', 'cache_write', 'output', 'unpriced', 'cost'] as const

/** Spend by everything that a bill can be split by. */
export const SPEND_TABLE = {
  name: 'spend',
  dimensions: ['organisation', 'team', 'user', 'key', 'provider', 'model', 'route', 'target', 'layer', 'outcome'],
  sums: SPEND_SUMS,
} as const satisfies TallyTable

/** Names of labels that are told apart on a day. Values have a bound of their own, which is configured. */
export const MOST_LABELS = 100
/** Values of one label that are told apart on a day, unless the configuration says otherwise. */
export const MOST_LABEL_VALUES = 10_000

/** Spend by label: a call with three labels stands in three rows. */
export const SPEND_LABEL_TABLE = {
  name: 'spend_label',
  dimensions: ['label', 'value', ...SPEND_TABLE.dimensions],
  sums: SPEND_SUMS,
} as const satisfies TallyTable

interface Row extends TallyRow {
  readonly sums: bigint[]
}

/**
 * The fold of `call.ended` and `attempt.booked` into spend. Read it with `spendBy`. Calls are first added up by the principal as an object, which is one object
 * a key in most calls: that spares the making and hashing of a long text for each of them.
 */
export class SpendProjection implements TallyProjection {
  readonly name = 'spend'
  readonly version = 5
  readonly tables: readonly TallyTable[]
  readonly #buckets = new Map<Principal, Map<string, SpendBucket[]>>()
  readonly #spend = new Map<string, Row>()
  readonly #labels = new Map<string, Row>()
  /** As they were made: what is first in the log is first in the rows, on which the bound of labels goes by. */
  #inOrder: SpendBucket[] = []

  /** @param mostLabelValues values of one label that have rows of their own on a day; sums of the others stand under `TALLY_REST` */
  constructor(mostLabelValues = MOST_LABEL_VALUES) {
    const bound = { name: 'label', value: 'value', mostNames: MOST_LABELS, mostValues: mostLabelValues }
    this.tables = [SPEND_TABLE, { ...SPEND_LABEL_TABLE, bound }]
  }

  fold(event: Event): void {
    if ((event.type !== 'call.ended' && event.type !== 'attempt.booked' && event.type !== 'call.recosted') || !isSpend(event)) return
    const hour = Math.floor((event.type === 'call.recosted' ? event.calledAtMs : event.atMs) / HOUR_MS)
    const bucket = this.#bucketOf(hour, event)
    if (bucket.add(event)) return
    this.#gather()
    this.#bucketOf(hour, event).add(event)
  }

  rows(table: string): Iterable<TallyRow> {
    this.#gather()
    return (table === SPEND_TABLE.name ? this.#spend : this.#labels).values()
  }

  clear(): void {
    this.#buckets.clear()
    this.#inOrder = []
    this.#spend.clear()
    this.#labels.clear()
  }

  #bucketOf(hour: number, event: Spent): SpendBucket {
    const subject = modelOf(event)
    let subjects = this.#buckets.get(event.principal)
    if (subjects === undefined) {
      subjects = new Map()
      this.#buckets.set(event.principal, subjects)
    }
    let buckets = subjects.get(subject)
    if (buckets === undefined) {
      buckets = []
      subjects.set(subject, buckets)
    }
    for (const bucket of buckets) if (bucket.fits(hour, event)) return bucket
    if (this.#inOrder.length >= MAX_BUCKETS) {
      this.#gather()
      return this.#bucketOf(hour, event)
    }
    const bucket = new SpendBucket(hour, event)
    buckets.push(bucket)
    this.#inOrder.push(bucket)
    return bucket
  }

  /** Makes rows of the buckets. */
  #gather(): void {
    for (const bucket of this.#inOrder) this.#gatherOne(bucket)
    this.#buckets.clear()
    this.#inOrder = []
  }

  #gatherOne(bucket: SpendBucket): void {
    const { hour, event } = bucket
    const { organisation, team = '', user = '', keyId = '', labels } = event.principal
    const { provider = '', target = '', layer } = event
    const outcome = outcomeOf(event)
    const subject = modelOf(event)
    const sums = bucket.sums()
    const dimensions = [organisation, team, user, keyId, provider, subject, routeOf(event), target, layer, outcome]
    addRow(this.#spend, { hour, dimensions, sums })
    for (const [label, value] of Object.entries(labels)) addRow(this.#labels, { hour, dimensions: [label, value, ...dimensions], sums })
  }
}

/** Calls of models, and whatever else cost something. A list of models, a tool, a task asked for: these are no spend. */
function isSpend(event: Spent): boolean {
  return (event.type === 'call.ended' && event.action === 'models.call') || event.costNanoUsd !== undefined
}

/** The model by its name here. One that was not found is any text that the caller made up: it must not make rows. */
function modelOf({ provider, subject }: Spent): string {
  return provider === undefined ? '' : (subject ?? '')
}

function addRow(to: Map<string, Row>, row: TallyRow): void {
  const key = `${row.hour}\u0000${row.dimensions.join('\u0000')}`
  const known = to.get(key)
  if (known === undefined) to.set(key, { ...row, sums: [...row.sums] })
  else for (const [index, sum] of row.sums.entries()) known.sums[index] = (known.sums[index] ?? 0n) + sum
}
