import { expect, test } from 'bun:test'
import { type Answer, chatReply, chatStream, type FakeUpstream, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { countEndings, readSettledBooks } from './lab/books.ts'
import { type Chance, chanceFor } from './lab/chance.ts'
import { call } from './lab/client.ts'
import { expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'
import { MANNERS, POINTS, vanish } from './lab/vanishing-client.ts'

const CLIENTS = 2000
const AT_ONE_TIME = 200
/** Connections of the control API, and the files of the thread for checkpoints; a leak of one a client would be a hundred times that. */
const SPARE_FILES = 20
/** What the collector may not have given back yet. A leak of a kilobyte a client would hardly show; one of a reply a client does. */
const SPARE_MB = 40

test('2,000 clients that vanish at any point of their calls leave nothing behind', async () => {
  const chance = chanceFor('vanishing clients')
  await using upstream = await fakeUpstream(slowAnswer())
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const send = (clients: number) => crowd(clients, () => vanish({ ...chooseOf(chance), port: gateway.port, key, chance }))

  // The first ones make what is made once and kept.
  await send(CLIENTS)
  await quiet(gateway, upstream)
  const before = { files: filesInUse(gateway, upstream), memoryMb: gateway.residentMb }
  await send(CLIENTS)
  await quiet(gateway, upstream)

  await until('no connection is left', () => filesInUse(gateway, upstream) <= before.files + SPARE_FILES)
  await until('memory is as before', () => gateway.residentMb <= before.memoryMb + SPARE_MB)
  upstream.answer(chatStream())
  expect((await call({ origin: gateway.origin, key, isStream: true }).over).isComplete).toBe(true)

  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectRecorded(books, upstream.requests)
  await expectExactSpend(gateway, books)
  const after = { files: filesInUse(gateway, upstream), memoryMb: gateway.residentMb }
  console.error(`vanishing clients: ${JSON.stringify({ before, after, reached: upstream.requests.length, endings: countEndings(books) })}`)
}, 120_000)

async function crowd(clients: number, act: () => Promise<void>): Promise<void> {
  let left = clients
  const member = async () => {
    while (left-- > 0) await act()
  }
  await inTime('the clients', Promise.all(Array.from({ length: AT_ONE_TIME }, member)), 60_000)
}

function chooseOf(chance: Chance) {
  return { point: chance.pick(POINTS), manner: chance.pick(MANNERS), isStream: chance.next() < 0.7 }
}

/** Streams of a third of a second, whole replies after a tenth of one: most clients are gone before. */
function slowAnswer(): Answer {
  const pieces = Array.from({ length: 30 }, (_, index) => `word${index} `)
  const usage = { inputTokens: 300, outputTokens: 30 }
  const streamed = chatStream({ pieces, usage, pauseMs: 10 })
  const whole = chatReply({ content: 'whole '.repeat(1000), usage })
  return (request) => (request.jsonObject().stream === true ? streamed(request) : [{ type: 'pause', ms: 100 }, ...whole(request)])
}

async function quiet(gateway: GatewayProcess, upstream: FakeUpstream): Promise<void> {
  await until('no call is left', async () => (await gateway.liveCalls()) === 0)
  await until('the provider serves nobody', () => upstream.requests.every(({ isAnswered, left }) => isAnswered || left !== undefined))
  await pause(300)
}

/** Descriptors of the gateway, less its connections to the provider that are kept for the next call: those are no leak. */
function filesInUse(gateway: GatewayProcess, upstream: FakeUpstream): number {
  return gateway.openFiles - upstream.openConnections
}
