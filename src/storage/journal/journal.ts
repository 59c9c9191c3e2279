import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../core/errors.ts'
import type { CallStarted } from '../../core/events.ts'
import type { CancelTimer, World } from '../../core/world.ts'
import { type Batch, type BatchWriter, earliestMs } from '../batch.ts'
import { chainHash } from '../chain.ts'
import type { Durability } from '../sqlite/database.ts'
import { folderFailure } from '../sqlite/failure.ts'
import { type Block, BlockList } from './blocks.ts'
import type { JournalFile, JournalFiles } from './files.ts'
import type { JournalIndex } from './journal-index.ts'
import type { JournalState } from './journal-state.ts'
import { loadTail, segmentPath, type Tail } from './load-tail.ts'
import { SEAL_MAX_BYTES, sealHead, sealTail } from './seal.ts'

/** The state is saved after this many bytes: what a start after a crash reads again, at the most. */
const SAVE_BYTES = 8 * 1024 * 1024
/** A quiet log closes its segments too, so that retention can take hold. */
const SEGMENT_MAX_AGE_MS = 24 * 3_600_000
/** How often what was written is sent to the disk: what a power cut costs, with durability `process`. */
const SYNC_MS = 1000

/** What a journal needs of its surroundings. */
export interface JournalOptions {
  readonly folder: string
  readonly index: JournalIndex
  readonly files: JournalFiles
  readonly world: World
  readonly durability: Durability
  readonly segmentBytes: number
  /** Told how much each save of the index came to. */
  readonly onSaved: (bytes: number) => void
  readonly report: (problem: GatewayError) => void
}

/**
 * The event log on disk: files to which batches are appended, each with a hash over itself and the one before. A batch is one write, which
 * costs a third of a row in SQLite, and no checkpoint. What is known about the files stands in the index, which may be behind.
 */
export class Journal implements BatchWriter {
  readonly #options: JournalOptions
  #state: JournalState
  #blocks: BlockList
  #file: JournalFile | undefined
  /** Part of a batch that failed may stand after the end. */
  #isTailDirty = false
  #scratch: Buffer = Buffer.allocUnsafe(64 * 1024)
  #savedBlocks = 0
  #bytesSinceSave = 0
  #cancelSync: CancelTimer | undefined

  /** Finds the end of the log, and cuts off what was not finished there. */
  constructor(options: JournalOptions) {
    this.#options = options
    mkdirSync(join(options.folder, 'journal'), { recursive: true, mode: 0o700 })
    const tail = loadTail(options.folder, options.index, options.files)
    refuseLaterFiles(options.folder, tail.state.segment.id)
    this.#state = tail.state
    this.#blocks = tail.blocks
    this.#cutUnfinished(tail)
  }

  /** The end of the log. */
  get state(): JournalState {
    return this.#state
  }

  /** Blocks of the open segment. */
  get openBlocks(): readonly Block[] {
    return this.#blocks.all
  }

  /** Calls that the log knows as started and not as ended. */
  get openCalls(): readonly CallStarted[] {
    return this.#state.openCalls
  }

