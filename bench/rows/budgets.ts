import { cpuOf } from '../lab/cpu.ts'
import { alternate, type KeyedTarget, type Lab, measureCalls } from '../lab/lab.ts'
import { readRssBytes } from '../lab/proc.ts'
import type { Measured, Row } from '../lab/result.ts'
import { restart } from '../lab/target.ts'

const shape = 'mock-whole'
const manyKeys = 10_000
const restMs = 500

/** What money costs: 10,000 keys, each with three budgets, in memory and a call; limits, budgets and holds on. */
export const budgets: Row = {
  names: ['budgets_memory', 'budgets_cpu', 'budgets_new_keys'],
  shapes: [shape],
  async measure(lab) {
    const { plain, budgeted } = await lab.installBudgeted()
    try {
      const without = await useManyKeys(plain)
      const withBudgets = await useManyKeys(budgeted)
      return [memory(without, withBudgets), await cpu({ ...lab, gateway: budgeted }), newKeys(without, withBudgets)]
    } finally {
      await budgeted.stop()
      await plain.stop()
    }
  },
}

interface Used {
  readonly addedMb: number
  readonly keysPerSecond: number
}

/** Makes the keys and calls once with each, so that every balance is there. */
async function useManyKeys(target: KeyedTarget): Promise<Used> {
  await restart(target)
  await Bun.sleep(restMs)
  const before = readRssBytes(target.pid)
  const startMs = performance.now()
  const keys = await target.makeKeys(manyKeys)
  const keysPerSecond = (manyKeys * 1000) / (performance.now() - startMs)
  await target.callWithEach(keys)
  await Bun.sleep(restMs)
  return { addedMb: (readRssBytes(target.pid) - before) / 1e6, keysPerSecond }
}

function memory(without: Used, withBudgets: Used): Measured {
  return {
    name: 'budgets_memory',
    unit: 'MB more',
    value: withBudgets.addedMb - without.addedMb,
    bar: { on: 'value', atMost: 60 },
    note: `${manyKeys} keys used once: ${Math.round(withBudgets.addedMb)} MB added with three budgets each, ${Math.round(without.addedMb)} MB without`,
    problems: [],
  }
}

/** The bar of the whole: keys, event log, limits, budgets and holds on, while 10,000 keys with theirs are in memory. */
async function cpu(lab: Lab): Promise<Measured> {
  const pairs = await alternate(lab, lab.scale.rounds, (target) => measureCalls(lab, target, { shape, seconds: lab.scale.roundSeconds }))
  return cpuOf('budgets_cpu', pairs, {
    bar: { on: 'ratio', atMost: 1.5 },
    note: `a key with three budgets and three limits among ${manyKeys}`,
  })
}

/** New keys by the control API: with budgets no slower than without, since nothing is made before a key is used. */
function newKeys(without: Used, withBudgets: Used): Measured {
  return {
    name: 'budgets_new_keys',
    unit: 'keys made a second',
    value: withBudgets.keysPerSecond,
    floor: without.keysPerSecond,
    ratio: withBudgets.keysPerSecond / without.keysPerSecond,
    note: 'floor: the same without budgets',
    problems: [],
  }
}
