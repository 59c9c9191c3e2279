import type postgres from 'postgres'
import { isLost, NoAnswer } from './failure.ts'

/** What runs a query: the pool's connections, or the one of a transaction. */
export type Sql = Pick<postgres.ISql, 'unsafe'>

/** Whether a transaction goes on. */
export interface Course {
  isOver: boolean
}

/**
 * What the driver runs as a transaction. The driver ends one by `COMMIT` or `ROLLBACK` on the connection that it began on, also where
 * that was lost meanwhile: there it throws outside of any promise, or runs on a connection that somebody else has by now. So once the
 * connection is lost, or nobody waits any more, nothing is asked on it, and this never settles: the driver has rejected by itself.
 */
export async function runInside<Result>(sql: Sql, work: (sql: Sql) => Promise<Result>, course: Course): Promise<Result> {
  const guarded: Sql = {
    unsafe: (...query) => {
      if (course.isOver) throw new NoAnswer('the connection was lost in the middle of a transaction')
      return sql.unsafe(...query)
    },
  }
  try {
    const result = await work(guarded)
    if (!course.isOver) return result
  } catch (thrown) {
    if (!course.isOver && !isLost(thrown)) throw thrown
    course.isOver = true
  }
  return new Promise<never>(() => {})
}
