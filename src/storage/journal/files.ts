import { closeSync, fdatasync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** One file of the journal. */
export interface JournalFile {
  readonly sizeBytes: number
  /** Writes all of it there, or throws; then any part of it may be in the file. */
  write(bytes: Uint8Array, position: number): void
  /** From one place to before another; less where the file ends earlier. */
  read(from: number, to: number): Buffer
  truncate(sizeBytes: number): void
  /** Waits until the disk has it. */
  syncNow(): void
  /** The same, off the event loop. */
  sync(): Promise<void>
  close(): void
}

/** The file system, as far as the journal needs it: given, so that a test can have a disk that is full. */
export interface JournalFiles {
  /** `append` makes the file where it is missing. */
  open(path: string, mode: 'append' | 'read'): JournalFile
  /** Removes a file; one that is not there is fine. */
  remove(path: string): void
}

/** The machine's own files. */
export const NODE_FILES: JournalFiles = {
  open: (path, mode) => new NodeFile(path, mode),
  remove: (path) => rmSync(path, { force: true }),
}

class NodeFile implements JournalFile {
  readonly #descriptor: number

  constructor(path: string, mode: 'append' | 'read') {
    // 'r+' does not make it and 'a' writes at the end only, wherever it is told to: hence two steps.
    if (mode === 'append') closeSync(openSync(path, 'a', 0o600))
    this.#descriptor = openSync(path, mode === 'append' ? 'r+' : 'r')
    if (mode === 'append') syncFolder(dirname(path))
  }

  get sizeBytes(): number {
    return fstatSync(this.#descriptor).size
  }

  write(bytes: Uint8Array, position: number): void {
    let written = 0
    // A disk that fills up takes a part first, and refuses with the next try.
    while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position + written)
  }

  read(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from))
    let length = 0
    while (length < bytes.length) {
      const read = readSync(this.#descriptor, bytes, length, bytes.length - length, from + length)
      if (read === 0) break
      length += read
    }
    return bytes.subarray(0, length)
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.#descriptor, sizeBytes)
  }

  syncNow(): void {
    fdatasyncSync(this.#descriptor)
  }

  sync(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    fdatasync(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    return promise
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** A new file is only there after a power cut when its folder was written too. */
function syncFolder(folder: string): void {
  // Windows has no such thing, and needs none.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
