/**
 * How much of a limit this process may give out. With several replicas each will hold a slice of what is left, so that the slices together
 * never come to more than the limit; a process alone has all of it.
 */
export interface Slices {
  /**
   * @param balance id of the balance
   * @param limit of one of its budgets, in the balance's unit
   * @returns what this process may have settled and held together; never more than the limit
   */
  allowance(balance: string, limit: number): number
}

/** One process: the whole limit. */
export const WHOLE: Slices = { allowance: (_balance, limit) => limit }
