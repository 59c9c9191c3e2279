import type { AttemptBooked, CallEnded, Event } from '../../core/events.ts'
import { Histogram } from './histogram.ts'

/** Upper bounds in seconds: a call lasts from a cache hit's milliseconds to an agent's ten minutes. */
const CALL_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1]
const NANO_PER_USD = 1e9

/** What the metrics ask at the moment that they are read. */
export interface MetricSources {
  readonly version: string
  /** The label for a model: its configured name, or `other`, so that a caller cannot make series. */
  readonly modelLabel: (subject: string | undefined) => string
  readonly liveCalls: () => number
  readonly isLogWritable: () => boolean
  readonly droppedBodies: () => number
  /** Undefined where all is kept in the process's own folder. */
  readonly condition?: () => { readonly unshippedEvents: number; readonly detail?: string } | undefined
  readonly residentBytes: () => number
}

/** What is counted of the calls of one layer, model and provider. */
class CallSeries {
  readonly labels: string
  readonly outcomes = new Map<string, number>()
  readonly duration = new Histogram(CALL_SECONDS)
  readonly firstToken = new Histogram(CALL_SECONDS)
  readonly overhead = new Histogram(OVERHEAD_SECONDS)
  input = 0
  cachedInput = 0
  cacheWrite = 0
  output = 0
  costNanoUsd = 0
  unpriced = 0

  constructor(labels: string) {
    this.labels = labels
  }

  take(event: CallEnded): void {
    const outcome = event.errorSource === undefined ? event.outcome : `${event.outcome}|${event.errorSource}`
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
    this.duration.observe(event.durationMs / 1000)
    if (event.firstTokenMs !== undefined) this.firstToken.observe(event.firstTokenMs / 1000)
    if (event.overheadMs !== undefined) this.overhead.observe(event.overheadMs / 1000)
    if (event.isUnpriced === true) this.unpriced++
    this.charge(event)
  }

  /** What it cost and used: at its end, or where it was booked later. */
  charge({ costNanoUsd, usage }: CallEnded | AttemptBooked): void {
    this.costNanoUsd += costNanoUsd ?? 0
    if (usage === undefined) return
    this.input += usage.inputTokens ?? 0
    this.cachedInput += usage.cachedInputTokens ?? 0
    this.cacheWrite += usage.cacheWriteTokens ?? 0
    this.output += usage.outputTokens ?? 0
  }
}

/** Metrics in Prometheus' text format, from the events of this process. Counters begin at 0 with it; users and keys are never labels. */
export class Metrics {
  readonly #sources: MetricSources
  readonly #series = new Map<string, CallSeries>()
  /** The series of the last event, and what it is of: the next one is mostly of the same. */
  #last: { readonly layer: string; readonly model: string; readonly provider: string | undefined; readonly series: CallSeries } | undefined
  /** By the labels of a guard's deed. */
  readonly #guards = new Map<string, number>()

  constructor(sources: MetricSources) {
    this.#sources = sources
  }

  observe(event: Event): void {
    if (event.type !== 'call.ended' && event.type !== 'attempt.booked') return
    const model = this.#sources.modelLabel(event.subject)
    const last = this.#last
    const isSame = last?.model === model && last.provider === event.provider && last.layer === event.layer
    const series = isSame ? last.series : this.#seriesOf(event, model)
    if (event.type === 'attempt.booked') {
      series.charge(event)
      return
    }
    series.take(event)
    for (const { guard, phase, did } of event.guards ?? []) {
      const labels = `layer="${event.layer}",guard="${escapeLabel(guard)}",phase="${phase}",did="${did}"`
      this.#guards.set(labels, (this.#guards.get(labels) ?? 0) + 1)
    }
  }

