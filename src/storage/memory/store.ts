import { GatewayError } from '../../core/errors.ts'
import { causeText } from '../cause-text.ts'
import { GroupCommitLog } from '../group-commit.ts'
import { ProjectionFeed } from '../projection-feed.ts'
import type { Store, StoreOptions } from '../store.ts'
import { MemoryBodyStore } from './body-store.ts'
import { MemoryJournal } from './journal.ts'
import { MemoryKeyStore } from './key-store.ts'
import { MemoryObjectStore } from './object-store.ts'
import { MemoryTallyStore } from './tally-store.ts'

const QUEUE_EVENTS = 20_000
const BODY_BYTES = 64 * 1024 * 1024

/** A store in memory: for tests, and for a look without a folder. */
export interface MemoryStore extends Store {
  /** For a test that makes the disk refuse. */
  readonly journal: MemoryJournal
}

/** Opens a store in memory. */
export function openMemoryStore(options: StoreOptions): MemoryStore {
  const { world } = options
  const journal = new MemoryJournal()
  const feed = new ProjectionFeed({
    world,
    source: journal,
    store: new MemoryTallyStore(),
    projections: options.projections ?? [],
    mode: 'keep',
    report: options.report,
  })
  const log = new GroupCommitLog({
    world,
    writer: journal,
    queueEvents: options.queueEvents ?? QUEUE_EVENTS,
    explain: explainMemoryFailure,
    ...{ lastResort: options.lastResort, report: options.report },
    onCommitted: (seq, events) => {
      feed.take(seq, events)
      if (options.onCommitted !== undefined) for (const event of events) options.onCommitted(event)
    },
  })
  log.keep({ type: 'writer.started', atMs: world.now(), epoch: 1, version: options.version })
  return {
    nodeId: world.id('node'),
    epoch: 1,
    recoveredCalls: 0,
    journal,
    log,
    reader: journal,
    keys: new MemoryKeyStore(),
    bodies: new MemoryBodyStore(options.bodyQueueBytes ?? BODY_BYTES),
    objects: new MemoryObjectStore(world, options.objectBytes ?? BODY_BYTES),
    tallies: feed,
    watchKeys: () => {},
    condition: () => undefined,
    verify: async () => ({
      type: 'intact',
      batches: journal.lastSeq,
      events: (await journal.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })).length,
      lastHash: journal.hashAt(journal.lastSeq) ?? '',
    }),
    rebuild: () => feed.rebuild(),
    close: async () => {
      log.close([{ type: 'writer.stopped', atMs: world.now(), epoch: 1 }])
      feed.close()
    },
  }
}

function explainMemoryFailure(thrown: unknown): GatewayError {
  return new GatewayError('log_unavailable', `The event log in memory refuses: ${causeText(thrown)}`, { cause: thrown })
}
