import { describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { GatewayError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { testTarget } from '../../../testing/dialect-goldens.ts'
import { FAKE_START_MS, type FakeWorld, fakeWorld } from '../../../testing/fake-world.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import { MemoryResponses } from '../../responses/memory-store.ts'
import type { ModelPart } from '../../types.ts'
import { openaiResponses } from './index.ts'
import {
  deletedResponse,
  type KeptResponse,
  keepTurn,
  listInputItems,
  previousIdOf,
  readHistory,
  responseIn,
  wantsKept,
  withHistory,
} from './kept.ts'

const CONTEXT = {
  request: { model: 'm', wantsUsage: true, text: '{"model":"m","input":"x"}' },
  callId: 'call_01',
  nowSeconds: 1_795_000_000,
}
const TARGET = testTarget({ wire: 'openai-responses', id: 'gpt-5' })

/** The official client, whose server answers what it is given. */
function client(body: Uint8Array | string, contentType: string, status = 200): OpenAI {
  const fetch = async () => new Response(body, { status, headers: { 'content-type': contentType } })
  return new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1/v1', fetch, maxRetries: 0 })
}

function written(events: readonly StreamEvent[]): Buffer {
  const writer = openaiResponses.writeStream(CONTEXT)
  return Buffer.concat([...events.flatMap((event) => writer.write(event)), ...writer.end()].map(({ bytes }) => bytes))
}

const EVENTS: readonly StreamEvent[] = [
  { type: 'start', model: 'claude' },
  { type: 'thinking', candidate: 0, text: 'hm' },
  { type: 'seal', candidate: 0, seal: { wire: 'anthropic-messages', value: 'Eq' } },
  { type: 'text', candidate: 0, text: 'Hel' },
  { type: 'text', candidate: 0, text: 'lo.' },
  { type: 'tool-call', candidate: 0, index: 0, id: 'c1', name: 'f' },
  { type: 'arguments', candidate: 0, index: 0, text: '{"a":1}' },
  { type: 'finish', candidate: 0, stop: { type: 'tool-calls' } },
  { type: 'usage', usage: { inputTokens: 3, outputTokens: 4 } },
]

describe('the official client', () => {
  test('reads a stream to its end', async () => {
    const stream = client(written(EVENTS), 'text/event-stream').responses.stream({ model: 'm', input: 'x' })
    const numbers: number[] = []
    for await (const event of stream) numbers.push(event.sequence_number)
    const final = await stream.finalResponse()
    expect(numbers).toEqual(numbers.map((_number, index) => index))
    expect(final.output_text).toBe('Hello.')
    expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call'])
    expect(final.usage?.total_tokens).toBe(7)
  })

  test('reads a whole response', async () => {
    const { text } = openaiResponses.writeReply(
      { candidates: [{ content: [{ type: 'text', text: 'Hi' }], stop: { type: 'stop' } }], losses: [] },
      CONTEXT,
    )
    const response = await client(text, 'application/json').responses.create({ model: 'm', input: 'x' })
    expect([response.output_text, response.status, response.id]).toEqual(['Hi', 'completed', 'resp_01'])
  })

  test('throws where a stream fails after content', async () => {
    const error = new GatewayError('provider_truncated', 'The stream was cut.')
    const bytes = Buffer.concat([written(EVENTS).subarray(0, -1), openaiResponses.encodeStreamError(error, 'call_01')])
    const cut = Buffer.from(bytes.toString().replace(/event: response\.completed\ndata: .*\n/, ''))
    const stream = await client(cut, 'text/event-stream').responses.create({ model: 'm', input: 'x', stream: true })
    const read = async () => {
      for await (const _event of stream);
    }
    await expect(read()).rejects.toThrow('The stream was cut.')
  })

  test('throws on an error', async () => {
    const body = openaiResponses.encodeError(new GatewayError('invalid_request', 'Bad.', { param: 'input' }), 'call_01')
    const asked = client(body, 'application/json', 400).responses.create({ model: 'm', input: 'x' })
    await expect(Promise.resolve().then(() => asked)).rejects.toMatchObject({ status: 400, param: 'input', code: 'invalid_request' })
  })
})

test('a stream that failed says so in both of the wire’s words', () => {
  const text = new TextDecoder().decode(openaiResponses.encodeStreamError(new GatewayError('provider_error', 'Oops.'), 'call_01'))
  const [failed, response] = text.split('\n\n').map((frame) => frame.split('\n'))
  expect([failed?.[0], response?.[0]]).toEqual(['event: error', 'event: response.failed'])
  expect(JSON.parse(response?.[1]?.slice(6) ?? '').response).toMatchObject({ id: 'resp_01', status: 'failed', error: { message: 'Oops.' } })
})

test('the cost goes into the usage, whole and streamed, as exact decimal text', () => {
  const whole: ModelPart = {
    type: 'whole',
    bytes: new TextEncoder().encode('{"id":"r","usage":{"input_tokens":1}}'),
    isLast: true,
    isHidden: false,
  }
  expect(new TextDecoder().decode(openaiResponses.encodeCost(whole, 1))).toBe('{"id":"r","usage":{"input_tokens":1,"cost":0.000000001}}')
  const data = '{"type":"response.completed","response":{"usage":{"input_tokens":1}}}'
  const frame: ModelPart = { ...whole, type: 'frame', bytes: new TextEncoder().encode(`event: response.completed\ndata: ${data}\n\n`) }
  expect(new TextDecoder().decode(openaiResponses.encodeCost(frame, 2))).toBe(
    'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":1,"cost":0.000000002}}}\n\n',
  )
})

test('reasoning that another provider encrypted does not go to one of this wire', () => {
  const foreign = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sb:anthropic-messages:Eq' }
  const own = { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'gAAA' }
  const body = JSON.stringify({ model: 'm', input: [{ role: 'user', content: 'x' }, foreign, own], keep: 1 })
  const request = openaiResponses.decodeRequest(new TextEncoder().encode(body), { maxDepth: 9 }, { headers: new Headers(), url: '' })
  expect(JSON.parse(openaiResponses.encodeRequest(request, TARGET))).toEqual({
    model: 'gpt-5',
    input: [{ role: 'user', content: 'x' }, own],
    keep: 1,
  })
})

describe('kept responses', () => {
  const OUTPUT = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }
  const response = (id: string): JsonObject => ({ id, object: 'response', status: 'completed', output: [OUTPUT] })
  const BY = { owner: 'me', madeBy: { user: 'ada' }, callId: 'call_1', keptAtMs: FAKE_START_MS }

  function storeOf(world: FakeWorld, maxBytes: number, ttlMs: number) {
    const memory = new MemoryResponses(world, { maxBytes, ttlMs: () => ttlMs })
    return {
      put: async (kept: KeptResponse) => memory.put(kept, JSON.stringify(kept).length),
      find: async (owner: string, id: string) => memory.get(owner, id),
      memory,
    }
  }

  test('a conversation is put together from its turns', async () => {
    const store = storeOf(fakeWorld(), 1_000_000, 1e9)
    const first = '{"model":"m","input":"one"}'
    const second = '{"model":"m","previous_response_id":"resp_a","input":[{"role":"user","content":"two"}]}'
    await store.put(keepTurn(first, response('resp_a'), BY))
    await store.put(keepTurn(second, response('resp_b'), BY))
    const third = '{"model":"m","previous_response_id":"resp_b","input":"three","instructions":"I"}'
    const history = await readHistory(store.find, 'me', previousIdOf(third) ?? '')
    const request = JSON.parse(withHistory(third, history))
    expect(request.previous_response_id).toBeNull()
    expect(request.instructions).toBe('I')
    expect(request.input.map((item: JsonObject) => JSON.stringify(item.content))).toEqual([
      '[{"type":"input_text","text":"one"}]',
      '[{"type":"output_text","text":"Hi"}]',
      '"two"',
      '[{"type":"output_text","text":"Hi"}]',
      '[{"type":"input_text","text":"three"}]',
    ])
  })

  test.each([
    ['"input": [ {"role":"user","n":1.0,"x":"\\u00e9"} ]', '"input": [{"type":"x"}, {"role":"user","n":1.0,"x":"\\u00e9"} ]'],
    ['"input":[ ]', '"input":[{"type":"x"} ]'],
    ['"input":"a"', '"input":[{"type":"x"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}]'],
    ['"input":null', '"input":[{"type":"x"}]'],
  ])('what was said before is put before %s, and all else stays as it was written', (input, expected) => {
    const text = (own: string, previous: string) => `{ "seed":12345678901234567890, ${own} ,"previous_response_id" : ${previous},"t":1.50}`
    expect(withHistory(text(input, '"resp_a"'), { items: [{ type: 'x' }] })).toBe(text(expected, 'null'))
    expect(withHistory(text(input, '"resp_a"'), { items: [{ type: 'x' }], before: 'resp_0' })).toBe(text(expected, '"resp_0"'))
  })

  test('a turn without an input has what was said before alone', () => {
    expect(withHistory('{"previous_response_id":"a"}', { items: [{ type: 'x' }] })).toBe(
      '{"input":[{"type":"x"}],"previous_response_id":null}',
    )
  })

  test('what is somebody else’s, or gone, is not there', async () => {
    const world = fakeWorld()
    const store = storeOf(world, 1_000_000, 1000)
    await store.put(keepTurn('{"model":"m","input":"x"}', response('resp_a'), BY))
    await expect(readHistory(store.find, 'you', 'resp_a')).rejects.toThrow('is not kept here')
    expect(store.memory.delete('you', 'resp_a')).toBe(false)
    expect(store.memory.get('me', 'resp_a')).toMatchObject({ id: 'resp_a' })
    await world.advance(1000)
    expect(store.memory.get('me', 'resp_a')).toBeUndefined()
    expect(store.memory.delete('me', 'resp_a')).toBe(false)
  })

  test('a turn that has not ended cannot be continued, and one that its provider alone has is named to it', async () => {
    const underWay = keepTurn('{"model":"m","input":"x"}', { ...response('resp_a'), status: 'in_progress' }, BY)
    await expect(readHistory(async () => underWay, 'me', 'resp_a')).rejects.toThrow('has not ended yet')
    const second = keepTurn('{"model":"m","previous_response_id":"resp_a","input":"two"}', response('resp_b'), BY)
    const history = await readHistory(async (_owner, id) => (id === 'resp_b' ? second : 'elsewhere'), 'me', 'resp_b')
    const request = JSON.parse(withHistory('{"model":"m","previous_response_id":"resp_b","input":"three"}', history))
    expect(request).toMatchObject({ previous_response_id: 'resp_a', input: { length: 3 } })
  })

  test('an erasure takes what matches all that is said', () => {
    const { memory } = storeOf(fakeWorld(), 1_000_000, 1e9)
    for (const id of ['resp_a', 'resp_b']) memory.put(keepTurn('{"model":"m","input":"x"}', response(id), { ...BY, callId: id }), 10)
    expect([memory.erase({ user: 'bob' }), memory.erase({ user: 'ada', callId: 'resp_a' }), memory.erase({ user: 'ada' })]).toEqual([
      0, 1, 1,
    ])
  })

  test('a circle of turns ends', async () => {
    const store = storeOf(fakeWorld(), 1_000_000, 1e9)
    await store.put(keepTurn('{"model":"m","input":"x","previous_response_id":"resp_a"}', response('resp_a'), BY))
    await expect(readHistory(store.find, 'me', 'resp_a')).rejects.toThrow('is not kept here')
  })

  test('memory is bounded: the oldest go first', async () => {
    const world = fakeWorld()
    const store = storeOf(world, 900, 1e9)
    for (const id of ['resp_a', 'resp_b', 'resp_c']) {
      await store.put(keepTurn('{"model":"m","input":"x"}', response(id), BY))
    }
    const there = ['resp_a', 'resp_b', 'resp_c'].map((id) => store.memory.get('me', id))
    expect(there.map((kept) => kept?.id)).toEqual([undefined, 'resp_b', 'resp_c'])
  })

  test('the items of the input are listed in pages', () => {
    const input = ['a', 'b', 'c'].map((text) => ({ role: 'user', content: text }))
    const kept = keepTurn(JSON.stringify({ model: 'm', input }), response('resp_a'), BY)
    const page = listInputItems(kept, { limit: 2, order: 'asc' })
    expect(page).toMatchObject({ object: 'list', first_id: 'item_a_0', last_id: 'item_a_1', has_more: true })
    expect(listInputItems(kept, { order: 'asc', after: 'item_a_1' })).toMatchObject({ first_id: 'item_a_2', has_more: false })
    expect(listInputItems(kept, {})).toMatchObject({ first_id: 'item_a_2', last_id: 'item_a_0' })
  })

  test('are found in a whole reply and in the last event of a stream', () => {
    const frames = written(EVENTS).toString().split('\n\n').filter(Boolean)
    const last = new TextEncoder().encode(`${frames.at(-1)}\n\n`)
    expect(responseIn({ type: 'frame', bytes: last })?.id).toBe('resp_01')
    expect(responseIn({ type: 'whole', bytes: new TextEncoder().encode(JSON.stringify(response('resp_a'))) })?.id).toBe('resp_a')
    expect(responseIn({ type: 'frame', bytes: new TextEncoder().encode('data: [DONE]\n\n') })).toBeUndefined()
  })

  test('are wanted unless the request says otherwise', () => {
    expect([wantsKept('{"input":"x"}'), wantsKept('{"store":true}'), wantsKept('{"store":false}')]).toEqual([true, true, false])
    expect(deletedResponse('resp_a')).toEqual({ id: 'resp_a', object: 'response', deleted: true })
  })
})
