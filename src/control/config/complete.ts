import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { FilePath } from '../../core/places.ts'
import { Secret } from '../../core/secret.ts'
import type { ConfigProblem } from '../../core/section.ts'
import type { ConfigPath } from './problems.ts'

/** What a configuration reads beside its own file. Injected, so that loading is pure. */
export interface Readers {
  /** The value of an environment variable, or undefined where it is not set. */
  readonly readEnv: (name: string) => string | undefined
  /** The text of a file. Throws where it cannot be read; the error's `code` says why. */
  readonly readFile: (path: string) => string
}

/** A configuration whose references were followed. */
export interface Completed {
  readonly config: unknown
  readonly problems: readonly ConfigProblem[]
  /** The origin of each secret with a hash of its value, for the revision. */
  readonly digests: readonly string[]
}

/** Reads the secrets, makes the paths absolute and freezes the whole. What cannot be read is a problem, and stays a reference. */
export function completeConfig(config: unknown, file: string, readers: Readers): Completed {
  const folder = dirname(resolve(file))
  const problems: ConfigProblem[] = []
  const digests: string[] = []

  const complete = (value: unknown, path: ConfigPath): unknown => {
    if (value instanceof Secret) {
      const read = readSecret(value, folder, readers)
      if (read.type === 'failed') problems.push({ path, message: read.message })
      else digests.push(`${value.origin}=${sha256(read.text)}`)
      return read.type === 'failed' ? value : value.resolve(read.text)
    }
    if (value instanceof FilePath) return value.resolveFrom(folder)
    if (Array.isArray(value)) return Object.freeze(value.map((item, index) => complete(item, [...path, index])))
    if (typeof value !== 'object' || value === null) return value
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, complete(item, [...path, key])])))
  }

  return { config: complete(config, []), problems, digests }
}

/** Hexadecimal SHA-256. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

type Read = { readonly type: 'read'; readonly text: string } | { readonly type: 'failed'; readonly message: string }

function readSecret(secret: Secret, folder: string, readers: Readers): Read {
  const target = secret.origin.slice(secret.origin.indexOf(':') + 1)
  return secret.origin.startsWith('env:') ? readVariable(target, readers) : readSecretFile(resolve(folder, target), readers)
}

function readVariable(name: string, readers: Readers): Read {
  const text = readers.readEnv(name)
  if (text === undefined)
    return { type: 'failed', message: `the environment variable ${name} is not set; export it in the shell that starts the gateway` }
  return nonEmpty(text, `the environment variable ${name}`)
}

function readSecretFile(path: string, readers: Readers): Read {
  try {
    return nonEmpty(readers.readFile(path), `the file ${path}`)
  } catch (thrown) {
    return { type: 'failed', message: `the file ${path} cannot be read: ${reasonOf(thrown)}` }
  }
}

/** Editors and `echo` end a file with a line break that is no part of the secret. */
function nonEmpty(text: string, where: string): Read {
  const value = text.replace(/(\r?\n)+$/, '')
  return value === '' ? { type: 'failed', message: `${where} is empty; put the secret into it` } : { type: 'read', text: value }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead in a circle',
}

/** Why a file could not be read, in a few words. */
export function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined
  return code === undefined ? 'reading it failed' : (REASONS[code] ?? code)
}
