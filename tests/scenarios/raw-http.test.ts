import { describe, expect, test } from 'bun:test'
import type { Event } from '../../src/core/events.ts'
import { chatStream, gate, silence } from '../../src/testing/fake-upstream.ts'
import { openRawClient } from '../../src/testing/raw-client.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { chat, rawChat, rawHead } from './ask.ts'

const BODY = JSON.stringify(chat())
const LENGTH = `content-length: ${BODY.length}`

type Bytes = (scenario: Scenario) => string | Uint8Array

/** A request with these header lines more, and a good body. */
const withLines =
  (...lines: readonly string[]): Bytes =>
  (scenario) =>
    `${rawHead(scenario, [...lines, LENGTH])}\r\n${BODY}`
/** A request that begins with this line, and goes on well. */
const withStart =
  (line: string): Bytes =>
  (scenario) =>
    `${rawHead(scenario, [LENGTH], line)}\r\n${BODY}`
/** A request with these lines and this in place of a body. */
const withBody =
  (lines: readonly string[], body: string): Bytes =>
  (scenario) =>
    `${rawHead(scenario, lines)}\r\n${body}`

describe('what is no HTTP is answered with a status or a closed connection, makes no call, and keeps nobody else from being served', () => {
  const NO_HTTP: Readonly<Record<string, Bytes>> = {
    'a word': () => 'hello\r\n\r\n',
    'the beginning of TLS': () => new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0x0d, 0x0a, 0x0d, 0x0a]),
    'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    zeros: () => new Uint8Array(1000),
    'another version': withStart('POST /v1/chat HTTP/9.9'),
    'no version': withStart('POST /v1/chat'),
    'a path with a space': withStart('POST /v1/ chat HTTP/1.1'),
    'a path with a zero': withStart('POST /v1/\0chat HTTP/1.1'),
    'a path of 100 kB': withStart(`POST /v1/${'a'.repeat(100_000)} HTTP/1.1`),
    'a method that nobody knows': withStart('BREW /v1/chat HTTP/1.1'),
    'a method in lower case': withStart('post /v1/chat HTTP/1.1'),
    'lines that end in LF': (scenario) => String(withLines()(scenario)).replaceAll('\r\n', '\n'),
    'no Host in HTTP/1.1': (scenario) => String(withLines()(scenario)).replace('host: gateway\r\n', ''),
    'a line without a colon': withLines('nonsense'),
    'a blank before the colon': withLines('x-a : b'),
    'a folded line': withLines('x-signalbox-labels: a=1,\r\n b=2'),
    'a zero in a header': withLines('x-signalbox-labels: a=\0b'),
    'a control character in a header': withLines('x-signalbox-labels: a=\x01b'),
    'a header of 100 kB': withLines(`x-big: ${'a'.repeat(100_000)}`),
    'a thousand headers': withLines(...Array.from({ length: 1000 }, (_, index) => `x-h${index}: a`)),
    'two lengths': withLines('content-length: 5'),
    'a length below nothing': withBody(['content-length: -5'], BODY),
    'a length with a sign': withBody([`content-length: +${BODY.length}`], BODY),
    'a length that is no number': withBody(['content-length: 5x'], BODY),
    'a length beyond any number': withBody([`content-length: ${'9'.repeat(30)}`], BODY),
    'a length and chunks, with a second request inside': withBody(
      ['content-length: 5', 'transfer-encoding: chunked'],
      '0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    ),
    'chunks twice': withBody(
      ['transfer-encoding: chunked', 'transfer-encoding: chunked'],
      `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    ),
    'a transfer encoding that is no chunks': withBody(['transfer-encoding: gzip'], BODY),
  }

  test.each(Object.entries(NO_HTTP))('%s', async (_what, bytesOf) => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(bytesOf(scenario))
    expect(await client.readUntilClosed()).toMatch(/^$|^HTTP\/1\.1 (400|413|414|431|501|505) /)
    await scenario.expectEvents([])
    expect(scenario.upstream.requests).toHaveLength(0)
    using other = await openRawClient(scenario.dataPort)
    await other.send(rawChat(scenario))
    expect((await other.readReply())?.status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
  })

  test.each<[what: string, body: string]>([
    ['a size that is none', `zz\r\n${BODY}\r\n0\r\n\r\n`],
    ['a size that is none, later', `5\r\n{"mod\r\nzz\r\n${BODY}\r\n0\r\n\r\n`],
    ['a size below that of the chunk', `5\r\n${BODY}\r\n0\r\n\r\n`],
    ['a size below nothing', `-5\r\n${BODY}\r\n0\r\n\r\n`],
  ])('a chunk with %s: the call had begun, and ends', async (_what, body) => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(withBody(['transfer-encoding: chunked'], body)(scenario))
    expect(await client.readUntilClosed()).toStartWith('HTTP/1.1 400 ')
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', attempts: 0 })
    expect(scenario.upstream.requests).toHaveLength(0)
  })
})

