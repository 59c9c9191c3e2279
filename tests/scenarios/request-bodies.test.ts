import { describe, expect, test } from 'bun:test'
import { openRawClient, type RawClient, type RawReply } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError, rawChat, rawHead } from './ask.ts'

const LIMITS = { limits: { jsonBody: '1kB', otherBody: '2kB', bodyDeadline: '1s' } }
const BODY = JSON.stringify(chat())

/** A chat of exactly so many bytes. */
function chatOf(sizeBytes: number): string {
  const bare = JSON.stringify(chat({ user: '' }))
  return JSON.stringify(chat({ user: 'é'.repeat((sizeBytes - bare.length) / 2) }))
}

function errorIn(reply: RawReply | undefined): unknown {
  return JSON.parse(reply?.body ?? 'null').error
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** Asserts that a request on this connection is still answered: what came before was read to its end, and taken for nothing else. */
async function expectUsable(scenario: Scenario, client: RawClient): Promise<void> {
  await client.send(rawChat(scenario))
  expect((await client.readReply())?.status).toBe(200)
  await scenario.expectCall({ outcome: 'ok' })
}

describe('a body that is larger than the limit for JSON', () => {
  const TOO_LARGE = { status: 413, errorCode: 'request_too_large', errorSource: 'caller', outcome: 'refused', attempts: 0 } as const

  test('is one of a byte more; of the limit itself it is taken', async () => {
    await using scenario = await startScenario({ config: LIMITS })
    const fits = chatOf(1000)
    expect(Buffer.byteLength(fits)).toBe(1000)
    expect((await ask(scenario, { body: fits })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', sizeInBytes: 1000 })
    const error = expectError(await ask(scenario, { body: `${fits} ` }), 413, 'request_too_large')
    expect(error.message).toBe("The request's body is larger than 1000 bytes, the limit for its media type.")
    await scenario.expectCall(TOO_LARGE)
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test.each<[what: string, body: (bytes: Uint8Array) => ReadableStream<Uint8Array>]>([
    ['in one chunk', (bytes) => streamOf([bytes])],
    ['in chunks of ten bytes', (bytes) => streamOf(Array.from({ length: 101 }, (_, index) => bytes.subarray(index * 10, index * 10 + 10)))],
  ])('is refused as well where its length is not declared: %s', async (_what, bodyOf) => {
    await using scenario = await startScenario({ config: LIMITS })
    const bytes = new TextEncoder().encode(chatOf(1000))
    expect((await ask(scenario, { body: bodyOf(bytes) })).status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', sizeInBytes: 1000 })
    expectError(await ask(scenario, { body: bodyOf(new Uint8Array([...bytes, 32])) }), 413, 'request_too_large')
    await scenario.expectCall(TOO_LARGE)
    expect(scenario.upstream.requests).toHaveLength(1)
  })

  test('is refused before it is sent, where its length is declared: 32 MB unless the file says otherwise', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(`${rawHead(scenario, ['content-length: 32000001'])}\r\n`)
    expect(errorIn(await client.readReply())).toMatchObject({
      code: 'request_too_large',
      message: expect.stringContaining('32000000 bytes'),
    })
    await scenario.expectCall(TOO_LARGE)
  })

  test.each<[what: string, head: string, rest: string]>([
    ['with its length', 'content-length: 3000', 'a'.repeat(3000)],
    ['in chunks', 'transfer-encoding: chunked', `${chunk('a'.repeat(3000))}0\r\n\r\n`],
  ])('leaves its connection in order: %s', async (_what, head, rest) => {
    await using scenario = await startScenario({ config: { ...LIMITS, limits: { ...LIMITS.limits, otherBody: '1MB' } } })
    for (const cutAt of [0, 10, 2000, rest.length]) {
      using client = await openRawClient(scenario.dataPort)
      await client.send(`${rawHead(scenario, [head])}\r\n${rest.slice(0, cutAt)}`)
      const isKnown = head.startsWith('content-length') || cutAt >= 2000
      if (!isKnown) await client.send(rest.slice(cutAt))
      expect((await client.readReply())?.status).toBe(413)
      await scenario.expectCall(TOO_LARGE)
      if (isKnown) await client.send(rest.slice(cutAt))
      await expectUsable(scenario, client)
    }
  })

  test('is cut off by the server where it is larger than any may be', async () => {
    await using scenario = await startScenario({ config: LIMITS })
    using client = await openRawClient(scenario.dataPort)
    await client.send(`${rawHead(scenario, ['content-length: 2001'])}\r\n`)
    expect(await client.readUntilClosed()).toStartWith('HTTP/1.1 413 ')
    await scenario.expectEvents([])
  })
})

describe('a body that stops half-way', () => {
  const HALVES = {
    'with its length': (scenario: Scenario) => `${rawHead(scenario, [`content-length: ${BODY.length}`])}\r\n${BODY.slice(0, 20)}`,
    'with its length and nothing else': (scenario: Scenario) => `${rawHead(scenario, [`content-length: ${BODY.length}`])}\r\n`,
    'in chunks': (scenario: Scenario) => `${rawHead(scenario, ['transfer-encoding: chunked'])}\r\n${chunk(BODY.slice(0, 20))}`,
    'in the middle of a chunk': (scenario: Scenario) =>
      `${rawHead(scenario, ['transfer-encoding: chunked'])}\r\n${chunk(BODY).slice(0, 20)}`,
  }

  test('is not waited for longer than the deadline', async () => {
    await using scenario = await startScenario({ config: LIMITS })
    const refused = Object.values(HALVES).map(async (halfOf) => {
      using client = await openRawClient(scenario.dataPort)
      const began = performance.now()
      await client.send(halfOf(scenario))
      const reply = await client.readReply()
      expect(performance.now() - began).toBeGreaterThan(900)
      expect(reply?.status).toBe(408)
      expect(errorIn(reply)).toMatchObject({
        ...{ code: 'request_timeout', source: 'caller', request_id: reply?.header('x-signalbox-request-id') },
        message: "The request's body did not arrive within 1 s.",
      })
    })
    await Promise.all(refused)
    const ended = { outcome: 'refused', errorCode: 'request_timeout', status: 408, attempts: 0, subject: undefined } as const
    await scenario.expectEvents(refused.flatMap(() => [{ type: 'call.started' } as const, { type: 'call.ended', ...ended } as const]))
    expect(scenario.upstream.requests).toHaveLength(0)
  })

  const LEAVING: readonly [string, (client: RawClient) => void][] = [
    ['closes', (client) => client.destroy()],
    ['breaks the connection', (client) => client.reset()],
    ['says that it will send no more', (client) => client.halfClose()],
  ]

  test.each(Object.entries(HALVES).flatMap(([how, halfOf]) => LEAVING.map(([leaving, leave]) => [how, leaving, halfOf, leave] as const)))(
    '%s, because the client %s, ends the call',
    async (_how, _leaving, halfOf, leave) => {
      await using scenario = await startScenario({ config: LIMITS })
      using client = await openRawClient(scenario.dataPort)
      await client.send(halfOf(scenario))
      await liveCalls(scenario, 1)
      leave(client)
      await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', attempts: 0, subject: undefined })
      expect(scenario.upstream.requests).toHaveLength(0)
    },
  )

  test('ends when the key of the call is revoked', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(HALVES['with its length'](scenario))
    await liveCalls(scenario, 1)
    const began = performance.now()
    await scenario.control('POST', `/api/v1/keys/${scenario.keyId}/revoke`)
    const reply = await client.readReply()
    expect(performance.now() - began).toBeLessThan(1000)
    expect(reply?.status).toBe(401)
    expect(errorIn(reply)).toMatchObject({ code: 'key_revoked' })
    await scenario.expectEvents([
      { type: 'key.revoked', liveCalls: 1 },
      { type: 'call.started', principal: { keyId: scenario.keyId } },
      { type: 'call.ended', outcome: 'cancelled', errorCode: 'key_revoked', attempts: 0 },
    ])
  })

  test('is not waited for where the caller is not known', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(`POST /v1/chat HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`)
    expect((await client.readReply())?.status).toBe(401)
    await scenario.expectCall({ outcome: 'refused', errorCode: 'unauthenticated' })
  })
})

describe('a body that comes slowly', () => {
  test.each<[what: string, head: string, pieces: readonly string[]]>([
    ['byte by byte', `content-length: ${BODY.length}`, [...BODY]],
    ['in chunks of a byte', 'transfer-encoding: chunked', [...[...BODY].map(chunk), '0\r\n\r\n']],
  ])('and complete is taken: %s', async (_what, head, pieces) => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.sendPieces({ pieces: [`${rawHead(scenario, [head])}\r\n`, ...pieces] })
    expect((await client.readReply())?.status).toBe(200)
    await scenario.expectCall({ outcome: 'ok', sizeInBytes: BODY.length })
    expect(scenario.upstream.requests[0]?.json()).toEqual({ ...chat(), model: 'fake-model' })
    await expectUsable(scenario, client)
  })

  test('after the gateway was asked whether to send it at all is taken', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(`${rawHead(scenario, ['expect: 100-continue', `content-length: ${BODY.length}`])}\r\n`)
    expect((await client.readHead())?.startLine).toBe('HTTP/1.1 100 Continue')
    await client.send(BODY)
    expect((await client.readReply())?.status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
  })
})

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...pieces]
  return new ReadableStream({
    pull: (controller) => {
      const piece = rest.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
  })
}

/** Waits until so many calls run. */
async function liveCalls(scenario: Scenario, count: number): Promise<void> {
  const isThere = async () => (await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')).body.calls.length === count
  for (let round = 0; round < 2000 && !(await isThere()); round++) await Bun.sleep(5)
}
