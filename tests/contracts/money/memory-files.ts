import type { JournalFile, JournalFiles } from '../../../src/storage/journal/files.ts'

/** Files in memory, for a journal. */
export class MemoryFiles implements JournalFiles {
  readonly #files = new Map<string, MemoryFile>()

  put(path: string, bytes: Uint8Array): void {
    this.#files.set(path, new MemoryFile(bytes))
  }

  get(path: string): Uint8Array {
    return this.#files.get(path)?.bytes ?? new Uint8Array()
  }

  open(path: string, mode: 'append' | 'read'): JournalFile {
    const found = this.#files.get(path)
    if (found !== undefined) return found
    if (mode === 'read') throw Object.assign(new Error(`${path} is not there.`), { code: 'ENOENT' })
    const made = new MemoryFile(new Uint8Array())
    this.#files.set(path, made)
    return made
  }

  remove(path: string): void {
    this.#files.delete(path)
  }
}

class MemoryFile implements JournalFile {
  bytes: Buffer

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes)
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  write(bytes: Uint8Array, position: number): void {
    const length = Math.max(this.bytes.length, position + bytes.length)
    const grown = Buffer.alloc(length)
    grown.set(this.bytes)
    grown.set(bytes, position)
    this.bytes = grown
  }

  read(from: number, to: number): Buffer {
    return Buffer.from(this.bytes.subarray(from, to))
  }

  truncate(sizeBytes: number): void {
    this.bytes = this.bytes.subarray(0, sizeBytes)
  }

  syncNow(): void {}

  async sync(): Promise<void> {}

  close(): void {}
}
