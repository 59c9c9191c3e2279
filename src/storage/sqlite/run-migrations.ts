import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

/** Runs the versions that a database has not seen, each once, in order. */
export async function runMigrations(database: Database, versions: readonly (readonly string[])[]): Promise<void> {
  // Never destroyed: that would close a connection which is not its own.
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: bunDatabase(database) }) })
  const migrations = Object.fromEntries(versions.map((statements, index) => [String(index + 1).padStart(4, '0'), toMigration(statements)]))
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

function toMigration(statements: readonly string[]): Migration {
  return {
    up: async (db) => {
      for (const statement of statements) await sql.raw(statement).execute(db)
    },
  }
}

/** bun:sqlite as Kysely wants it: it tells readers from writers by the columns of the answer. */
function bunDatabase(database: Database): SqliteDatabase {
  return {
    close: () => {},
    prepare: (text) => {
      const statement = database.prepare(text)
      return {
        reader: statement.columnNames.length > 0,
        // Kysely runs each statement once, and knows nothing of closing it.
        all: (parameters) => once(statement, () => statement.all(...bindings(parameters))),
        run: (parameters) => once(statement, () => statement.run(...bindings(parameters))),
        iterate: (parameters) => statement.iterate(...bindings(parameters)),
      }
    },
  }
}

function once<Result>(statement: Statement, run: () => Result): Result {
  try {
    return run()
  } finally {
    statement.finalize()
  }
}

function bindings(parameters: readonly unknown[]): SQLQueryBindings[] {
  // Kysely binds what it was given: texts, numbers and nulls of its own tables.
  return parameters as SQLQueryBindings[]
}
