import { expect, test } from 'bun:test'
import { fakeWorld } from '../testing/fake-world.ts'
import { openTestCall } from '../testing/open-test-call.ts'
import { AgentCards } from './cards.ts'
import type { Agent } from './types.ts'

const ORIGIN = 'https://research.example.com'
const AGENT: Agent = {
  ...{ name: 'researcher', url: ORIGIN, origin: ORIGIN, isBareOrigin: true, cardUrls: [`${ORIGIN}/.well-known/agent-card.json`] },
  ...{ ignoresCardUrls: false, headers: {}, credentials: [], forwardsKey: false },
  timeouts: { connectMs: 1000, idleMs: 1000, totalMs: 1000 },
}
const CARD = {
  ...{ name: 'Researcher', description: 'Finds things out.', version: '1.2.0', capabilities: {} },
  ...{ supportedInterfaces: [{ url: `${ORIGIN}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }] },
  ...{ defaultInputModes: [], defaultOutputModes: [], skills: [] },
}

const MINUTE_MS = 60_000

// Of each: for how long a card is believed, to the millisecond.
test.each<[string, string | null, number]>([
  ['nothing', null, 5 * MINUTE_MS],
  ['something else', 'no-transform', 5 * MINUTE_MS],
  ['its age', 'public, max-age=120', 2 * MINUTE_MS],
  ['an age of nothing', 'max-age=0', 10_000],
  ['less than the least', 'max-age=9', 10_000],
  ['more than the most', 'max-age=999999999', 60 * MINUTE_MS],
])('a card that says %s of its age is fetched again when that is over: %p', async (_what, cacheControl, ageMs) => {
  let fetched = 0
  const fetch = async () => {
    fetched++
    return Response.json(CARD, { headers: cacheControl === null ? {} : { 'cache-control': cacheControl } })
  }
  const world = fakeWorld({ fetch })
  const cards = new AgentCards()
  const ask = () => cards.endpointOf(openTestCall({ world, layer: 'agents' }), AGENT)
  expect(await ask()).toBe(`${ORIGIN}/rpc`)
  await world.advance(ageMs - 1)
  await ask()
  expect(fetched).toBe(1)
  await world.advance(1)
  await ask()
  expect(fetched).toBe(2)
})
