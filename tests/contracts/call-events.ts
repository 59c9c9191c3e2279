import type { Principal } from '../../src/core/call.ts'
import type { CallEnded, CallStarted } from '../../src/core/events.ts'
import type { World } from '../../src/core/world.ts'

/** Who asks in these tests. */
export const ALICE: Principal = { organisation: 'acme', team: 'support', user: 'alice', keyId: 'k1', labels: { feature: 'search' } }

/** A started call, as the `record` stage writes it. */
export function startedCall(world: World, change: Partial<CallStarted> = {}): CallStarted {
  return {
    type: 'call.started',
    atMs: world.now(),
    callId: world.id('call'),
    layer: 'models',
    action: 'models.call',
    traceId: world.randomHex(16),
    spanId: world.randomHex(8),
    subject: 'mini',
    wire: 'openai-chat',
    principal: ALICE,
    prompt: { hash: '9f86d081884c7d65' },
    ...change,
  }
}

/** Its ending: 1200 tokens in, 240 out, $0.00078. */
export function endedCall(world: World, started: CallStarted, change: Partial<CallEnded> = {}): CallEnded {
  return {
    ...started,
    type: 'call.ended',
    atMs: world.now(),
    startedAtMs: started.atMs,
    durationMs: world.now() - started.atMs,
    outcome: 'ok',
    provider: 'openai',
    target: 'gpt-5.5-mini',
    attempts: 1,
    usage: { inputTokens: 1200, cachedInputTokens: 800, outputTokens: 240 },
    costNanoUsd: 780_000,
    finishReason: 'stop',
    status: 200,
    ...change,
  }
}
