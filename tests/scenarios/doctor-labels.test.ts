import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { examine } from '../../src/app/doctor.ts'
import { SpendProjection } from '../../src/control/projections/spend.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { endedCall, startedCall } from '../contracts/call-events.ts'

const world = realWorld()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-labels-'))

afterEach(() => rmSync(folder, { recursive: true }))

/** One call for each value, as a gateway with this bound leaves them behind. */
async function callsWith(endUsers: readonly string[], mostValues: number): Promise<void> {
  const store = await openSqliteStore(join(folder, 'data'), {
    ...{ world, version: '0.0.0-test', lastResort: () => {}, report: () => {} },
    projections: [() => new SpendProjection(mostValues)],
  })
  for (const end_user of endUsers) {
    const started = startedCall(world, { principal: { organisation: 'acme', labels: { end_user, env: 'prod' } } })
    await store.log.append(started)
    store.log.keep(endedCall(world, started))
  }
  await store.close()
}

test('doctor names the label that has more values than are told apart in spend', async () => {
  writeFileSync(join(folder, 'signalbox.yaml'), JSON.stringify({ models: { providers: {} }, money: { labelValues: 2 } }))
  const labels = async () => {
    const findings = await examine({ cwd: folder, env: {}, configFile: undefined, bunVersion: '1', pinnedBun: '1' })
    return findings.filter(({ check }) => check === 'labels')
  }
  // Of a folder that is not there yet, nothing is said.
  expect(await labels()).toEqual([])
  await callsWith(['ann', 'ben'], 2)
  expect(await labels()).toEqual([])
  await callsWith(['cem'], 2)
  expect(await labels()).toEqual([
    {
      check: 'labels',
      verdict: 'doubtful',
      what: 'The label end_user had more values on a day of this week than are told apart (2); spend of the others is added up as (other).',
      todo: expect.stringContaining('raise money.labelValues'),
    },
  ])
})
