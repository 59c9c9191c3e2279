import { SpendProjection } from '../../src/control/projections/spend.ts'
import type { TallyProjection } from '../../src/core/ports.ts'

/** The same table in a later version: fewer dimensions, and one that was not there. */
export class SpendByTeam implements TallyProjection {
  readonly name = 'spend'
  readonly version = new SpendProjection().version + 1
  readonly tables = [{ name: 'spend', dimensions: ['team', 'region'], sums: ['calls', 'cost'] }]
  readonly #inner = new SpendProjection()

  fold(event: Parameters<SpendProjection['fold']>[0]): void {
    this.#inner.fold(event)
  }

  *rows() {
    for (const { hour, dimensions, sums } of this.#inner.rows('spend')) {
      yield { hour, dimensions: [dimensions[1] ?? '', ''], sums: [sums[0] ?? 0n, sums[6] ?? 0n] }
    }
  }

  clear(): void {
    this.#inner.clear()
  }
}