  #seriesOf({ layer, provider }: CallEnded | AttemptBooked, model: string): CallSeries {
    const key = `${layer}\u0000${model}\u0000${provider ?? ''}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = new CallSeries(`layer="${layer}",model="${escapeLabel(model)}",provider="${escapeLabel(provider ?? '')}"`)
      this.#series.set(key, series)
    }
    this.#last = { layer, model, provider, series }
    return series
  }

  /** The text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-11-21). */
  render(): string {
    return `${[...this.#callLines(), ...this.#processLines()].join('\n')}\n`
  }

  #callLines(): readonly string[] {
    const all = [...this.#series.values()]
    const one = (name: string, value: (series: CallSeries) => number) => all.map((series) => `${name}{${series.labels}} ${value(series)}`)
    return [
      ...head('signalbox_calls_total', 'counter', 'Calls that ended, by how and by whose fault.'),
      ...all.flatMap(outcomeLines),
      ...head('signalbox_call_duration_seconds', 'histogram', 'From the request to the end of the reply.'),
      ...all.flatMap((series) => series.duration.lines('signalbox_call_duration_seconds', series.labels)),
      ...head('signalbox_first_token_seconds', 'histogram', 'From the request to the first content of the reply.'),
      ...all.flatMap((series) => series.firstToken.lines('signalbox_first_token_seconds', series.labels)),
      ...head('signalbox_overhead_seconds', 'histogram', 'Time that a call spent in the gateway itself.'),
      ...all.flatMap((series) => series.overhead.lines('signalbox_overhead_seconds', series.labels)),
      ...head('signalbox_tokens_total', 'counter', 'Tokens, as providers reported them. input holds cached_input and cache_write.'),
      ...all.flatMap(tokenLines),
      ...head('signalbox_cost_usd_total', 'counter', 'Cost in US dollars. The exact sums are in the spend report.'),
      ...one('signalbox_cost_usd_total', (series) => series.costNanoUsd / NANO_PER_USD),
      ...head('signalbox_unpriced_calls_total', 'counter', 'Calls that used tokens whose price is not known.'),
      ...one('signalbox_unpriced_calls_total', (series) => series.unpriced),
      ...head('signalbox_guarded_calls_total', 'counter', 'Calls in which a guard found something, or could not say, by what it did.'),
      ...[...this.#guards].map(([labels, count]) => `signalbox_guarded_calls_total{${labels}} ${count}`),
    ]
  }

  #processLines(): readonly string[] {
    const { version, liveCalls, isLogWritable, droppedBodies, residentBytes } = this.#sources
    return [
      ...head('signalbox_live_calls', 'gauge', 'Calls that run now.'),
      `signalbox_live_calls ${liveCalls()}`,
      ...head('signalbox_log_writable', 'gauge', '1 while the event log can be written; calls are refused otherwise.'),
      `signalbox_log_writable ${isLogWritable() ? 1 : 0}`,
      ...head('signalbox_bodies_dropped_total', 'counter', 'Prompts and replies that were not kept: queue full, or disk refused.'),
      `signalbox_bodies_dropped_total ${droppedBodies()}`,
      ...this.#storeLines(),
      ...head('process_resident_memory_bytes', 'gauge', 'Memory of the process.'),
      `process_resident_memory_bytes ${residentBytes()}`,
      ...head('signalbox_build_info', 'gauge', 'Always 1; the version is a label.'),
      `signalbox_build_info{version="${escapeLabel(version)}"} 1`,
    ]
  }

  #storeLines(): readonly string[] {
    const condition = this.#sources.condition?.()
    if (condition === undefined) return []
    return [
      ...head('signalbox_store_reachable', 'gauge', '1 while PostgreSQL takes what is shipped; calls go on without it.'),
      `signalbox_store_reachable ${condition.detail === undefined ? 1 : 0}`,
      ...head('signalbox_unshipped_events', 'gauge', 'Events that are in the journal and not in PostgreSQL yet.'),
      `signalbox_unshipped_events ${condition.unshippedEvents}`,
    ]
  }
}

function outcomeLines(series: CallSeries): readonly string[] {
  return [...series.outcomes].map(([outcome, count]) => {
    const [name = '', source = ''] = outcome.split('|')
    return `signalbox_calls_total{${series.labels},outcome="${name}",source="${source}"} ${count}`
  })
}

function tokenLines(series: CallSeries): readonly string[] {
  const { input, cachedInput, cacheWrite, output } = series
  const kinds = { input, cached_input: cachedInput, cache_write: cacheWrite, output }
  return Object.entries(kinds).map(([kind, count]) => `signalbox_tokens_total{${series.labels},kind="${kind}"} ${count}`)
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
