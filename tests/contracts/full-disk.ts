import { type JournalFile, type JournalFiles, NODE_FILES } from '../../src/storage/journal/files.ts'

/** Files on a disk that can be full: it then takes a part of what is written, as real ones do, and refuses the rest. */
export class FillableDisk implements JournalFiles {
  isFull = false
  /** What the disk says when it is full. */
  code = 'ENOSPC'

  open(path: string, mode: 'append' | 'read'): JournalFile {
    const file = NODE_FILES.open(path, mode)
    return {
      get sizeBytes() {
        return file.sizeBytes
      },
      write: (bytes, position) => {
        if (!this.isFull) return file.write(bytes, position)
        file.write(bytes.subarray(0, Math.floor(bytes.length / 2)), position)
        throw Object.assign(new Error(`${this.code}: no space left on device, write`), { code: this.code })
      },
      read: (from, to) => file.read(from, to),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      syncNow: () => file.syncNow(),
      sync: () => file.sync(),
      close: () => file.close(),
    }
  }

  remove(path: string): void {
    NODE_FILES.remove(path)
  }
}