describe('what is unusual HTTP is served', () => {
  const UNUSUAL: Readonly<Record<string, Bytes>> = {
    'HTTP/1.0 without Host': (scenario) => String(withStart('POST /v1/chat HTTP/1.0')(scenario)).replace('host: gateway\r\n', ''),
    'an empty Host': (scenario) => String(withLines()(scenario)).replace('host: gateway', 'host:'),
    'a Host that is no name': (scenario) => String(withLines()(scenario)).replace('host: gateway', 'host: <a b>'),
    'a whole URL as the path': withStart('POST http://elsewhere.example/v1/chat HTTP/1.1'),
    'a path with dots': withStart('POST /v1/models/../chat HTTP/1.1'),
    'a URL in the query': withStart('POST /v1/chat?from=http://elsewhere.example/v1/models HTTP/1.1'),
    'the same length twice': withLines(LENGTH),
    'an empty type': (scenario) => String(withLines()(scenario)).replace('application/json', ''),
    'names of headers in capitals': (scenario) => String(withLines()(scenario)).replace('authorization', 'AUTHORIZATION'),
  }

  test.each(Object.entries(UNUSUAL))('%s', async (_what, bytesOf) => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(bytesOf(scenario))
    expect((await client.readReply())?.status).toBe(200)
    await scenario.expectCall({ outcome: 'ok' })
    expect(scenario.upstream.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions'])
  })

  test.each(['GET /livez HTTP/1.0', 'GET /readyz HTTP/1.0'])('at both ports: %s, as old health checks send it', async (line) => {
    await using scenario = await startScenario()
    for (const port of [scenario.dataPort, Number(new URL(scenario.controlUrl).port)]) {
      using client = await openRawClient(port)
      await client.send(`${line}\r\n\r\n`)
      expect(await client.readUntilClosed()).toStartWith('HTTP/1.1 200 OK')
    }
    await scenario.expectEvents([])
  })

  test('a stream in HTTP/1.0, as proxies ask for it, ends with its connection and has no chunks', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    const body = JSON.stringify(chat({ stream: true }))
    await client.send(`${rawHead(scenario, [`content-length: ${body.length}`], 'POST /v1/chat HTTP/1.0')}\r\n${body}`)
    const [head = '', text = ''] = (await client.readUntilClosed()).split('\r\n\r\n')
    expect(head).not.toMatch(/transfer-encoding/i)
    expect(text).toStartWith('data: {')
    expect(text).toEndWith('data: [DONE]\n\n')
    await scenario.expectCall({ outcome: 'ok', isStream: true })
  })

  test('two requests on one connection, the second after the reply to the first', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    for (const body of [chat(), chat({ stream: true }), chat({ model: 'none' }), chat()]) {
      await client.send(rawChat(scenario, body))
      expect((await client.readReply())?.status).toBe(body.model === 'none' ? 404 : 200)
      await scenario.expectCall({ isStream: body.stream === true })
    }
  })
})

test.each<[what: string, bytes: Uint8Array, label: string]>([
  ['Latin-1', Buffer.from('a=caf\xe9', 'latin1'), 'café'],
  ['UTF-8, whose bytes are taken as Latin-1, as HTTP has it', Buffer.from('a=café', 'utf8'), 'cafÃ©'],
])('a label may be written in %s', async (_what, bytes, label) => {
  await using scenario = await startScenario()
  using client = await openRawClient(scenario.dataPort)
  const [before = '', after = ''] = String(withLines('x-signalbox-labels: HERE')(scenario)).split('HERE')
  await client.send(Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]))
  expect((await client.readReply())?.status).toBe(200)
  await scenario.expectCall({ outcome: 'ok', principal: { labels: { a: label } } })
})

test('a label with a byte that is no character is refused', async () => {
  await using scenario = await startScenario()
  using client = await openRawClient(scenario.dataPort)
  await client.send(Buffer.from(String(withLines('x-signalbox-labels: a=\x85')(scenario)), 'latin1'))
  const reply = await client.readReply()
  expect(reply?.status).toBe(400)
  expect(JSON.parse(reply?.body ?? 'null')).toMatchObject({ error: { code: 'invalid_request', param: 'x-signalbox-labels' } })
  await scenario.expectCall({ outcome: 'refused', errorCode: 'invalid_request' })
})

describe('a request that is sent while another of the connection is not answered', () => {
  // Bun closes such a connection (1.4.5). No SDK sends requests so; what counts is that every call that began ends, and nothing hangs.
  test('at once, closes the connection; what began, ends', async () => {
    await using scenario = await startScenario()
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario).repeat(3))
    const replies = (await client.readUntilClosed()).split('HTTP/1.1 200 OK').length - 1
    expect(replies).toBeLessThan(3)
    const count = (events: readonly Event[], type: Event['type']) => events.filter((event) => event.type === type).length
    const live = async () => (await scenario.control<{ calls: object[] }>('GET', '/api/v1/calls/live')).body.calls.length
    // How many have begun before Bun closes depends on how fast it reads.
    let events = await scenario.events()
    while (count(events, 'call.ended') === 0 || (await live()) > 0) events = await scenario.events()
    events = await scenario.events()
    expect(count(events, 'call.started')).toBeWithin(1, 4)
    expect(count(events, 'call.ended')).toBe(count(events, 'call.started'))
  })

  test('while the provider thinks, ends the call as one whose client left', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(silence())
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario))
    const request = await scenario.upstream.received(1)
    await Bun.sleep(60)
    await client.send(rawChat(scenario))
    expect(await client.readUntilClosed()).toBe('')
    await request.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed' })
  })

  test('while a stream runs, ends the stream, which is not complete', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], before: { 2: door.step } }))
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario, chat({ stream: true })))
    let text = ''
    while (!text.includes('"content":"a"')) text += await client.readSome()
    await client.send(rawChat(scenario))
    expect(await client.readUntilClosed()).not.toContain('[DONE]')
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed', isStream: true })
  })
})

describe('a client that says that it will send no more', () => {
  test('is taken for one that left: Bun closes the connection, and the provider is not asked for more', async () => {
    await using scenario = await startScenario()
    scenario.upstream.answer(silence())
    using client = await openRawClient(scenario.dataPort)
    await client.send(rawChat(scenario))
    const request = await scenario.upstream.received(1)
    client.halfClose()
    expect(await client.readUntilClosed()).toBe('')
    await request.whenLeft
    await scenario.expectCall({ outcome: 'cancelled', errorCode: 'client_closed' })
  })
})
