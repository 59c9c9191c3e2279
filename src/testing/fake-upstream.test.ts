import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chatReply, chatStream, type FakeUpstream, fakeUpstream, gate, streamReply, wholeReply } from './fake-upstream.ts'
import { openRawClient } from './raw-client.ts'

let upstream: FakeUpstream

beforeEach(async () => {
  upstream = await fakeUpstream()
})
afterEach(() => upstream.close())

function ask(body: object, signal?: AbortSignal): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', 'X-Mixed-Case': 'Kept' }, body: JSON.stringify(body) }
  return fetch(`${upstream.baseUrl}/chat/completions`, { ...init, decompress: false, ...(signal && { signal }) })
}

describe('what it answers', () => {
  test('without a script it answers a completion, whole or streamed as asked, and lists its model', async () => {
    const whole = await (await ask({ model: 'm-1' })).json()
    expect(whole).toMatchObject({ model: 'm-1', choices: [{ message: { content: 'Hello there.' }, finish_reason: 'stop' }] })
    expect(whole).toMatchObject({ usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 } })
    const streamed = await ask({ model: 'm-1', stream: true })
    expect(streamed.headers.get('content-type')).toBe('text/event-stream')
    expect(await streamed.text()).toEndWith('data: [DONE]\n\n')
    expect(await (await fetch(`${upstream.baseUrl}/models?x=1`)).json()).toMatchObject({ object: 'list', data: [{ id: 'fake-model' }] })
    expect((await fetch(`${upstream.origin}/elsewhere`)).status).toBe(404)
  })

  test('what is queued comes first, one answer a request, then the standing one again', async () => {
    upstream.answer(wholeReply({ body: 'standing' }))
    upstream.queue(wholeReply({ status: 201, body: 'first' }), wholeReply({ body: { second: true }, headers: { 'x-own': 'yes' } }))
    const replies = [await ask({}), await ask({}), await ask({})]
    expect(replies.map((reply) => reply.status)).toEqual([201, 200, 200])
    expect(replies[1]?.headers.get('x-own')).toBe('yes')
    expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual(['first', '{"second":true}', 'standing'])
  })

  test('a stream has usage exactly when the request asks for it', async () => {
    upstream.answer(
      chatStream({ pieces: ['Hel', 'lo'], usage: { inputTokens: 7, outputTokens: 2, cachedInputTokens: 5, reasoningTokens: 1 } }),
    )
    const without = await (await ask({ stream: true })).text()
    expect(without).not.toContain('usage')
    const frames = framesOf(await (await ask({ stream: true, stream_options: { include_usage: true } })).text())
    expect(frames.map((frame) => frame.choices?.[0]?.delta?.content)).toEqual(['', 'Hel', 'lo', undefined, undefined])
    expect(frames.map((frame) => frame.usage?.prompt_tokens)).toEqual([undefined, undefined, undefined, undefined, 7])
    expect(frames[4]?.usage).toEqual({
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 9,
      prompt_tokens_details: { cached_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 1 },
    })
    upstream.answer(chatStream({ content: 'a', usage: { inputTokens: 1, outputTokens: 1 }, usageWhen: 'always', isDoneMissing: true }))
    const always = await (await ask({ stream: true })).text()
    expect(always).toContain('"prompt_tokens":1')
    expect(always).not.toContain('[DONE]')
  })

  test('a tool call comes whole, or in deltas that join to the same arguments', async () => {
    const script = { toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' }] }
    upstream.queue(chatReply(script), chatStream(script))
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }
    const choice = { finish_reason: 'tool_calls', message: { content: null, tool_calls: [call] } }
    expect(await (await ask({})).json()).toMatchObject({ choices: [choice] })
    const deltas = framesOf(await (await ask({ stream: true })).text()).flatMap((frame) => frame.choices?.[0]?.delta?.tool_calls ?? [])
    expect(deltas.map((delta) => delta.function.arguments).join('')).toBe('{"city":"Oslo"}')
  })

  test('the body can be cut at any byte without changing it', async () => {
    const frames = ['data: {"a":"é"}\n\n', ': comment\n\n', 'data: [DONE]\n\n']
    const bytes = new TextEncoder().encode(frames.join(''))
    upstream.answer(streamReply({ frames, splitAt: Array.from(bytes.keys()), pauseMs: 0 }))
    expect(await (await ask({ stream: true })).text()).toBe(frames.join(''))
    upstream.answer(streamReply({ frames, framing: 'until-close' }))
    expect(await (await ask({ stream: true })).text()).toBe(frames.join(''))
  })

  test('each piece is a chunk of its own', async () => {
    upstream.answer(streamReply({ frames: ['data: one\n\n', 'data: two\n\n'], splitAt: [3, 12] }))
    const client = await openRawClient(upstream.port)
    await client.send('GET /v1/x HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect((await client.readUntilClosed()).split('\r\n\r\n')[1]).toBe('3\r\ndat\r\n9\r\na: one\n\nd\r\na\r\nata: two\n\n\r\n0')
  })

  test('a gate holds a stream until the test opens it', async () => {
    const closed = gate()
    upstream.answer(chatStream({ pieces: ['a', 'b'], before: { 2: closed.step } }))
    const reader = (await ask({ stream: true })).body?.getReader()
    let text = ''
    while (!text.includes('"content":"a"')) text += new TextDecoder().decode((await reader?.read())?.value)
    expect(text).not.toContain('"content":"b"')
    closed.open()
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read())
      text += new TextDecoder().decode(read.value)
    expect(text).toContain('"content":"b"')
    expect(text).toEndWith('data: [DONE]\n\n')
  })
})

