import type { PriceDesk, ShownPrices } from '../control/price-desk.ts'
import { GatewayError } from '../core/errors.ts'
import type { Event } from '../core/events.ts'
import type { EventLog, EventReader } from '../core/ports.ts'
import { type NamedTable, openBook, type PriceBook } from '../models/prices/book.ts'
import { checkTable } from '../models/prices/check-table.ts'
import type { PriceTable } from '../models/prices/types.ts'
import { nameTable, storePrices } from './price-file.ts'
import { recost } from './recost.ts'

interface PriceDeskDeps {
  readonly now: () => number
  readonly folder: string
  readonly log: EventLog
  readonly reader: EventReader
  readonly current: () => PriceBook
  /** Takes a book into force. */
  readonly swap: (book: PriceBook) => void
  readonly kindOf: (provider: string) => string
  readonly fold: (event: Event) => void
}

/** Prices, as the control API has them. */
export function createPriceDesk(deps: PriceDeskDeps): PriceDesk {
  let isRecosting = false
  return {
    current: () => show(deps.current().table()),
    update: (written) => {
      const table = checked(written)
      const named = storePrices(deps.folder, table)
      deps.swap(openBook(() => named))
      deps.log.keep({ type: 'prices.updated', atMs: deps.now(), version: named.version, source: table.source })
      return show(named)
    },
    recost: async ({ table, ...span }) => {
      if (isRecosting) throw new GatewayError('conflict', 'Calls are being costed again already. Wait until that is done.')
      if (!deps.log.isWritable && !span.isDryRun)
        throw new GatewayError('log_unavailable', 'The event log cannot be written, so nothing was corrected.')
      isRecosting = true
      try {
        const named = table === undefined ? undefined : nameTable(checked(table))
        return await recost({ ...deps, book: named === undefined ? deps.current() : openBook(() => named) }, span)
      } finally {
        isRecosting = false
      }
    },
  }
}

function checked(written: unknown): PriceTable {
  const result = checkTable(written, 'unknown')
  if (result.type === 'table') return result.table
  const [{ path, message } = { path: [], message: 'is no table of prices' }] = result.problems
  throw new GatewayError('invalid_request', `The table of prices cannot be taken: ${path.join('.')} ${message}.`, {
    param: ['table', ...path].join('.'),
  })
}

function show({ version, table }: NamedTable): ShownPrices {
  const prices = Object.entries(table.providers).flatMap(([provider, { models }]) => models.map((row) => ({ provider, ...row })))
  return { version, source: table.source, prices }
}
