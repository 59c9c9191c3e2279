import { expect, test } from 'bun:test'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { chanceFor, ROUNDS } from './lab/chance.ts'
import { call } from './lab/client.ts'
import { Crowd } from './lab/crowd.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause } from './lab/until.ts'

// More than the crowd can make before the last kill: it makes some hundreds between two.
const LIMIT = 1500 * ROUNDS

test(
  `${ROUNDS} times kill -9: a limit on requests has let in exactly what it says, with what was counted before each kill`,
  async () => {
    const chance = chanceFor('limits')
    await using upstream = await fakeUpstream((request) => chatAnswer()(request))
    const access = { teams: { support: { limits: [{ requests: LIMIT, per: 'day' }] }, search: {} } }
    await using lab = await openLab({ baseUrl: upstream.baseUrl, config: { access } })
    let gateway = await lab.gateway()
    const { key } = await gateway.createKey('support')
    for (let round = 1; round <= ROUNDS; round++) {
      const crowd = new Crowd({ origin: gateway.origin, key, members: 16, chance, streams: 0.5 })
      await pause(chance.between(350, 600))
      await gateway.kill()
      await inTime('the clients of a killed gateway', crowd.leave())
      gateway = await lab.gateway()
    }
    const before = upstream.requests.length
    expect(before).toBeGreaterThan(ROUNDS)
    expect(before).toBeLessThan(LIMIT)
    // The rest of the limit, and what is too much.
    let refused = 0
    while (refused < 20) {
      const made = await Promise.all(Array.from({ length: 20 }, () => call({ origin: gateway.origin, key, isStream: false }).over))
      refused += made.filter(({ status }) => status === 429).length
    }
    const counted = (await readSettledBooks(lab.dataFolder)).started.filter(({ limitTokens }) => limitTokens !== undefined)
    console.error(`limit ${LIMIT}: ${counted.length} calls let in, of which ${upstream.requests.length} came to the provider`)
    expect(counted).toHaveLength(LIMIT)
    // A kill between the start on disk and the sending leaves a call that was counted and not sent: one a client and kill at the most.
    expect(upstream.requests.length).toBeLessThanOrEqual(LIMIT)
    expect(upstream.requests.length).toBeGreaterThan(LIMIT - 16 * ROUNDS)
    await gateway.stop()
  },
  60_000 + ROUNDS * 15_000,
)
