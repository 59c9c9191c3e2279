import { describe, expect, test } from 'bun:test'
import { type Answer, chatAnswer, errorReply, resetBeforeHead, silence } from '../../src/testing/fake-upstream.ts'
import { ask, chat } from '../scenarios/ask.ts'
import { startRouted } from '../scenarios/routed.ts'
import { IS_SHORT_RUN } from './lab/full-run.ts'

/** How long the runs over time last. */
const SECONDS = IS_SHORT_RUN ? 6 : 60

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}

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
