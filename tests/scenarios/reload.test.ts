import { describe, expect, test } from 'bun:test'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatStream, gate } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, chat, expectError } from './ask.ts'

interface Status {
  readonly config: { readonly revision: string; readonly problems: readonly string[] }
}

const PAIR = [{ type: 'call.started' }, { type: 'call.ended' }] as const

/** Models of these names, in place of the ordinary one. */
function modelsOf(scenario: Scenario, ...names: readonly string[]) {
  const { baseUrl } = scenario.upstream
  return {
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: names.map((name) => ({ name, provider: 'fake', id: `${name}-id`, price: { inputPerMillion: 4, outputPerMillion: 20 } })),
    },
  }
}

async function statusOf(scenario: Scenario): Promise<Status['config']> {
  return (await scenario.control<Status>('GET', '/api/v1/status')).body.config
}

describe('a configuration that is changed while the gateway runs', () => {
  test('brings new models, names the old ones no more, and has new prices', async () => {
    await using scenario = await startScenario()
    const before = await statusOf(scenario)
    expectError(await ask(scenario, { body: chat({ model: 'maxi' }) }), 404, 'model_not_found')
    const reloaded = await scenario.reconfigure(modelsOf(scenario, 'maxi'))
    expect(reloaded.status).toBe(200)
    const after = await statusOf(scenario)
    expect(after.revision).not.toBe(before.revision)

    const reply = await ask(scenario, { body: chat({ model: 'maxi' }) })
    expect(reply.headers.get('x-signalbox-cost-usd')).toBe('0.0001')
    expect(scenario.upstream.requests.map((request) => request.jsonObject().model)).toEqual(['maxi-id'])
    expectError(await ask(scenario), 404, 'model_not_found')
    const listed = await ask(scenario, { method: 'GET', path: '/v1/models' })
    expect(listed.json.data).toMatchObject([{ id: 'maxi' }])
    await scenario.expectEvents([
      ...PAIR,
      { type: 'config.loaded', revision: after.revision, file: 'signalbox.yaml' },
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'ok', costNanoUsd: 100_000 }] as const),
      ...([{ type: 'call.started' }, { type: 'call.ended', outcome: 'refused', errorCode: 'model_not_found' }] as const),
      ...([{ type: 'call.started' }, { type: 'call.ended', action: 'models.list' }] as const),
    ])
  })

  test('is taken up without being asked, once the file has changed', async () => {
    await using scenario = await startScenario()
    const file = join(scenario.folder, 'signalbox.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"mini"', '"maxi"'))
    const isThere = async () => (await ask(scenario, { body: chat({ model: 'maxi' }) })).status === 200
    let rounds = 1
    while (!(await isThere()) && rounds < 200) {
      rounds++
      await Bun.sleep(20)
    }
    expect(rounds).toBeLessThan(200)
    const events = (await scenario.events()).filter(({ type }) => type === 'config.loaded')
    expect(events).toHaveLength(2)
  })

  test('holds for the calls that begin then: one that runs goes on as it began', async () => {
    await using scenario = await startScenario()
    const door = gate()
    scenario.upstream.answer(chatStream({ pieces: ['a', 'b'], usage: { inputTokens: 10, outputTokens: 3 }, before: { 2: door.step } }))
    const running = ask(scenario, { body: chat({ stream: true }) })
    await scenario.upstream.received(1)
    await scenario.reconfigure(modelsOf(scenario, 'maxi'))
    expectError(await ask(scenario), 404, 'model_not_found')
    door.open()
    expect((await running).frames.at(-1)).toBe('[DONE]')
    await scenario.expectEvents([
      { type: 'call.started', subject: 'mini' },
      { type: 'config.loaded' },
      ...PAIR,
      { type: 'call.ended', outcome: 'ok', subject: 'mini', costNanoUsd: 50_000 },
    ])
  })
})

describe('a configuration with a mistake', () => {
  const MISTAKES: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
    'that is no YAML': ['models: [', /^signalbox\.yaml:\d+:\d+ /],
    'with a key that is not known': [
      'models: { modles: [] }\n',
      /^signalbox\.yaml:1:\d+ models\.modles: unknown key; did you mean "models"\?$/,
    ],
    'with a model of no provider': [
      'models: { models: [{ name: mini, provider: nobody }] }\n',
      /^signalbox\.yaml:1:\d+ models\.models\[0\]\.provider: no provider is called "nobody"/,
    ],
    'with a secret that is not there': [
      'models: { providers: { openai: { apiKey: env:NO_SUCH_VARIABLE } } }\n',
      /^signalbox\.yaml:1:\d+ models\.providers\.openai\.apiKey.*NO_SUCH_VARIABLE/,
    ],
  }

  test.each(Object.entries(MISTAKES))('%s changes nothing, and is told by the status and an event', async (_what, [text, says]) => {
    await using scenario = await startScenario()
    const before = await statusOf(scenario)
    const file = join(scenario.folder, 'signalbox.yaml')
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, text)
    const refused = await scenario.control('POST', '/api/v1/reload')
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } })

    const bad = await statusOf(scenario)
    expect(bad.revision).toBe(before.revision)
    expect(bad.problems).toEqual([expect.stringMatching(says)])
    expect((await ask(scenario)).status).toBe(200)
    const ready = await scenario.control('GET', '/readyz')
    expect(ready).toMatchObject({ status: 200, body: { ready: true } })
    expect(JSON.stringify(ready.body)).toContain('the last good configuration is in force')
    expect(scenario.printed).toContain('the last good one stays in force')

    writeFileSync(file, good)
    expect((await scenario.control('POST', '/api/v1/reload')).status).toBe(200)
    expect(await statusOf(scenario)).toMatchObject({ revision: before.revision, problems: [] })
    await scenario.expectEvents([
      { type: 'config.rejected', file: 'signalbox.yaml', problems: bad.problems },
      ...PAIR,
      { type: 'config.loaded', revision: before.revision },
    ])
  })

  test('that is gone altogether changes nothing', async () => {
    await using scenario = await startScenario()
    rmSync(join(scenario.folder, 'signalbox.yaml'))
    expect((await scenario.control('POST', '/api/v1/reload')).status).toBe(409)
    expect((await ask(scenario)).status).toBe(200)
    await scenario.expectEvents([{ type: 'config.rejected' }, ...PAIR])
  })

  test('starts nothing', async () => {
    await expect(startScenario({ config: { models: { modles: [] } } })).rejects.toThrow(
      /exit code 2.*unknown key; did you mean "models"\?/s,
    )
  })
})