describe('what it records', () => {
  test('a request is kept as it was received, in order and spelling', async () => {
    const client = await openRawClient(upstream.port)
    await client.sendPieces({
      pieces: [
        'POST /v1/chat/completions?x=1 HT',
        'TP/1.1\r\nHost: a\r\nX-One:  1\r\nx-TWO: 2\r\nX-One: 3\r\n',
        'Content-Length: 13\r\n\r\n{"model":',
        '"m"}',
      ],
    })
    const reply = await client.readReply()
    expect(reply?.status).toBe(200)
    const [request] = upstream.requests
    expect([request?.method, request?.path, request?.body]).toEqual(['POST', '/v1/chat/completions?x=1', '{"model":"m"}'])
    expect(request?.headers.map(([name, value]) => `${name}=${value}`)).toEqual([
      'Host=a',
      'X-One=1',
      'x-TWO=2',
      'X-One=3',
      'Content-Length=13',
    ])
    expect([request?.header('x-one'), request?.header('none')]).toEqual(['1, 3', undefined])
    expect([request?.isAnswered, request?.left]).toEqual([true, undefined])
    client.destroy()
  })

  test('a chunked body is put together', async () => {
    const client = await openRawClient(upstream.port)
    await client.send(
      'POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"model\r\n6;x=y\r\n":"m"}\r\n0\r\n\r\n',
    )
    expect((await client.readReply())?.status).toBe(200)
    expect(upstream.requests[0]?.jsonObject()).toEqual({ model: 'm' })
    client.destroy()
  })

  test('a connection is kept for the next request, and its number says so', async () => {
    await (await ask({})).text()
    await (await ask({})).text()
    expect(upstream.requests.map((request) => request.connection)).toEqual([1, 1])
    expect(upstream.openConnections).toBe(1)
  })

  test('a client that leaves is noticed, with what it was sent until then', async () => {
    const closed = gate()
    upstream.answer(chatStream({ pieces: ['a', 'b'], before: { 2: closed.step } }))
    const controller = new AbortController()
    const reply = await ask({ stream: true }, controller.signal)
    const reader = reply.body?.getReader()
    await reader?.read()
    controller.abort()
    const request = await upstream.received(1)
    const left = await request.whenLeft
    expect(left.sentBytes).toBe(request.sentBytes)
    expect(left.sentBytes).toBeGreaterThan(0)
    expect(request.isAnswered).toBe(false)
    expect(await reader?.read().catch((thrown: unknown) => String(thrown))).toContain('abort')
  })
})

test('idle connections can be closed without touching those that are being answered', async () => {
  const [idle, busy] = [await openRawClient(upstream.port), await openRawClient(upstream.port)]
  const closed = gate()
  upstream.queue(wholeReply({ body: 'first' }), (request) => [closed.step, ...wholeReply({ body: 'second' })(request)])
  await idle.send('GET /v1/x HTTP/1.1\r\n\r\n')
  expect((await idle.readReply())?.body).toBe('first')
  await busy.send('GET /v1/x HTTP/1.1\r\n\r\n')
  await upstream.received(2)
  upstream.closeIdle()
  expect(await idle.readUntilClosed()).toBe('')
  closed.open()
  expect((await busy.readReply())?.body).toBe('second')
  idle.destroy()
  busy.destroy()
})

test('closing breaks what runs and frees the port', async () => {
  upstream.answer(() => [{ type: 'stall' }])
  const asked = ask({}).catch((thrown: unknown) => thrown)
  await upstream.received(1)
  await upstream.close()
  expect(await asked).toBeInstanceOf(Error)
  expect(upstream.openConnections).toBe(0)
  expect(await openRawClient(upstream.port).catch(() => 'refused')).toBe('refused')
})

interface TestFrame {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string; readonly tool_calls?: { function: { arguments: string } }[] }
  }[]
  readonly usage?: Readonly<Record<string, unknown>> | null
}

function framesOf(body: string): readonly TestFrame[] {
  const events = body.split('\n\n').filter((event) => event.startsWith('data: {'))
  // The fake's own frames: this is their shape.
  return events.map((event) => JSON.parse(event.slice(6)) as TestFrame)
}
