import { isAbsolute, resolve } from 'node:path'
import { field, quote, REFERENCE, REFERENCE_DOC, Refused } from './fields.ts'
import { hasPassword, postgresUrlProblem } from './postgres-url.ts'
import { Secret } from './secret.ts'

/** A path in the configuration; the loader makes it absolute. Relative ones start at the configuration file's folder. */
export class FilePath {
  readonly written: string
  readonly #folder: string | undefined

  constructor(written: string, folder?: string) {
    this.written = written
    this.#folder = folder
  }

  resolveFrom(folder: string): FilePath {
    return new FilePath(this.written, folder)
  }

  get absolute(): string {
    if (isAbsolute(this.written)) return this.written
    if (this.#folder === undefined) throw new Error(`The path ${this.written} was used before it was made absolute.`)
    return resolve(this.#folder, this.written)
  }

  toJSON(): string {
    return this.#folder === undefined ? this.written : this.absolute
  }
}

/** The secret that may not exist yet: a file that is made at first start, or `env:NAME`. */
export function secretPlace() {
  return field<{ readonly type: 'file'; readonly path: FilePath } | { readonly type: 'env'; readonly secret: Secret }>(
    { ...REFERENCE_DOC, examples: ['file:./data/secret', 'env:SIGNALBOX_SECRET'] },
    (written) => {
      if (typeof written !== 'string' || !REFERENCE.test(written)) {
        return new Refused(
          'a secret is never written here itself; write file:PATH or env:NAME, which say where it is (the value is not shown)',
        )
      }
      if (written.startsWith('env:')) return { type: 'env', secret: Secret.reference(written) }
      return { type: 'file', path: new FilePath(written.slice('file:'.length)) }
    },
  )
}

/** Where keys, events and bodies are kept. The URL of a database is a reference where it holds a password. */
export type StoragePlace =
  | { readonly type: 'sqlite'; readonly folder: FilePath }
  | { readonly type: 'postgres'; readonly url: string | Secret }

/** `sqlite:FOLDER`, `postgres://user@host/database`, or `env:NAME` and `file:PATH`, which hold such a URL with its password. */
export function storagePlace() {
  const doc = {
    unit: 'sqlite:FOLDER, postgres://… or a reference to it',
    pattern: '^(sqlite:.+|postgres(ql)?://.+|env:.+|file:.+)$',
    examples: ['sqlite:./data', 'postgres://signalbox@db.internal/signalbox', 'env:DATABASE_URL'],
  }
  return field<StoragePlace>(doc, (written) => {
    if (typeof written !== 'string') return new Refused(NO_STORE)
    if (/^sqlite:./s.test(written)) return { type: 'sqlite', folder: new FilePath(written.slice('sqlite:'.length)) }
    if (REFERENCE.test(written)) return { type: 'postgres', url: Secret.reference(written) }
    if (!/^postgres(ql)?:/.test(written)) return new Refused(NO_STORE)
    if (hasPassword(written)) {
      return new Refused(
        'a password is never written here; write env:NAME or file:PATH that holds the whole URL, or set PGPASSWORD (the value is not shown)',
      )
    }
    const problem = postgresUrlProblem(written)
    return problem === undefined ? { type: 'postgres', url: written } : new Refused(problem)
  })
}

const NO_STORE = 'is not a store; write sqlite:FOLDER, such as sqlite:./data, or postgres://user@host/database'

/** A folder. */
export function folder(examples: readonly string[]) {
  return field<FilePath>({ unit: 'folder', examples }, (written) =>
    typeof written === 'string' && written !== '' ? new FilePath(written) : new Refused(`${quote(written)} is not a folder`),
  )
}

/** A host and a port to listen on. */
export interface Address {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/** `127.0.0.1:4000`, `[::1]:4000`, `localhost:4000`. */
export function address() {
  const doc = {
    unit: 'host:port',
    pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+):\\d{1,5}$',
    examples: ['127.0.0.1:4000', '0.0.0.0:4000', '[::1]:4000'],
  }
  return field<Address>(doc, (written) => {
    const match = typeof written === 'string' ? /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(written) : null
    const host = match?.[1] ?? match?.[2]
    const port = Number(match?.[3])
    if (host !== undefined && port <= 65_535) return { host, port }
    return new Refused(`${quote(written)} is not an address; write host:port, such as 127.0.0.1:4000 (0.0.0.0 listens on every interface)`)
  })
}
