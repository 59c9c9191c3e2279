// The least that a call with keys and an event log costs on this runtime: one straight line of code on our own HTTP client, without configuration,
// checks, limits, failures or a second model. bench/README.md says what it is for.

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CryptoHasher } from 'bun'
import { CallAbort } from '../src/core/signal.ts'
import { realWorld } from '../src/platform/world.ts'
import { announce } from './lab/child.ts'

interface Asked {
  readonly model: string
}

interface Answered {
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
}

const upstream = `http://127.0.0.1:${process.env.MOCK_PORT}/v1/chat/completions`
const upstreamHeaders = { 'content-type': 'application/json', authorization: `Bearer ${process.env.MOCK_KEY}` }
const isCached = process.env.LEAST === 'cached'
const world = realWorld()

const secret = randomBytes(32)
const hashOf = (token: string): Buffer => new CryptoHasher('sha256', secret).update(token).digest()
const keys = new Map([['floor', { hash: hashOf(process.env.PROXY_KEY ?? ''), team: 'bench', keyId: '0svj3eulhvhw' }]])
const answers = new Map<string, Uint8Array>()

const folder = mkdtempSync(join(tmpdir(), 'signalbox-least-'))
const file = openSync(join(folder, 'events.jsonl'), 'w')
// The file stays as long as the process holds it.
rmSync(folder, { recursive: true })
let lines: string[] = []
let waiting: (() => void)[] = []
let chain = ''

/** Writes what came in this turn of the event loop, with one seal, as the gateway's log does. */
function commit(): void {
  const written = waiting
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  lines = []
  waiting = []
  chain = new CryptoHasher('sha256').update(chain).update(bytes).digest('hex')
  writeSync(file, Buffer.concat([bytes, Buffer.from(`{"hash":"${chain}"}\n`)]))
  for (const resolve of written) resolve()
}

function keep(event: object): void {
  if (lines.push(JSON.stringify(event)) === 1) world.atEndOfTurn(commit)
}

function append(event: object): Promise<void> {
  keep(event)
  return new Promise((resolve) => waiting.push(resolve))
}

async function ask(body: string): Promise<Uint8Array> {
  const request = { method: 'POST', headers: upstreamHeaders, body, signal: new CallAbort(), connectTimeoutMs: 10_000 }
  const reply = await world.request(upstream, request)
  const arrived = reply.readArrived()
  if (arrived !== undefined) return arrived
  const pieces: Uint8Array[] = []
  for (let piece = await reply.read(); piece !== undefined; piece = await reply.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const began = world.monotonicMs()
    const token = (request.headers.get('authorization') ?? '').slice('Bearer '.length)
    const who = keys.get(token.split('_')[1] ?? '')
    if (who === undefined || !timingSafeEqual(hashOf(token), who.hash)) return new Response('Unknown key.', { status: 401 })
    const text = await request.text()
    const { model } = JSON.parse(text) as Asked
    const callId = world.id('call')
    const startedAtMs = world.now()
    const ids = { callId, layer: 'models', action: 'models.call', traceId: world.randomHex(16), spanId: world.randomHex(8) }
    const principal = { organisation: 'default', team: who.team, keyId: who.keyId, labels: {} }
    const common = { ...ids, subject: model, wire: 'openai-chat', principal, prompt: { hash: 'sha256:006f19b54ba74caf4095a8f44aae9c64' } }
    await append({ type: 'call.started', atMs: startedAtMs, ...common })
    const sent = world.monotonicMs()
    const found = isCached ? answers.get(new CryptoHasher('sha256').update(text).digest('hex')) : undefined
    const answer = found ?? (await ask(text))
    if (isCached && found === undefined) answers.set(new CryptoHasher('sha256').update(text).digest('hex'), answer)
    const ended = world.monotonicMs()
    const { usage } = JSON.parse(Buffer.from(answer.buffer, answer.byteOffset, answer.length).toString()) as Answered
    const costNanoUsd = usage.prompt_tokens * 1000 + usage.completion_tokens * 2000
    keep({
      ...{ type: 'call.ended', atMs: world.now(), ...common, outcome: 'ok', status: 200, provider: 'mock', target: 'mock-whole' },
      ...{ isStream: false, attempts: 1, costNanoUsd, priceVersion: 'configuration', finishReason: 'stop', providerStatus: 200 },
      usage: { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens, raw: usage },
      pricing: [
        { kind: 'input', tokens: usage.prompt_tokens, nanoUsd: 1_000_000_000 },
        { kind: 'output', tokens: usage.completion_tokens, nanoUsd: 2_000_000_000 },
      ],
      ...{ startedAtMs, durationMs: ended - began, overheadMs: sent - began, providerMs: ended - sent },
      ...{ sizeInBytes: text.length, sizeOutBytes: answer.length },
    })
    return new Response(answer, {
      headers: {
        'content-type': 'application/json',
        'x-signalbox-request-id': callId,
        'x-request-id': callId,
        'x-signalbox-attempts': '1',
        'x-signalbox-overhead-ms': (sent - began).toFixed(3),
        'x-signalbox-model': model,
        'x-signalbox-provider': 'mock',
        'x-signalbox-cost-usd': (costNanoUsd / 1e9).toFixed(9),
      },
    })
  },
})
announce(server.port)
