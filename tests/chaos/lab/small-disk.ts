import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of a few megabytes, with nothing on it. */
export interface SmallDisk extends Disposable {
  readonly folder: string
  /** What the gateway says of it when it is full. */
  readonly complaint: RegExp
  /** Takes all room that is left: there is none for the gateway of this process id. */
  fill(pid: number): void
  /** Gives it back. */
  free(pid: number): void
  /** Makes all of it read-only, for whoever runs as `uid`. */
  freeze(): void
  /** The user that a gateway must run as to meet a frozen disk; undefined: anybody. */
  readonly uid: number | undefined
}

/**
 * Mounts a small disk, as root or with sudo. Where neither may, the disk of the machine stands in, and `fill` limits the size of what the
 * gateway's process may write: its writes then fail all the same, only with another reason.
 */
export function openSmallDisk(megabytes: number): SmallDisk {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-disk-')))
  const mode = `size=${megabytes}m,mode=0700,uid=${process.getuid?.() ?? 0}`
  if (run('mount', '-t', 'tmpfs', '-o', mode, 'tmpfs', folder)) return mountedDisk(folder)
  console.error(
    'No tmpfs can be mounted here, neither directly nor with sudo: a limit on the size of files (prlimit) stands in for a full disk.',
  )
  return limitedDisk(folder)
}

function mountedDisk(folder: string): SmallDisk {
  const ballast = join(folder, 'ballast')
  return {
    ...{ folder, complaint: /the disk is full/, uid: undefined },
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    freeze: () => {
      if (!run('mount', '-o', 'remount,ro', folder)) throw new Error(`${folder} cannot be made read-only.`)
    },
    [Symbol.dispose]: () => {
      run('umount', '-l', folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function limitedDisk(folder: string): SmallDisk {
  const limit = (pid: number, bytes: string) => {
    if (!run('prlimit', '--pid', String(pid), `--fsize=${bytes}:`))
      throw new Error('prlimit failed: a full disk cannot be had here at all.')
  }
  return {
    // Permissions do not hold root up.
    ...{ folder, complaint: /cannot be written/, uid: process.getuid?.() === 0 ? NOBODY : undefined },
    fill: (pid) => limit(pid, '4096'),
    free: (pid) => limit(pid, 'unlimited'),
    freeze: () => {
      run('chmod', '-R', 'a-w', folder)
      if (process.getuid?.() === 0) run('chown', '-R', String(NOBODY), folder)
    },
    [Symbol.dispose]: () => {
      run('chmod', '-R', 'u+w', folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const NOBODY = 65_534

function run(command: string, ...args: readonly string[]): boolean {
  if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return true
  return spawnSync('sudo', ['-n', command, ...args], { stdio: 'ignore' }).status === 0
}

function fillWith(file: string): void {
  const handle = openSync(file, 'a')
  try {
    for (const size of [1024 * 1024, 4096, 1]) writeUntilFull(handle, new Uint8Array(size))
  } finally {
    closeSync(handle)
  }
}

function writeUntilFull(handle: number, bytes: Uint8Array): void {
  for (;;) {
    try {
      if (writeSync(handle, bytes) < bytes.length) return
    } catch (thrown) {
      // What the system says when there is no room; anything else is a fault of the test.
      if ((thrown as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw thrown
    }
  }
}
