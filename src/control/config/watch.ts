import type { Section } from '../../core/section.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { reasonOf, sha256 } from './complete.ts'
import { type ConfigSnapshot, type LoadOptions, type LoadResult, readConfig } from './load.ts'
import type { LocatedProblem } from './problems.ts'
import type { ConfigOf } from './schema.ts'

/** Calls `onChange` when something happens around these files, also where a symbolic link on the way to one is swapped. Returns the way to stop. */
export type WatchFiles = (files: readonly string[], onChange: () => void) => () => void

/** What a watch needs. */
export interface WatchOptions<Sections extends readonly Section[]> extends LoadOptions<Sections> {
  readonly world: Pick<World, 'after'>
  readonly watchFiles: WatchFiles
  /** A new configuration is in force from now on; or the old one again, after a reload that was asked for. */
  readonly onLoaded: (snapshot: ConfigSnapshot<ConfigOf<Sections>>) => void
  /** The file was changed into something that cannot be used; what was in force stays. */
  readonly onRejected: (problems: readonly LocatedProblem[]) => void
}

/** A configuration file under watch. */
export interface ConfigWatch<Config> {
  /** The last good one. */
  readonly current: ConfigSnapshot<Config>
  /** Reads the file now, changed or not (SIGHUP), and tells the listeners as a change would. */
  reload(): LoadResult<Config>
  /** No listener is called after this, and no timer stays. */
  stop(): void
}

/** A watch, or why there is none to begin with. */
export type WatchStart<Config> =
  | { readonly type: 'watching'; readonly watch: ConfigWatch<Config> }
  | { readonly type: 'rejected'; readonly problems: readonly LocatedProblem[] }

/** An editor writes in several steps; two looks this far apart that see the same see the end of it. */
const SETTLE_MS = 100
/** For file systems that tell nobody about changes (network mounts), and for what a watch may miss. */
const POLL_MS = 2000

/**
 * Loads a configuration and keeps it up to date: the file, and the files of its secrets. The first load must be good.
 * Later ones swap the snapshot whole, or leave it as it is.
 */
export function watchConfig<const Sections extends readonly Section[]>(options: WatchOptions<Sections>): WatchStart<ConfigOf<Sections>> {
  const first = readAndRemember(options)
  if (first.result.type === 'rejected') return first.result
  return { type: 'watching', watch: new Watch(options, first.result.snapshot, first.memory) }
}

class Watch<Sections extends readonly Section[]> implements ConfigWatch<ConfigOf<Sections>> {
  readonly #options: WatchOptions<Sections>
  #current: ConfigSnapshot<ConfigOf<Sections>>
  #memory: FileMemory
  /** What the last look saw, where it differed from what was loaded. */
  #seen: string | undefined
  #cancelLook: CancelTimer = () => {}
  #isLookSoon = false
  #stopFiles: () => void
  #isStopped = false

  constructor(options: WatchOptions<Sections>, current: ConfigSnapshot<ConfigOf<Sections>>, memory: FileMemory) {
    this.#options = options
    this.#current = current
    this.#memory = memory
    this.#stopFiles = this.#watchFiles()
    this.#lookIn(POLL_MS)
  }

  get current(): ConfigSnapshot<ConfigOf<Sections>> {
    return this.#current
  }

  reload(): LoadResult<ConfigOf<Sections>> {
    const { result, memory } = readAndRemember(this.#options)
    this.#memory = memory
    this.#seen = undefined
    if (this.#isStopped) return result
    // Other files may count now, and folders may have been replaced.
    this.#stopFiles()
    this.#stopFiles = this.#watchFiles()
    if (result.type === 'rejected') {
      this.#options.onRejected(result.problems)
    } else {
      this.#current = result.snapshot
      this.#options.onLoaded(result.snapshot)
    }
    return result
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelLook()
    this.#stopFiles()
  }

  #watchFiles(): () => void {
    return this.#options.watchFiles(this.#memory.files, () => this.#lookSoon())
  }

  /** A look that is due soon is not put off: in a folder where something is written all the time, it would never come. */
  #lookSoon(): void {
    if (this.#isLookSoon) return
    this.#isLookSoon = true
    this.#lookIn(SETTLE_MS)
  }

  #lookIn(ms: number): void {
    this.#cancelLook()
    if (!this.#isStopped) this.#cancelLook = this.#options.world.after(ms, () => this.#look())
  }

  #look(): void {
    this.#isLookSoon = false
    const now = fingerprint(this.#memory.files, this.#options.readFile)
    const isChanged = now !== this.#memory.fingerprint
    const isSettled = now === this.#seen
    this.#seen = isChanged ? now : undefined
    if (isChanged && !isSettled) this.#lookSoon()
    else this.#lookIn(POLL_MS)
    if (isChanged && isSettled) this.reload()
  }
}

/** The files that a load read, and what it saw in them. */
interface FileMemory {
  readonly files: readonly string[]
  readonly fingerprint: string
}

function readAndRemember<Sections extends readonly Section[]>(options: LoadOptions<Sections>) {
  const seen = new Map<string, string>()
  const readFile = (path: string): string => {
    const look = lookAt(path, options.readFile)
    seen.set(path, look.digest)
    if (look.type === 'failed') throw look.thrown
    return look.text
  }
  const result = readConfig({ ...options, readFile })
  return { result, memory: { files: [...seen.keys()], fingerprint: [...seen.values()].join(' ') } }
}

function fingerprint(files: readonly string[], readFile: (path: string) => string): string {
  return files.map((file) => lookAt(file, readFile).digest).join(' ')
}

/** A file as it is now. Only a digest is remembered: the text may be a secret. */
function lookAt(path: string, readFile: (path: string) => string) {
  try {
    const text = readFile(path)
    return { type: 'read', text, digest: sha256(text) } as const
  } catch (thrown) {
    // A file that is missing or unreadable is a state of it too; a change from or to it is a change.
    return { type: 'failed', thrown, digest: reasonOf(thrown) } as const
  }
}
