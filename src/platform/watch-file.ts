import { type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs'
import { dirname, join, parse, resolve, sep } from 'node:path'

/** More symbolic links than this on one way are a circle; Linux draws the line at 40 too. */
const MAX_LINKS = 40

/**
 * Calls `onChange` when something happens in a folder that has a say in what these files are: the folder of each, and of each
 * symbolic link on the way to it, wherever it leads (Kubernetes swaps a link to a folder to change all files at once).
 * A folder that cannot be watched is left out: the caller also looks from time to time. Does not keep the process alive.
 * @returns the way to stop
 */
export function watchFiles(files: readonly string[], onChange: () => void): () => void {
  const watchers = new Map<string, FSWatcher>()
  let isStopped = false

  const follow = (): void => {
    const folders = new Set(files.flatMap(foldersOnTheWay))
    for (const [folder, watcher] of watchers) if (!folders.has(folder)) drop(folder, watcher)
    for (const folder of folders) if (!watchers.has(folder)) add(folder)
  }
  const drop = (folder: string, watcher: FSWatcher): void => {
    watchers.delete(folder)
    watcher.close()
  }
  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, changed)
      watchers.set(folder, watcher)
      watcher.on('error', () => drop(folder, watcher))
    } catch {
      // No such folder, or no watches left: the caller's own looks find the change.
    }
  }
  const changed = (): void => {
    if (isStopped) return
    follow()
    onChange()
  }

  follow()
  return () => {
    isStopped = true
    for (const [folder, watcher] of watchers) drop(folder, watcher)
  }
}

/** The folders in which a change can change what a path means, in the order in which the path is followed. */
export function foldersOnTheWay(file: string): readonly string[] {
  const folders = new Set<string>()
  let links = 0

  const walk = (path: string): void => {
    const { root } = parse(path)
    let at = root
    const steps = path.slice(root.length).split(sep)
    for (const [index, step] of steps.entries()) {
      const next = join(at, step)
      const target = linkTarget(next)
      if (target !== undefined && ++links <= MAX_LINKS) {
        folders.add(at)
        walk(resolve(at, target, ...steps.slice(index + 1)))
        return
      }
      at = next
    }
    folders.add(dirname(at))
  }

  walk(resolve(file))
  return [...folders]
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    // What is not there leads nowhere (yet); its folder is watched.
    return undefined
  }
}
