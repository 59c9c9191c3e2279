import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../core/world.ts'
import { encodeStates, restoreStates } from '../models/routing/kept-states.ts'
import type { LaneTable } from '../models/routing/lanes.ts'
import { describeThrown, type Logger } from './logger.ts'

/** Name of the file in the data folder. */
export const PROVIDER_STATES_FILE = 'provider-states.json'
/** How long after a change it is written, at the most. */
const WRITE_EVERY_MS = 1000
/** How long after a call it is, for how fast targets are changes with each. */
const WRITE_SPEEDS_EVERY_MS = 10_000

interface KeepDeps {
  readonly world: World
  readonly logger: Logger
  readonly folder: string
  readonly lanes: LaneTable
}

/**
 * Keeps open circuits, cooldowns, parked keys and how fast targets are over restarts. What cannot be read or written costs no call: then they are learned again.
 * @returns stops, and writes a last time
 */
export function keepProviderStates({ world, logger, folder, lanes }: KeepDeps): () => void {
  const path = join(folder, PROVIDER_STATES_FILE)
  readProviderStates(folder, lanes)
  let [written, writtenSends, writtenAtMs] = [lanes.changes, lanes.sends, world.now()]
  const write = (isLast = false) => {
    const areSpeedsDue = lanes.sends !== writtenSends && (isLast || world.now() - writtenAtMs >= WRITE_SPEEDS_EVERY_MS)
    if (lanes.changes === written && !areSpeedsDue) return
    ;[written, writtenSends, writtenAtMs] = [lanes.changes, lanes.sends, world.now()]
    try {
      writeFileSync(`${path}.new`, encodeStates(lanes, world.now()), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch (thrown) {
      logger.log('warn', 'the states of the providers could not be written', describeThrown(thrown))
    }
  }
  const again = (): (() => void) =>
    world.after(WRITE_EVERY_MS, () => {
      write()
      cancel = again()
    })
  let cancel = again()
  return () => {
    cancel()
    write(true)
  }
}

/** Takes up the states that a gateway has left in its data folder. @returns when it wrote them, in milliseconds since the epoch; undefined: none has */
export function readProviderStates(folder: string, lanes: LaneTable): number | undefined {
  const path = join(folder, PROVIDER_STATES_FILE)
  let text: string
  let writtenAtMs: number
  try {
    text = readFileSync(path, 'utf8')
    writtenAtMs = statSync(path).mtimeMs
  } catch {
    // The first start has none.
    return undefined
  }
  restoreStates(lanes, text)
  return writtenAtMs
}
