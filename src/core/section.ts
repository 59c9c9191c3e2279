import type { ZodType } from 'zod'

/** Something wrong in the configuration, at a place of it. */
export interface ConfigProblem {
  /** Keys and indexes from the top of the file. */
  readonly path: readonly (string | number)[]
  /** What is wrong and what to write instead, without the path and without secrets. */
  readonly message: string
}

/**
 * What a layer brings to the configuration file: the schema of its top-level key, and the checks that a schema cannot make.
 * control/ joins the sections without knowing a layer.
 */
export interface Section<Config = unknown> {
  /** The top-level key, such as `models`. */
  readonly name: string
  /** Every field with a default or optional, and a `describe` that says what it is and in which unit. */
  readonly schema: ZodType<Config>
  /** What the schema makes of a file without this key, where that is known without loading the schema. */
  readonly leftOut?: { readonly config: Config }
  /**
   * Problems between fields, such as a model that names no provider of the file. Pure. `written` is the whole file as it stands, for what
   * depends on whether another key was written at all.
   * A method, so that sections of different types fit one list; control/ gives each the config that its own schema made.
   */
  check(config: Config, written: Readonly<Record<string, unknown>>): readonly ConfigProblem[]
}
