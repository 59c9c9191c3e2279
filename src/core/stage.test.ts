import { describe, expect, test } from 'bun:test'
import { openTestCall } from '../testing/open-test-call.ts'
import type { Call } from './call.ts'
import { GatewayError } from './errors.ts'
import { type Ending, Reply } from './reply.ts'
import { collect, type Handler, pipeline, replyOf, type Stage, tap, transform, whenEnded } from './stage.ts'

type TextStage = Stage<string, string>

const BROKEN = new GatewayError('provider_truncated', 'Cut.')
const REFUSED = new GatewayError('forbidden', 'Not this.')
const never = () => new AbortController().signal
const echo: Handler<string, string> = async (call, input) => replyOf([...input], call.signal)

/** A stage that notes what passes, in its order. */
function noting(name: string, notes: string[]): TextStage {
  return (call, input, next) => {
    notes.push(`${name} calls`)
    return whenEnded(next(call, input + name), (ending) => void notes.push(`${name} ends ${ending.outcome}`))
  }
}

describe('pipeline', () => {
  test('the first stage sees the call first and its ending last', async () => {
    const notes: string[] = []
    const reply = await pipeline([noting('a', notes), noting('b', notes)], echo)(openTestCall(), '>')
    expect((await collect(reply)).parts).toEqual(['>', 'a', 'b'])
    expect(notes).toEqual(['a calls', 'b calls', 'b ends ok', 'a ends ok'])
  })

  test('without stages it is the handler', async () => {
    expect((await collect(await pipeline([], echo)(openTestCall(), 'x'))).parts).toEqual(['x'])
  })

  test('a stage, or a send, that throws before it has a promise settles what is around it, as if it had rejected', async () => {
    const throwing: TextStage = () => {
      throw REFUSED
    }
    for (const handler of [(notes: string[]) => pipeline([noting('a', notes), throwing], echo), throwingSend]) {
      const notes: string[] = []
      expect(await handler(notes)(openTestCall(), '').catch((thrown: unknown) => thrown)).toBe(REFUSED)
      expect(notes).toEqual(['a calls', 'a ends refused'])
    }
  })

  test('a stage passes a changed call on, and the others keep theirs', async () => {
    const seen: string[] = []
    const look: TextStage = (call, input, next) => {
      seen.push(call.principal.organisation)
      return next({ ...call, principal: { organisation: 'acme', labels: {} } }, input)
    }
    const call = openTestCall()
    await collect(await pipeline([look, look], echo)(call, 'x'))
    expect([...seen, call.principal.organisation]).toEqual(['-', 'acme', '-'])
  })
})

describe('tap', () => {
  test('it sees each part before the consumer, in the order in which taps were added', async () => {
    const notes: string[] = []
    const reply = replyOf(['a', 'b'], never())
    tap(
      tap(reply, (part) => void notes.push(`first ${part}`)),
      (part) => void notes.push(`second ${part}`),
    )
    notes.push(`got ${await reply.next()}`)
    expect(notes).toEqual(['first a', 'second a', 'got a'])
  })

  test('one that throws ends the reply with its error, before the part is delivered, and stops the work', async () => {
    const cancelled: GatewayError[] = []
    const source = { pull: async () => 'part', cancel: (reason: GatewayError) => void cancelled.push(reason) }
    const reply = tap(new Reply(source, never()), () => fail(REFUSED))
    expect([await reply.next(), reply.ending, cancelled]).toEqual([undefined, { outcome: 'refused', error: REFUSED }, [REFUSED]])
  })
})

describe('whenEnded', () => {
  test('a call that never began is told too; the error stands whatever onEnd returns or throws', async () => {
    for (const answer of [() => ({ outcome: 'ok' }) as const, () => fail(REFUSED)]) {
      const seen: Ending[] = []
      const pending = whenEnded(Promise.reject(BROKEN), (ending) => {
        seen.push(ending)
        return answer()
      })
      expect(await pending.catch((thrown: unknown) => thrown)).toBe(BROKEN)
      expect(seen).toEqual([{ outcome: 'broken', error: BROKEN }])
    }
  })

  test('what it returns replaces the ending for those around it', async () => {
    const seen: Ending[] = []
    const inner = await whenEnded(Promise.resolve(replyOf(['a'], never())), (ending) => ({ ...ending, costNanoUsd: 7 }))
    const outer = await whenEnded(Promise.resolve(inner), (ending) => void seen.push(ending))
    await collect(outer)
    expect([seen, outer.ending]).toEqual([[{ outcome: 'ok', costNanoUsd: 7 }], { outcome: 'ok', costNanoUsd: 7 }])
  })

  test('of a reply that is there already it gives that very reply, at once', async () => {
    const seen: string[] = []
    const reply = replyOf(['a'], never())
    expect(whenEnded(reply, (ending) => void seen.push(ending.outcome))).toBe(reply)
    await collect(reply)
    expect(seen).toEqual(['ok'])
  })

  test('one that throws neither keeps the others from running nor lets the call pass as a success', async () => {
    const seen: string[] = []
    const inner = await whenEnded(Promise.resolve(replyOf(['a'], never())), () => fail(BROKEN))
    const outer = await whenEnded(Promise.resolve(inner), (ending) => void seen.push(ending.outcome))
    expect(await collect(outer).catch((thrown: unknown) => thrown)).toBe(BROKEN)
    expect(seen).toEqual(['broken'])
  })
})

