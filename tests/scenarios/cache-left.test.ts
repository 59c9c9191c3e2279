import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask } from './ask.ts'

// Answers that an earlier configuration left on disk. What a user said is erased from there too.

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function start(folder: string, more: object, section: object = {}): Promise<Scenario> {
  const config = (baseUrl: string) => ({
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: [{ name: 'mini', provider: 'fake', id: 'fake-model', ...more }],
      ...section,
    },
    access: { teams: { support: {} } },
  })
  return startScenario({ config, folder })
}

test.each<[string, object, object]>([
  ['keeps them in memory', { cache: {} }, { cache: { store: 'memory' } }],
  ['keeps none', {}, {}],
])('are erased by a gateway that %s by now', async (_how, more, section) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))
  folders.push(folder)
  {
    await using scenario = await start(folder, { cache: {} }, { cache: { store: 'disk' } })
    for (const user of ['ada', 'bob']) await ask(scenario, { key: (await scenario.newKey({ user })).key, body: asked(user) })
  }
  await using scenario = await start(folder, more, section)
  const erase = async (user: string) => (await scenario.control('POST', '/api/v1/bodies/erase', { user })).body
  expect([await erase('ada'), await erase('ada'), await erase('bob')]).toEqual([{ erased: 1 }, { erased: 0 }, { erased: 1 }])
})

function asked(content: string) {
  return { model: 'mini', messages: [{ role: 'user', content }] }
}
