import { describe, expect, test } from 'bun:test'
import {
  type Answer,
  chatAnswer,
  chatFrames,
  errorReply,
  READ_PAUSE,
  resetBeforeHead,
  type Step,
  send,
  silence,
} from '../../src/testing/fake-upstream.ts'
import { ask, chat } from '../scenarios/ask.ts'
import { startRouted } from '../scenarios/routed.ts'

/** How long the runs over time last. The full one is 60: SIGNALBOX_CHAOS_SECONDS=60. */
const SECONDS = Number(process.env.SIGNALBOX_CHAOS_SECONDS ?? 6)
/** Every so many bytes; every byte in a full run. */
const STEP = SECONDS >= 60 ? 1 : 5
const CALM = { breaker: { failures: 1000, share: '100%' } }
const SCRIPT = { pieces: ['one ', 'two'], usage: { inputTokens: 3, outputTokens: 2 } }

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}

describe('a stream that is cut at every byte', () => {
  /** A chunked stream of so many bytes of its frames, and then the end of the connection. */
  function cutAfter(bytes: number, contentAt: number, how: 'close' | 'reset'): Answer {
    return (request) => {
      const body = new TextEncoder().encode(chatFrames(SCRIPT, request).join(''))
      const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
      const start = `${head}${body.length.toString(16)}\r\n`
      // The first content is read before the cut comes: the runtime drops what it reads together with one.
      const first = Math.min(bytes, contentAt)
      const rest = bytes > contentAt ? [send(body.subarray(contentAt, bytes))] : []
      const sent: readonly Step[] = [send(start), send(body.subarray(0, first)), { type: 'pause', ms: bytes < contentAt ? 0 : 5 }, ...rest]
      return how === 'close' ? [...sent, { type: 'close' }] : [...sent, READ_PAUSE, { type: 'reset' }]
    }
  }

  test('goes elsewhere before its first content, is told after it, and never passes for whole', async () => {
    await using routed = await startRouted({ section: CALM })
    const { scenario } = routed
    routed.at('second').answer(chatAnswer({ content: 'From the second.' }))
    let whole = ''
    routed.at('first').queue((request) => {
      whole = chatFrames(SCRIPT, request).join('')
      return chatAnswer(SCRIPT)(request)
    })
    await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
    await scenario.expectCall({ outcome: 'ok', attempts: 1 })
    const contentAt = whole.indexOf('\n\n', whole.indexOf('"content":"one ')) + 2
    const doneAt = whole.indexOf('data: [DONE]') + 'data: [DONE]'.length
    let told = 0
    for (let bytes = 0; bytes < whole.length; bytes += STEP) {
      routed.at('first').queue(cutAfter(bytes, contentAt, bytes % 40 === 0 ? 'reset' : 'close'))
      const reply = await ask(scenario, { body: chat({ model: 'smart', stream: true }) })
      const said = `after ${bytes} bytes: ${reply.text.slice(-200)}`
      if (bytes < contentAt) {
        expect(reply.text, said).toContain('From the second.')
        expect(reply.text, said).not.toContain('one ')
        await scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second' })
      } else if (reply.text.includes('From the second.')) {
        // The runtime gave out what it had read and the end of the connection as one: then nothing of it was seen.
        expect(reply.text, said).not.toContain('one ')
        await scenario.expectCall({ outcome: 'ok', attempts: 2, provider: 'second' })
      } else if (bytes < doneAt) {
        told++
        expect(reply.text, said).toContain('"code":"provider_truncated"')
        expect(reply.text, said).not.toContain('[DONE]')
        expect(reply.text, said).not.toContain('From the second.')
        await scenario.expectCall({ outcome: 'broken', attempts: 1, errorCode: 'provider_truncated' })
      } else {
        // All was said; only what says so was cut.
        expect(reply.text, said).toContain('two')
        await scenario.expectEvents([{ type: 'call.started' }, { type: 'call.ended' }])
      }
    }
    expect(told).toBeGreaterThan((doneAt - contentAt) / STEP / 2)
  }, 120_000)
})

