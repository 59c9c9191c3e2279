import type { ShownEvent } from '../control/client.ts'
import { formatMoney, padTo, printable } from './table.ts'

const WIDTHS = { time: 24, what: 12, team: 14, model: 28, tokens: 14, cost: 14, duration: 10 } as const

/** An event as one line for people: a call with what it used, any other with its fields. */
export function formatEvent(event: ShownEvent): string {
  const time = padTo(new Date(event.atMs).toISOString(), WIDTHS.time)
  return `${time}  ${printable(event.type === 'call.ended' ? callLine(event) : fieldLine(event))}\n`
}

function callLine(event: ShownEvent): string {
  const cells = [
    padTo(textOf(event.outcome), WIDTHS.what),
    padTo(textOf(fieldsOf(event.principal).team), WIDTHS.team),
    padTo(modelOf(event), WIDTHS.model),
    padTo(tokensOf(event), WIDTHS.tokens),
    padTo(costOf(event), WIDTHS.cost),
    padTo(`${Math.round(Number(event.durationMs))} ms`, WIDTHS.duration),
    textOf(event.callId),
    ...(event.errorCode === undefined ? [] : [`${textOf(event.errorCode)} (${textOf(event.errorSource)})`]),
  ]
  return cells.join('  ')
}

/** What was asked for, and who served it. A list asks for nothing by name: then its action says what it was. */
function modelOf({ action, subject, provider, target }: ShownEvent): string {
  const asked = textOf(subject ?? action)
  return provider === undefined ? asked : `${asked} (${[provider, target].filter((name) => name !== undefined).join('/')})`
}

function tokensOf({ usage }: ShownEvent): string {
  const { inputTokens, outputTokens } = fieldsOf(usage)
  return inputTokens === undefined && outputTokens === undefined ? '-' : `${textOf(inputTokens)} + ${textOf(outputTokens)}`
}

function costOf({ costNanoUsd, isUnpriced }: ShownEvent): string {
  if (isUnpriced === true) return 'unpriced'
  if (typeof costNanoUsd !== 'number') return '-'
  const digits = String(costNanoUsd).padStart(10, '0')
  return formatMoney(`${digits.slice(0, -9)}.${digits.slice(-9).replace(/0+$/, '')}`)
}

function fieldLine({ position: _position, type, atMs: _atMs, ...fields }: ShownEvent): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return [padTo(type, WIDTHS.what), ...shown].join('  ')
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be asked for any field; what is not there is undefined.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '-' : String(value)
}
