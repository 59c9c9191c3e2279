import { expect, test } from 'bun:test'
import { type ExpectedEvent, startScenario } from '../../src/testing/scenario.ts'
import { askAgent, message, result } from './a2a.ts'

/** An agent that passes every message on to itself, through the gateway, with the key and the trace that it was given. */
function startNarcissus() {
  const state = { gateway: '', answers: [] as string[] }
  const bun = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async ({ headers }) => {
      const answer = await fetch(`${state.gateway}/a2a/narcissus`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'a2a-version': '1.0',
          authorization: headers.get('authorization') ?? '',
          traceparent: headers.get('traceparent') ?? '',
        },
        body: JSON.stringify(message()),
      })
      state.answers.push(/rate_limited|Done/.exec(await answer.text())?.[0] ?? 'something else')
      return Response.json(result({ message: { messageId: 'r', role: 'ROLE_AGENT', parts: [{ text: 'Done' }] } }))
    },
  })
  return { state, url: `http://127.0.0.1:${bun.port}/`, stop: () => bun.stop(true) }
}

test('a loop of agents that pass on the trace is ended by a limit on what a run may do at a time', async () => {
  const narcissus = startNarcissus()
  await using scenario = await startScenario({
    config: {
      agents: { agents: { narcissus: { url: `${narcissus.url}rpc`, forwardKey: true } } },
      access: {
        teams: { support: { agents: ['narcissus'] } },
        accounts: [{ of: 'each run', limits: [{ concurrent: 5, models: ['narcissus'] }] }],
      },
    },
  })
  narcissus.state.gateway = scenario.dataUrl
  const reply = await askAgent(scenario, { path: '/a2a/narcissus' })
  expect(reply.status).toBe(200)
  // The innermost first.
  expect(narcissus.state.answers).toEqual(['rate_limited', 'Done', 'Done', 'Done', 'Done'])
  const types = Array.from({ length: 12 }, () => ({}))
  // Which is where is not said: only that there are so many.
  const events = await scenario.expectEvents(types as unknown as readonly ExpectedEvent[])
  const ended = events.flatMap((event) => (event.type === 'call.ended' ? [event.errorCode ?? event.outcome] : []))
  expect(ended).toEqual(['rate_limited', 'ok', 'ok', 'ok', 'ok', 'ok'])
  expect(new Set(events.flatMap((event) => (event.type === 'call.started' ? [event.traceId] : []))).size).toBe(1)
  await narcissus.stop()
})
