import { describe, expect, test } from 'bun:test'
import type { CallEnded, CallStarted } from '../../core/events.ts'
import { Metrics } from './metrics.ts'

function makeMetrics(): Metrics {
  return new Metrics({
    version: '1.2.3',
    modelLabel: (subject) => (subject === 'mini' ? 'mini' : 'other'),
    liveCalls: () => 7,
    isLogWritable: () => false,
    droppedBodies: () => 3,
    residentBytes: () => 50_000_000,
  })
}

const STARTED: CallStarted = {
  type: 'call.started',
  atMs: 1000,
  callId: 'call_1',
  layer: 'models',
  action: 'models.call',
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  subject: 'mini',
  principal: { organisation: 'acme', team: 'support', user: 'alice', labels: {} },
  prompt: {},
}

function endedCall(change: Partial<CallEnded> = {}): CallEnded {
  const usage = { inputTokens: 1200, cachedInputTokens: 800, outputTokens: 240 }
  const ended = { startedAtMs: 1000, durationMs: 50, outcome: 'ok', provider: 'acme-ai', attempts: 1, usage, costNanoUsd: 780_000 } as const
  return { ...STARTED, ...ended, type: 'call.ended', ...change }
}

const LABELS = 'layer="models",model="mini",provider="acme-ai"'

describe('metrics', () => {
  test('count what was booked after a call had ended, and not as another call', () => {
    const metrics = makeMetrics()
    const { usage: _, costNanoUsd: __, ...left } = endedCall({ outcome: 'cancelled', errorSource: 'caller' })
    metrics.observe(left)
    const { callId, layer, action, principal, subject } = STARTED
    const booking = { attempt: 'call_1.1', state: 'settled', atMs: 2000, nanoUsd: 780_000, tokens: 1440, balances: [] } as const
    const usage = { inputTokens: 1200, outputTokens: 240 }
    const of = { callId, layer, action, principal, subject, provider: 'acme-ai' }
    metrics.observe({ type: 'attempt.booked', atMs: 2000, ...of, booking, usage, costNanoUsd: 780_000 })
    const lines = metrics.render().split('\n')
    expect(lines).toContain(`signalbox_calls_total{${LABELS},outcome="cancelled",source="caller"} 1`)
    expect(lines).toContain(`signalbox_tokens_total{${LABELS},kind="input"} 1200`)
    expect(lines).toContain(`signalbox_cost_usd_total{${LABELS}} 0.00078`)
  })

  test('count calls by how they ended and whose fault it was', () => {
    const metrics = makeMetrics()
    metrics.observe(STARTED)
    metrics.observe(endedCall())
    metrics.observe(endedCall())
    metrics.observe(endedCall({ outcome: 'broken', errorCode: 'provider_error', errorSource: 'provider' }))
    const lines = metrics.render().split('\n')
    expect(lines).toContain(`signalbox_calls_total{${LABELS},outcome="ok",source=""} 2`)
    expect(lines).toContain(`signalbox_calls_total{${LABELS},outcome="broken",source="provider"} 1`)
    expect(lines).toContain(`signalbox_tokens_total{${LABELS},kind="input"} 3600`)
    expect(lines).toContain(`signalbox_tokens_total{${LABELS},kind="cached_input"} 2400`)
    expect(lines).toContain(`signalbox_cost_usd_total{${LABELS}} 0.00234`)
  })

  test('put times into cumulative buckets, in seconds', () => {
    const metrics = makeMetrics()
    for (const durationMs of [100, 101, 700_000]) metrics.observe(endedCall({ durationMs, overheadMs: 0.3 }))
    const lines = metrics.render().split('\n')
    expect(lines).toContain(`signalbox_call_duration_seconds_bucket{${LABELS},le="0.025"} 0`)
    expect(lines).toContain(`signalbox_call_duration_seconds_bucket{${LABELS},le="0.1"} 1`)
    expect(lines).toContain(`signalbox_call_duration_seconds_bucket{${LABELS},le="0.25"} 2`)
    expect(lines).toContain(`signalbox_call_duration_seconds_bucket{${LABELS},le="+Inf"} 3`)
    expect(lines).toContain(`signalbox_call_duration_seconds_count{${LABELS}} 3`)
    expect(lines).toContain(`signalbox_overhead_seconds_bucket{${LABELS},le="0.0005"} 3`)
    expect(lines).toContain(`signalbox_first_token_seconds_count{${LABELS}} 0`)
  })

  test('have no series for what a caller makes up', () => {
    const metrics = makeMetrics()
    for (let count = 0; count < 50; count++) metrics.observe(endedCall({ subject: `made-up-${count}` }))
    const text = metrics.render()
    expect(text).not.toContain('made-up')
    expect(text).toContain('signalbox_calls_total{layer="models",model="other",provider="acme-ai",outcome="ok",source=""} 50')
    expect(text).not.toContain('alice')
  })

  test('say how the process is', () => {
    const lines = makeMetrics().render().split('\n')
    expect(lines).toContain('signalbox_live_calls 7')
    expect(lines).toContain('signalbox_log_writable 0')
    expect(lines).toContain('signalbox_bodies_dropped_total 3')
    expect(lines).toContain('process_resident_memory_bytes 50000000')
    expect(lines).toContain('signalbox_build_info{version="1.2.3"} 1')
  })

  test('escape what stands in a label', () => {
    const metrics = makeMetrics()
    metrics.observe(endedCall({ provider: 'a"b\\c\nd' }))
    expect(metrics.render()).toContain('provider="a\\"b\\\\c\\nd"')
  })

  test('are text that Prometheus can read: every series has its type before it', () => {
    const metrics = makeMetrics()
    metrics.observe(endedCall())
    const known = new Set<string>()
    for (const line of metrics.render().trimEnd().split('\n')) {
      const [, declared] = /^# TYPE (\S+) (?:counter|gauge|histogram)$/.exec(line) ?? []
      if (declared !== undefined) known.add(declared)
      if (line.startsWith('#')) continue
      const [, name = ''] = /^([a-z_]+)(?:\{[^}]*\})? -?[0-9.e+-]+$/.exec(line) ?? []
      expect(known).toContain(name.replace(/_(bucket|sum|count)$/, ''))
    }
  })
})