describe('a provider that flaps', () => {
  const MOODS: readonly Answer[] = [
    chatAnswer(),
    errorReply({ status: 500 }),
    resetBeforeHead(),
    errorReply({ status: 529 }),
    chatAnswer(),
    silence(),
  ]

  test(
    'costs no call: each is answered whole by one of the two, and recorded once',
    async () => {
      await using routed = await startRouted({
        section: {
          breaker: { failures: 3, pause: '200ms', longestPause: '1s' },
          timeouts: { connect: '1s', firstToken: '300ms', idle: '1s', total: '5s' },
        },
        route: { timeouts: { firstToken: '300ms', total: '3s' } },
      })
      const { scenario } = routed
      const untilMs = performance.now() + SECONDS * 1000
      const isOver = () => performance.now() > untilMs
      const flap = async () => {
        for (let mood = 0; !isOver(); mood++) {
          routed.at('first').answer(MOODS[mood % MOODS.length] ?? chatAnswer())
          await pause(400)
        }
      }
      const latencies: number[] = []
      const bad: string[] = []
      const caller = async (index: number) => {
        for (let calls = 0; !isOver(); calls++) {
          const beganMs = performance.now()
          const stream = (index + calls) % 2 === 0
          const { status, text } = await ask(scenario, { body: chat({ model: 'smart', stream }) })
          latencies.push(performance.now() - beganMs)
          const isWhole = status === 200 && text.includes('Hello there.') && (!stream || text.includes('[DONE]'))
          // A whole reply that hangs has had its total time: that alone is told.
          if (!isWhole && !text.includes('provider_total_timeout')) bad.push(`${status} ${text.slice(0, 200)}`)
          await pause(5)
        }
      }
      await Promise.all([flap(), ...Array.from({ length: 10 }, (_, index) => caller(index))])
      expect(bad).toEqual([])
      const ended = (await scenario.events()).filter(({ type }) => type === 'call.ended')
      expect(ended.length).toBe(latencies.length)
      expect(latencies.length).toBeGreaterThan(SECONDS * 50)
      // The circuit keeps most calls away while it is broken: far fewer failed attempts than calls.
      const failed = ended
        .flatMap((event) => (event.type === 'call.ended' ? (event.attemptLog ?? []) : []))
        .filter(({ outcome }) => outcome === 'broken')
      expect(failed.length).toBeLessThan(latencies.length / 2)
      console.log(
        `flapping for ${SECONDS} s: ${latencies.length} calls, ${failed.length} failed attempts, p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
      )
    },
    (SECONDS + 30) * 1000,
  )
})

describe('five times more calls than can be taken', () => {
  const RUNNING = 5
  const TAKES_MS = 100
  const WAIT_MS = 300

  test('leave those that are taken as quick as before, and refuse the others at once', async () => {
    await using routed = await startRouted({
      names: ['first'],
      section: { overload: { running: RUNNING, queue: 10, wait: `${WAIT_MS}ms` } },
    })
    const { scenario } = routed
    const slow: Answer = (request) => [{ type: 'pause', ms: TAKES_MS }, ...chatAnswer()(request)]
    routed.at('first').answer(slow)
    const capacity = (RUNNING * 1000) / TAKES_MS
    const seconds = Math.min(SECONDS, 10)
    const taken: number[] = []
    const refused: number[] = []
    const bad: string[] = []
    const one = async () => {
      const beganMs = performance.now()
      const { status, text, headers } = await ask(scenario, { body: chat({ model: 'smart' }) })
      const tookMs = performance.now() - beganMs
      if (status === 200) taken.push(tookMs)
      else if (status === 503 && headers.get('retry-after') === '1' && text.includes('"overloaded"')) refused.push(tookMs)
      else bad.push(`${status} ${text.slice(0, 200)}`)
    }
    const pending: Promise<void>[] = []
    const beganMs = performance.now()
    // Open loop: callers come, whether or not others were answered.
    while (performance.now() - beganMs < seconds * 1000) {
      const due = Math.floor(((performance.now() - beganMs) * capacity * 5) / 1000)
      while (pending.length < due) pending.push(one())
      await pause(2)
    }
    await Promise.all(pending)
    expect(bad).toEqual([])
    expect(refused.length).toBeGreaterThan(taken.length)
    // No collapse: most of what could be served was served.
    expect(taken.length).toBeGreaterThan(capacity * seconds * 0.5)
    expect(quantile(taken, 0.99)).toBeLessThan((TAKES_MS + WAIT_MS) * 4)
    console.log(
      `5 × overload for ${seconds} s: ${taken.length} taken of ${pending.length} (capacity ${capacity * seconds}), p50 ${quantile(taken, 0.5).toFixed(0)} ms, p99 ${quantile(taken, 0.99).toFixed(0)} ms; refused in p50 ${quantile(refused, 0.5).toFixed(0)} ms`,
    )
  }, 60_000)
})
