import type { TallyRow, TallyTable } from '../../core/ports.ts'
import { type TallyText, type TallyTexts, TextsInMemory, textsOf } from '../tally-bound.ts'
import type { Sql } from './pool.ts'
import { storable } from './storable.ts'

/** The texts of some rows, as far as they have rows of their own in the database. */
export interface LoadedTexts extends TallyTexts {
  /** Writes down those that were added since. */
  store(sql: Sql): Promise<void>
}

/** Looks up the texts of rows. Nobody else may add any until they are stored: hold the lock of the log. */
export async function loadTexts(sql: Sql, table: TallyTable, place: string, rows: readonly TallyRow[]): Promise<LoadedTexts> {
  const asked = [...new Map(rows.flatMap((row) => textsOf(table, row).map(toStorable)).map((text) => [keyOf(text), text])).values()]
  const known = new TextsInMemory()
  const found = asked.length === 0 ? [] : await sql.unsafe<TallyText[]>(findText(place), toLists(asked), { prepare: true })
  for (const text of found) known.add(text)
  const counts = new Map<string, number>()
  const unknown = asked.filter((text) => !known.has(text))
  if (unknown.length > 0) {
    const groups = [...new Map(unknown.map(({ day, name }) => [keyOf({ day, name, text: '' }), { day, name }])).values()]
    const lists = [groups.map(({ day }) => day), groups.map(({ name }) => name)]
    const counted = await sql.unsafe<{ day: number; name: string; count: string }[]>(countText(place), lists, { prepare: true })
    for (const { day, name, count } of counted) counts.set(`${day} ${name}`, Number(count))
  }
  const added: TallyText[] = []
  return {
    has: (text) => known.has(toStorable(text)),
    count: (day, name) => counts.get(`${day} ${storable(name)}`) ?? 0,
    add: (text) => {
      const plain = toStorable(text)
      const group = `${plain.day} ${plain.name}`
      counts.set(group, (counts.get(group) ?? 0) + 1)
      known.add(plain)
      added.push(plain)
    },
    store: async (inside) => {
      if (added.length > 0) await inside.unsafe(addText(place), toLists(added), { prepare: true })
    },
  }
}

function keyOf({ day, name, text }: TallyText): string {
  return `${day} ${name} ${text}`
}

function toStorable({ day, name, text }: TallyText): TallyText {
  return { day, name: storable(name), text: storable(text) }
}

function toLists(texts: readonly TallyText[]): (readonly (string | number)[])[] {
  return [texts.map(({ day }) => day), texts.map(({ name }) => name), texts.map(({ text }) => text)]
}

const LISTS = 'unnest($1::integer[], $2::text[], $3::text[]) AS asked(day, name, text)'

function findText(place: string): string {
  return `SELECT day, name, text FROM ${place} JOIN ${LISTS} USING (day, name, text)`
}

function countText(place: string): string {
  const count = `(SELECT count(*) FROM ${place} AS kept WHERE kept.day = asked.day AND kept.name = asked.name)`
  return `SELECT day, name, ${count} AS count FROM unnest($1::integer[], $2::text[]) AS asked(day, name)`
}

function addText(place: string): string {
  return `INSERT INTO ${place} (day, name, text) SELECT day, name, text FROM ${LISTS} ON CONFLICT DO NOTHING`
}
