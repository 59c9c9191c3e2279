import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reachGateway } from '../../src/app/reach-gateway.ts'
import type { ExitCode } from '../../src/cli/io.ts'
import { run } from '../../src/cli/main.ts'
import type { RouteExplanation } from '../../src/core/route-explanation.ts'
import { chatAnswer, errorReply, gate } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'
import { type Routed, startRouted } from './routed.ts'

// `signalbox route explain` beside a gateway that runs: it says what only that gateway knows.

let routed: Routed
beforeAll(async () => {
  routed = await startRouted({ route: { strategy: 'least-busy' } })
})
afterAll(() => routed[Symbol.asyncDispose]())

/** The gateway of a scenario listens where the system put it, and not where its file says. */
async function explain(args: readonly string[] = [], env: Readonly<Record<string, string>> = reachable()) {
  const [out, err]: [string[], string[]] = [[], []]
  let exitCode: ExitCode | undefined
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    ...{ isTerminal: false, env: { FAKE_PROVIDER_KEY, ...env }, cwd: routed.scenario.folder },
    setExitCode: (code: ExitCode) => {
      exitCode = code
    },
  }
  const context = { io, onInterrupt: () => new AbortController().signal, reach: reachGateway }
  await run(['route', 'explain', '--model', 'smart', '--json', ...args], context)
  // Tests look at its fields.
  const explanation = out.length === 0 ? undefined : (JSON.parse(out.join('')) as RouteExplanation & { from: string; notKnown?: string[] })
  return { explanation, err: err.join(''), exitCode }
}

function reachable() {
  return { SIGNALBOX_URL: routed.scenario.controlUrl, SIGNALBOX_ADMIN_KEY: routed.scenario.adminKey }
}

describe('beside a gateway that runs, route explain', () => {
  test('knows the calls that are under way at this moment', async () => {
    const door = gate()
    routed.at('first').answer((request) => [door.step, ...chatAnswer()(request)])
    const running = ask(routed.scenario, { body: chat({ model: 'first' }) })
    await routed.at('first').received(1)
    const { explanation, err } = await explain()
    expect(explanation).toMatchObject({
      ...{ from: 'gateway', why: 'fewest calls under way for its weight' },
      order: [
        { model: 'second', inFlight: 0 },
        { model: 'first', inFlight: 1 },
      ],
    })
    expect(err).toBe('The running gateway says so, by the states of its providers and the calls under way at this moment.\n')
    const offline = await explain(['--offline'])
    expect(offline.explanation).toMatchObject({ from: 'file', order: [{ inFlight: 0 }, { inFlight: 0 }] })
    expect(offline.explanation?.notKnown).toContain('calls under way')
    door.open()
    expect((await running).status).toBe(200)
    await routed.scenario.expectCall({ outcome: 'ok' })
  })

  test('knows a key that was parked this moment, and the refusal where nothing is left: exit 1', async () => {
    for (const name of ['first', 'second']) {
      routed.at(name).answer(errorReply({ status: 401 }))
      expect((await ask(routed.scenario, { body: chat({ model: name }) })).status).toBe(502)
      await routed.scenario.expectCall({ outcome: 'broken' })
    }
    const { explanation, exitCode } = await explain()
    expect(exitCode).toBe(1)
    expect(explanation).toMatchObject({ refusal: { code: 'provider_unavailable', status: 503 } })
    expect(explanation?.ruledOut.map(({ why }) => why)).toEqual(
      Array(2).fill('its key is parked after provider_auth, until it changes or is reset'),
    )
    for (const name of ['first', 'second']) await routed.scenario.control('POST', `/api/v1/providers/${name}/reset`)
  })

  test('goes by the file where another gateway answers, and says why; one that was named must answer', async () => {
    const path = join(routed.scenario.folder, 'elsewhere.yaml')
    const file = JSON.parse(readFileSync(join(routed.scenario.folder, 'signalbox.yaml'), 'utf8'))
    const control = routed.scenario.controlUrl.replace('http://', '')
    writeFileSync(path, JSON.stringify({ ...file, listen: { data: '127.0.0.1:0', control }, storage: 'sqlite:./elsewhere' }))
    const { explanation, err, exitCode } = await explain(['--config', 'elsewhere.yaml'], {})
    expect([explanation?.from, exitCode]).toEqual(['file', 0])
    expect(err).toStartWith('The gateway was not asked: Something answers at http://127.0.0.1:')
    const named = await explain([], { ...reachable(), SIGNALBOX_ADMIN_KEY: 'wrong-key' })
    expect([named.explanation, named.exitCode]).toEqual([undefined, 1])
    expect(named.err).toContain('does not know the admin key')
  })

  test('refuses what the gateway does not know', async () => {
    const { status, body } = await routed.scenario.control<{ error: { code: string } }>('POST', '/api/v1/routes/explain', {
      ...{ model: 'smrt', request: {} },
    })
    expect([status, body.error.code]).toEqual([404, 'model_not_found'])
  })
})
