/** A list in the words of PostgreSQL: https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO. */
function encodeArray(list: readonly unknown[]): string {
  return `{${list.map((item) => `"${String(item).replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}

/** Lists are only sent; should one ever come, it stays the text that it is. */
const arrayOf = (oid: number) => ({ to: oid, from: [], serialize: encodeArray, parse: String })

/**
 * The array types of statements of ours, by their numbers in `pg_type`. They are told to the driver, which else asks each new connection
 * for them: where that connection is lost in the middle of it, nobody hears of the rejection.
 */
export const ARRAY_TYPES = {
  integers: arrayOf(1007),
  texts: arrayOf(1009),
  bigints: arrayOf(1016),
  uuids: arrayOf(2951),
}
