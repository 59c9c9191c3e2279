import { Money } from '../app/money.ts'
import type { World } from '../core/world.ts'
import { NO_RULES } from '../ledger/rules.ts'
import type { MoneyDeps } from '../stages/hold.ts'

/** A ledger without budgets and limits, for what needs one and is not about money. */
export function testMoney(world: World): MoneyDeps {
  return new Money(world, NO_RULES)
}
