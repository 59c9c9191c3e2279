import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ConfigStatus } from '../control/api/deps.ts'
import { type ConfigSnapshot, loadConfig } from '../control/config/load.ts'
import { formatProblem, type LocatedProblem } from '../control/config/problems.ts'
import { type ConfigWatch, watchConfig } from '../control/config/watch.ts'
import type { World } from '../core/world.ts'
import type { PriceBook } from '../models/prices/book.ts'
import { watchFiles } from '../platform/watch-file.ts'
import type { ListenAddresses } from './built-in-config.ts'
import { findConfigFile } from './check-config.ts'
import { checkWhole } from './check-whole.ts'
import { code } from './code.ts'
import { configStatus } from './compose-control.ts'
import { dataFolder } from './data-folder.ts'
import { openPrices } from './price-file.ts'
import type { Sandboxes } from './sandbox/index.ts'
import { type Config, SECTIONS } from './sections.ts'
import { CurrentSnapshot, compileSnapshot, type Snapshot } from './snapshot.ts'

/** Where a gateway's configuration comes from. */
export interface ConfigRequest {
  /** As the user wrote it. Left out: the file of the folder, or none. */
  readonly file: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly world: World
  /** Where a gateway without a file listens. Left out: at the default addresses. */
  readonly builtInListen?: ListenAddresses | undefined
}

/** Hears of changes of the file. */
export interface ConfigListener {
  readonly onSwapped: (snapshot: Snapshot) => void
  readonly onRejected: (file: string, problems: readonly string[]) => void
}

/** A configuration in force, and its file under watch where there is one. */
export interface ConfigSource {
  readonly snapshot: CurrentSnapshot
  /** `built-in` where there is no file. */
  readonly kind: 'file' | 'built-in'
  /** Listens from now on. */
  listen(listener: ConfigListener): void
  /** Reads the file now. Without a file nothing changes. */
  reload(): ConfigStatus
  stop(): void
}

/** A source, or the lines that say what is wrong. */
export type ConfigStart =
  | { readonly type: 'started'; readonly source: ConfigSource }
  | { readonly type: 'rejected'; readonly file: string; readonly lines: readonly string[] }

/**
 * Opens the configuration: the named file, else the folder's, else the sandboxes, with the providers whose keys are in the environment.
 * @param startSandboxes called only where there is no file
 */
export function openConfig(request: ConfigRequest, startSandboxes: () => Sandboxes): ConfigStart {
  const file = request.file ?? findConfigFile(request.cwd)
  return file === undefined ? withoutFile(request, startSandboxes) : withFile(request, file)
}

function readersOf({ env }: ConfigRequest) {
  return { readEnv: (name: string) => env[name], readFile: (path: string) => readFileSync(path, 'utf8') }
}

function withFile(request: ConfigRequest, file: string): ConfigStart {
  const { world, cwd } = request
  let listener: ConfigListener | undefined
  const started = watchConfig({
    ...readersOf(request),
    file: resolve(cwd, file),
    shownAs: file,
    sections: SECTIONS,
    checkWhole,
    world,
    watchFiles,
    onLoaded: (loaded) => {
      const next = compiled(loaded, file, request, snapshot.get().prices)
      snapshot.swap(next)
      listener?.onSwapped(next)
    },
    onRejected: (problems) => {
      const lines = problems.map(formatProblem)
      snapshot.reject(lines)
      listener?.onRejected(file, lines)
    },
  })
  if (started.type === 'rejected') return rejected(file, started.problems)
  const watch: ConfigWatch<Config> = started.watch
  const snapshot = new CurrentSnapshot(compiled(watch.current, file, request))
  return {
    type: 'started',
    source: {
      snapshot,
      kind: 'file',
      listen: (next) => {
        listener = next
      },
      reload: () => {
        watch.reload()
        return configStatus(snapshot)
      },
      stop: () => watch.stop(),
    },
  }
}

function withoutFile(request: ConfigRequest, startSandboxes: () => Sandboxes): ConfigStart {
  const { builtInConfig, providersWithKey } = code.builtInConfig()
  const providers = providersWithKey(request.env)
  const result = loadConfig(builtInConfig({ providers, sandboxes: startSandboxes(), listen: request.builtInListen }), {
    ...readersOf(request),
    file: resolve(request.cwd, 'signalbox.yaml'),
    shownAs: 'the built-in configuration',
    sections: SECTIONS,
  })
  if (result.type === 'rejected') return rejected('the built-in configuration', result.problems)
  const snapshot = new CurrentSnapshot(compiled(result.snapshot, undefined, request))
  return {
    type: 'started',
    source: {
      snapshot,
      kind: 'built-in',
      listen: () => {},
      reload: () => configStatus(snapshot),
      stop: () => {},
    },
  }
}

function compiled(loaded: ConfigSnapshot<Config>, file: string | undefined, { world, env }: ConfigRequest, known?: PriceBook): Snapshot {
  const { config, revision } = loaded
  const surroundings = { env, readFile: (path: string) => readFile(path, 'utf8') }
  // Prices are read at the start; later ones come by an update, not by a change of the configuration.
  const prices = known ?? openPrices(dataFolder(config))
  return compileSnapshot({ config, revision, file, loadedAtMs: world.now(), surroundings, prices })
}

function rejected(file: string, problems: readonly LocatedProblem[]): ConfigStart {
  return { type: 'rejected', file, lines: problems.map(formatProblem) }
}
