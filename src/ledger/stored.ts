import type { Booking, Hold } from '../core/booking.ts'
import type { StoredBalance } from './balance.ts'
import type { HoldOwner } from './ledger.ts'
import type { StoredWindow } from './limit-window.ts'

/** A ledger as it is stored: with the events after it, it is whole again. */
export interface StoredLedger {
  readonly balances: readonly StoredBalance[]
  readonly windows: readonly StoredWindow[]
  readonly holds: readonly { readonly hold: Hold; readonly owner: HoldOwner }[]
  /** Booked in the balances, and not in the log yet. Absent where an earlier version stored it. */
  readonly unwritten?: readonly { readonly booking: Booking; readonly hold: Hold; readonly owner: HoldOwner }[]
}

/** Reads what `JSON.stringify` made of a stored ledger. */
export function readStored(text: string): StoredLedger {
  // Written by ourselves, into our own database, with the number of the format beside it.
  return JSON.parse(text) as StoredLedger
}
