/** What a run has cost so far. */
interface Tally {
  steps: number
}

/**
 * Counts what a function does with its input, without a clock: a step for each property that is read of what it parses, and for each character
 * that goes through JSON, a pattern's test or a function of texts which looks at all of it. The same run gives the same number.
 * @param run must be synchronous; it gets a function that has the reads of a value counted too
 */
export function countSteps(run: (counted: <Value>(value: Value) => Value) => void): number {
  const tally: Tally = { steps: 0 }
  const proxies = new WeakMap<object, object>()
  const counted = <Value>(value: Value): Value => countedValue(value, tally, proxies)
  const restore = patchAll(tally, counted)
  try {
    run(counted)
  } finally {
    restore()
  }
  return tally.steps
}

function countedValue<Value>(value: Value, tally: Tally, proxies: WeakMap<object, object>): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  const known = proxies.get(value)
  if (known !== undefined) return known as Value // a proxy of the same value was made here
  const proxy = new Proxy(value, {
    get(target, key, receiver) {
      tally.steps++
      return countedValue(Reflect.get(target, key, receiver), tally, proxies)
    },
  })
  proxies.set(value, proxy)
  return proxy
}

/** Functions of texts that look at all of it, and those that look from a place to what they find. */
const OF_TEXTS = ['replace', 'replaceAll', 'split', 'toLowerCase', 'toUpperCase', 'normalize'] as const
const SEARCHES = ['indexOf', 'includes'] as const

type Restore = () => void

function patchAll(tally: Tally, counted: <Value>(value: Value) => Value): Restore {
  const { indexOf } = String.prototype
  const restores = [
    ...OF_TEXTS.map((name) => patch(String.prototype, name, (text) => (tally.steps += String(text).length))),
    ...SEARCHES.map((name) =>
      patch(String.prototype, name, (self, [sought, from]) => {
        const text = String(self)
        const start = typeof from === 'number' ? from : 0
        const found = Reflect.apply(indexOf, text, [sought, start])
        tally.steps += Math.max(0, (found === -1 ? text.length : found) - start)
      }),
    ),
    // Not exec: where it is not the engine's own, split and replace go through each character by it.
    patch(RegExp.prototype, 'test', (_pattern, [text]) => (tally.steps += String(text).length)),
    patchJson(tally, counted),
  ]
  return () => {
    for (const restore of restores) restore()
  }
}

type Callable = (this: unknown, ...given: readonly unknown[]) => unknown

function patch(owner: object, name: string, count: (self: unknown, given: readonly unknown[]) => void): Restore {
  const own: Callable = Reflect.get(owner, name)
  const counting: Callable = function (...given) {
    count(this, given)
    return Reflect.apply(own, this, given)
  }
  Reflect.set(owner, name, counting)
  return () => void Reflect.set(owner, name, own)
}

function patchJson(tally: Tally, counted: <Value>(value: Value) => Value): Restore {
  const { parse, stringify } = JSON
  JSON.parse = (text, reviver) => {
    tally.steps += text.length
    return counted(parse(text, reviver))
  }
  const writing: Callable = (...given) => {
    const text = Reflect.apply(stringify, JSON, given)
    tally.steps += typeof text === 'string' ? text.length : 0
    return text
  }
  Reflect.set(JSON, 'stringify', writing)
  return () => {
    JSON.parse = parse
    JSON.stringify = stringify
  }
}
