import { expect, test } from 'bun:test'
import { errorReply } from '../../src/testing/fake-upstream.ts'
import { startScenario } from '../../src/testing/scenario.ts'
import { ask, chat } from './ask.ts'
import { routedConfig, startRouted } from './routed.ts'

const REDIS_URL = process.env.SIGNALBOX_TEST_REDIS_URL

async function untilState(state: string, read: () => Promise<readonly { provider: string; state: string }[]>): Promise<void> {
  for (let look = 0; look < 2000; look++) {
    const first = (await read()).find(({ provider }) => provider === 'first')
    if (first?.state === state) return
    await Bun.sleep(20)
  }
  throw new Error(`The provider did not become ${state}.`)
}

if (REDIS_URL !== undefined) {
  test('a replica leaves alone what another one has found to be refused, and uses it again when somebody says so', async () => {
    await using routed = await startRouted({ shared: REDIS_URL })
    const config = { ...routedConfig({}, (name) => routed.at(name).baseUrl), shared: REDIS_URL }
    await using other = await startScenario({ baseUrl: routed.at('first').baseUrl, config })
    const states = async () =>
      (await other.control<{ providers: { provider: string; state: string }[] }>('GET', '/api/v1/providers')).body.providers
    routed.at('first').answer(errorReply({ status: 401 }))
    expect((await ask(routed.scenario, { body: chat({ model: 'smart' }) })).headers.get('x-signalbox-attempts')).toBe('2')
    await untilState('parked', states)
    const reply = await ask(other, { body: chat({ model: 'smart' }) })
    expect([reply.headers.get('x-signalbox-provider'), reply.headers.get('x-signalbox-attempts')]).toEqual(['second', '1'])
    expect(routed.at('first').requests).toHaveLength(1)
    await routed.scenario.control('POST', '/api/v1/providers/first/reset')
    await untilState('ready', states)
  })
}

test('a Redis that cannot be reached costs no call', async () => {
  await using routed = await startRouted({ shared: 'redis://127.0.0.1:1' })
  routed.at('first').answer(errorReply({ status: 500 }))
  expect((await ask(routed.scenario, { body: chat({ model: 'smart' }) })).status).toBe(200)
})