  write(batch: Batch): number {
    const { world, durability } = this.#options
    const { events } = batch
    // A clock that was set back must not break the order that readers search in.
    const atMs = Math.max(this.#state.atMs, world.now())
    const head = { seq: this.#state.seq + 1, atMs, earliestMs: earliestMs(events), events: events.length }
    const { bytes, hash } = this.#sealed(batch.bytes, sealHead(head))
    const file = this.#openFile()
    this.#isTailDirty = true
    file.write(bytes, this.#state.segment.sizeBytes)
    if (durability === 'power') file.syncNow()
    this.#isTailDirty = false
    this.#state.take({ ...head, hash }, events, bytes.length)
    this.#blocks.add(head, bytes.length)
    this.#bytesSinceSave += bytes.length
    if (durability === 'process') this.#cancelSync ??= world.after(SYNC_MS, this.#syncInBackground)
    this.#keepHouse(atMs)
    return head.seq
  }

  /** Saves what a start would otherwise read again. */
  save(): void {
    const blocks = this.#unsavedBlocks()
    this.#options.index.save(this.#state, blocks)
    this.#savedBlocks = this.#blocks.all.length
    this.#bytesSinceSave = 0
    this.#options.onSaved(blocks.length * 64 + 4096)
  }

  close(): void {
    this.#cancelSync?.()
    const file = this.#file
    this.#file = undefined
    try {
      file?.syncNow()
    } finally {
      file?.close()
    }
  }

  /** The batch and its seal, in memory that is used again. */
  #sealed(lines: Uint8Array, head: string): { readonly bytes: Uint8Array; readonly hash: string } {
    if (this.#scratch.length < lines.length + SEAL_MAX_BYTES) this.#scratch = Buffer.allocUnsafe((lines.length + SEAL_MAX_BYTES) * 2)
    this.#scratch.set(lines)
    const hashed = lines.length + this.#scratch.write(head, lines.length, 'latin1')
    const hash = chainHash(this.#state.hash, this.#scratch.subarray(0, hashed))
    const length = hashed + this.#scratch.write(sealTail(hash), hashed, 'latin1')
    return { bytes: this.#scratch.subarray(0, length), hash }
  }

  #openFile(): JournalFile {
    const { folder, files } = this.#options
    const { id, sizeBytes } = this.#state.segment
    this.#file ??= files.open(segmentPath(folder, id), 'append')
    // Else the rest of a longer batch that failed would stand behind a shorter one.
    if (this.#isTailDirty) this.#file.truncate(sizeBytes)
    return this.#file
  }

  /** After a batch is on disk: what fails here is tried after the next one, and loses nothing. */
  #keepHouse(atMs: number): void {
    const { sizeBytes, firstAtMs } = this.#state.segment
    const isFull = sizeBytes >= this.#options.segmentBytes || atMs - firstAtMs >= SEGMENT_MAX_AGE_MS
    if (!isFull && this.#bytesSinceSave < SAVE_BYTES) return
    try {
      if (isFull) this.#closeSegment()
      else this.save()
    } catch (thrown) {
      this.#options.report(folderFailure(this.#options.folder, thrown))
    }
  }

  #closeSegment(): void {
    const { index, world } = this.#options
    const { seq, hash, atMs } = this.#state
    const segment = { ...this.#state.closing(), lastSeq: seq, lastHash: hash, lastAtMs: atMs, closedAtMs: world.now() }
    const next = this.#state.nextSegment()
    const blocks = this.#unsavedBlocks()
    index.close(segment, blocks, next)
    this.#options.onSaved(blocks.length * 64 + 4096)
    this.#cancelSync?.()
    this.#cancelSync = undefined
    void this.#syncAndClose(this.#file)
    this.#file = undefined
    this.#state = next
    this.#blocks = new BlockList(next.segment.id)
    this.#savedBlocks = 0
    this.#bytesSinceSave = 0
  }

  /** The last saved one too: it may have grown. */
  #unsavedBlocks(): readonly Block[] {
    return this.#blocks.all.slice(Math.max(0, this.#savedBlocks - 1))
  }

  readonly #syncInBackground = (): void => {
    this.#cancelSync = undefined
    // Its failure is reported by itself.
    void this.#sync(this.#file)
  }

  async #sync(file: JournalFile | undefined): Promise<void> {
    try {
      await file?.sync()
    } catch (thrown) {
      this.#options.report(folderFailure(this.#options.folder, thrown))
    }
  }

  async #syncAndClose(file: JournalFile | undefined): Promise<void> {
    await this.#sync(file)
    file?.close()
  }

  #cutUnfinished(tail: Tail): void {
    const { folder, files, report } = this.#options
    const { seq, segment } = this.#state
    if (tail.cutOffSeq !== undefined) report(cutOffError(folder, seq, tail.cutOffSeq))
    if (tail.unfinishedBytes === 0) return
    const path = segmentPath(folder, segment.id)
    const file = files.open(path, 'append')
    const copy = files.open(`${path}.cut-after-${seq}`, 'append')
    try {
      copy.write(file.read(segment.sizeBytes, file.sizeBytes), copy.sizeBytes)
      file.truncate(segment.sizeBytes)
    } finally {
      copy.close()
      file.close()
    }
    report(unfinishedError(path, seq, tail.unfinishedBytes))
  }
}

/** An index from a backup, or a new one, knows too little: going on would write over what is there. */
function refuseLaterFiles(folder: string, openSegment: number): void {
  const later = readdirSync(join(folder, 'journal')).find((name) => name.endsWith('.jsonl') && Number.parseInt(name, 10) > openSegment)
  if (later === undefined) return
  throw new GatewayError(
    'conflict',
    `${join(folder, 'journal', later)} is later than what ${join(folder, 'journal.db')} knows. Restore that file from the same backup as the rest, or move the journal folder away to begin a new log.`,
  )
}

/** The state is saved after the batches that it speaks of: nothing but a cut, or a power cut, leaves it ahead of them. */
function cutOffError(folder: string, lastSeq: number, knownSeq: number): GatewayError {
  const message = `The log in ${folder} ends at batch ${lastSeq}, but had batch ${knownSeq} once: its end was lost. Writing goes on from there.`
  return new GatewayError('conflict', message)
}

function unfinishedError(path: string, lastSeq: number, sizeBytes: number): GatewayError {
  const message = `${path} had ${sizeBytes} bytes after batch ${lastSeq} that a crash left unfinished; they stand in ${path}.cut-after-${lastSeq} now.`
  return new GatewayError('conflict', message)
}