describe('transform', () => {
  const upper = { part: (part: string) => [part.toUpperCase()] }

  test('parts can be changed, hidden, split and held back', async () => {
    let held = ''
    const change = {
      part: async (part: string) => {
        if (part === 'hide') return []
        held += part
        return part === 'split' ? ['one', 'two'] : []
      },
      flush: () => [held],
    }
    const { parts } = await collect(transform(replyOf(['a', 'hide', 'split', 'b'], never()), change))
    expect(parts).toEqual(['one', 'two', 'asplitb'])
  })

  test.each([
    ['breaks', (reply: Reply<string>) => reply.next()],
    ['is left', (reply: Reply<string>) => reply.leave()],
  ])('what is held back is not given out where the reply %s', async (_name, end) => {
    let flushes = 0
    const inner = new Reply({ pull: () => Promise.reject(BROKEN), cancel: () => {} }, never())
    const reply = transform(inner, { part: () => [], flush: () => [String(flushes++)] })
    await end(reply)
    expect([await reply.next(), flushes, reply.ending?.outcome === 'ok']).toEqual([undefined, 0, false])
  })

  test('one that throws, or whose flush throws, ends the reply with its error, stops the work and keeps its cost', async () => {
    for (const change of [{ part: () => fail(REFUSED) }, { part: () => [], flush: () => fail(REFUSED) }]) {
      const inner = await costly(replyOf(['a'], never()))
      const reply = transform(inner, change)
      expect([await reply.next(), reply.ending]).toEqual([undefined, { outcome: 'refused', error: REFUSED, costNanoUsd: 7 }])
      expect(inner.ending).toBeDefined()
    }
  })

  test('a caller that leaves ends what is inside first, and the cost of it is on the outer ending', async () => {
    const notes: string[] = []
    const hold: TextStage = (call, input, next) => costly(next(call, input), notes)
    const change: TextStage = async (call, input, next) => transform(await next(call, input), upper)
    const reply = await pipeline([noting('record', notes), change, hold], echo)(openTestCall(), 'ab')
    expect(await reply.next()).toBe('A')
    reply.leave()
    expect(notes).toEqual(['record calls', 'settled cancelled', 'record ends cancelled'])
    expect(await reply.ended).toMatchObject({ outcome: 'cancelled', costNanoUsd: 7 })
  })

  test('a tap outside that throws ends what is inside first, too', async () => {
    const notes: string[] = []
    const reply = transform(await costly(replyOf(['a'], never()), notes), upper)
    const outer = await whenEnded(
      Promise.resolve(tap(reply, () => fail(REFUSED))),
      (ending) => void notes.push(`outer ${ending.costNanoUsd}`),
    )
    await outer.next()
    expect(notes).toEqual(['settled cancelled', 'outer 7'])
  })

  test('a change that never comes back is let go by an abort', async () => {
    const controller = new AbortController()
    const inner = replyOf(['a'], controller.signal)
    const reply = transform(inner, { part: () => new Promise<string[]>(() => {}) })
    const waiting = reply.next()
    controller.abort(REFUSED)
    expect([await waiting, reply.ending?.outcome, inner.ending?.outcome]).toEqual([undefined, 'cancelled', 'cancelled'])
  })
})

describe('collect and replyOf', () => {
  test('a reply that ended badly throws its error; a paused one gives its parts', async () => {
    const paused = { outcome: 'paused', resume: { token: 't', waitsFor: 'approval' } } as const
    expect(await collect(replyOf(['a'], never(), paused))).toEqual({ parts: ['a'], ending: paused })
    const refused = collect(replyOf(['a'], never(), { outcome: 'refused', error: REFUSED }))
    expect(await refused.catch((thrown: unknown) => thrown)).toBe(REFUSED)
  })
})

async function costly(pending: Reply<string> | Promise<Reply<string>>, notes: string[] = []): Promise<Reply<string>> {
  return whenEnded(Promise.resolve(pending), (ending) => {
    notes.push(`settled ${ending.outcome}`)
    return { ...ending, costNanoUsd: 7 }
  })
}

function throwingSend(notes: string[]): Handler<string, string> {
  return pipeline([noting('a', notes)], (_call: Call, _input: string) => fail(REFUSED))
}

function fail(error: Error): never {
  throw error
}
