import { isObject } from '../../core/json.ts'

const COST_MARK = '\u0000cost'

/** The JSON of a frame with what it cost as `usage.cost`; undefined where it has no usage. */
export function withCost(data: string | undefined, costUsd: string): string | undefined {
  const value: unknown = JSON.parse(data ?? 'null')
  if (!isObject(value) || !isObject(value.usage)) return undefined
  // The amount is put in as text: a float would print small amounts in another form than the receipt does.
  const marked = JSON.stringify({ ...value, usage: { ...value.usage, cost: COST_MARK } })
  return marked.replace(JSON.stringify(COST_MARK), () => costUsd)
}
