import { SPEND_LABEL_TABLE, SpendProjection } from '../control/projections/spend.ts'
import { GatewayError } from '../core/errors.ts'
import { TALLY_REST, type TallyReader } from '../core/ports.ts'
import type { World } from '../core/world.ts'
import { openReader } from '../storage/sqlite/open-reader.ts'
import { dataFolder } from './data-folder.ts'
import type { Finding } from './doctor.ts'
import { databaseUrl } from './open-store.ts'
import type { Snapshot } from './snapshot.ts'

const HOUR_MS = 3_600_000
const WEEK_HOURS = 7 * 24

/** Whether labels had more values this week than are told apart. A store that cannot be read is no finding here: the gateway says that itself. */
export async function examineLabels(world: World, { config }: Pick<Snapshot, 'config'>): Promise<readonly Finding[]> {
  try {
    const { tallies, close } = await open(world, config)
    try {
      return findingsOf(await foldedLabels(tallies, world), config.money.labelValues)
    } finally {
      await close()
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) return []
    throw thrown
  }
}

async function open(world: World, config: Snapshot['config']) {
  const options = { world, projections: [() => new SpendProjection(config.money.labelValues)] }
  if (config.storage.type === 'sqlite') return openReader(dataFolder(config), options)
  const { openDatabaseReader } = await import('../storage/postgres/open-reader.ts')
  return openDatabaseReader({ url: databaseUrl(config.storage), ...options })
}

async function foldedLabels(tallies: TallyReader, world: World): Promise<readonly string[]> {
  const sinceHour = Math.floor(world.now() / HOUR_MS) - WEEK_HOURS
  const sums = await tallies.sum({ table: SPEND_LABEL_TABLE.name, by: ['label'], where: { value: TALLY_REST }, sinceHour })
  return sums.map(({ dimensions }) => String(dimensions[0])).sort()
}

function findingsOf(labels: readonly string[], most: number): readonly Finding[] {
  return labels.map((label) => ({
    check: 'labels',
    verdict: 'doubtful',
    what:
      label === TALLY_REST
        ? `Callers sent more names of labels than are told apart in spend; the others are added up as ${TALLY_REST}.`
        : `The label ${label} had more values on a day of this week than are told apart (${most}); spend of the others is added up as ${TALLY_REST}.`,
    todo:
      label === TALLY_REST
        ? 'Look at `signalbox logs` for who sends names that change with every call.'
        : 'If they are real, raise money.labelValues, start the gateway again and run `signalbox spend --rebuild`. What changes with every call is no label: `traceparent` tells it.',
  }))
}
