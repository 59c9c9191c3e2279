import { deepStrictEqual } from 'node:assert'
import type { Event } from '../core/events.ts'

/** A value as a test expects it: of an object only the fields that are named; `undefined` where a field must be absent; a text may be a pattern. */
export type Expected<Value> = Value extends string
  ? Value | RegExp
  : Value extends readonly unknown[]
    ? Value
    : Value extends object
      ? { readonly [Name in keyof Value]?: Expected<Value[Name]> | undefined }
      : Value

type OfType<Type extends Event['type']> = Extract<Event, { readonly type: Type }>

/** An event as a test expects it: its type, and those of its fields that matter. */
export type ExpectedEvent = {
  [Type in Event['type']]: { readonly type: Type } & Omit<Expected<OfType<Type>>, 'type'>
}[Event['type']]

/**
 * Compares events with what is expected of them: as many, in this order.
 * @throws an AssertionError that shows the difference
 */
export function assertEvents(events: readonly Event[], expected: readonly ExpectedEvent[]): void {
  // Cut to the fields that are named, so that the difference shows what matters, and an event too many in full.
  const seen = events.map((event, index) => narrowed(event, expected[index]))
  deepStrictEqual(seen, expected.map(plain), 'The events are not those that were expected.')
}

/** The parts of a value that the expected one names. A text that fits an expected pattern becomes that pattern, so that the two compare equal. */
function narrowed(value: unknown, expected: unknown): unknown {
  if (expected instanceof RegExp) return typeof value === 'string' && expected.test(value) ? String(expected) : value
  if (!isRecord(expected) || !isRecord(value)) return value
  return Object.fromEntries(Object.keys(expected).map((name) => [name, narrowed(value[name], expected[name])]))
}

function plain(expected: unknown): unknown {
  if (expected instanceof RegExp) return String(expected)
  if (!isRecord(expected)) return expected
  return Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, plain(value)]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
