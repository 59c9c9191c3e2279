import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { chatAnswer, gate, wholeReply } from '../../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../../src/testing/scenario.ts'
import { newSchema, POSTGRES_URL } from '../../contracts/postgres-server.ts'

const SECRET_TEXT = 'Who wrote lupine-8841?'
const DURABLE = { bodies: { store: 'full' } }

const responsesOf = ({ dataUrl }: Pick<Scenario, 'dataUrl'>, key: string) =>
  new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).responses

function failureOf(pending: PromiseLike<unknown>): PromiseLike<unknown> {
  return pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

function sameWire(baseUrl: string) {
  return {
    models: {
      providers: { fake: { wire: 'openai-responses', baseUrl, apiKey: ['env:FAKE_PROVIDER_KEY'] } },
      models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
    },
  }
}

function theirs(id: string, text: string) {
  return {
    ...{ id, object: 'response', created_at: 1, status: 'completed', model: 'fake-model' },
    output: [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] }],
    usage: { input_tokens: 10, output_tokens: 3, total_tokens: 13 },
  }
}

/** A folder in which one gateway runs after another. */
async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-kept-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whether a text stands in any file of the data folder. */
function standsOnDisk(folder: string, text: string): boolean {
  const files = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((file) =>
    file.isFile(),
  )
  return files.some((file) => readFileSync(join(file.parentPath, file.name)).includes(text))
}

describe('a kept response, where bodies are kept in full', () => {
  test('is there after a restart: fetched, continued, deleted', async () => {
    await inFolder(async (folder) => {
      let [id, key] = ['', '']
      {
        await using scenario = await startScenario({ folder, config: DURABLE })
        scenario.upstream.answer(chatAnswer({ content: 'Ada.' }))
        key = scenario.key
        ;({ id } = await responsesOf(scenario, key).create({ model: 'mini', input: SECRET_TEXT }))
        await scenario.shutDown()
      }
      await using scenario = await startScenario({ folder, config: DURABLE })
      scenario.upstream.answer(chatAnswer({ content: 'In 1843.' }))
      const responses = responsesOf(scenario, key)
      expect((await responses.retrieve(id)).output_text).toBe('Ada.')
      expect((await responses.inputItems.list(id)).data).toMatchObject([{ content: [{ text: SECRET_TEXT }] }])
      await responses.create({ model: 'mini', input: 'When?', previous_response_id: id })
      expect(scenario.upstream.requests.at(-1)?.jsonObject().messages).toMatchObject([
        { content: SECRET_TEXT },
        { content: 'Ada.' },
        { content: 'When?' },
      ])
      expect(await failureOf(responsesOf(scenario, scenario.key).retrieve(id))).toMatchObject({ status: 404 })
      await responses.delete(id)
      expect(await failureOf(responses.retrieve(id))).toMatchObject({ status: 404 })
    })
  })

  test('is erased with the bodies of whom it belongs to, from the file too, and the log says so', async () => {
    await using scenario = await startScenario({ config: { ...DURABLE, bodies: { store: 'full' } } })
    scenario.upstream.answer(chatAnswer({ content: 'Ada.' }))
    const { key } = await scenario.newKey({ user: 'ada' })
    const { id } = await responsesOf(scenario, key).create({ model: 'mini', input: SECRET_TEXT })
    const { id: others } = await responsesOf(scenario, scenario.key).create({ model: 'mini', input: 'Else?' })
    const erased = await scenario.control<{ erased: number }>('POST', '/api/v1/bodies/erase', { user: 'ada' })
    expect(erased.body.erased).toBe(3)
    expect(await failureOf(responsesOf(scenario, key).retrieve(id))).toMatchObject({ status: 404 })
    expect(await responsesOf(scenario, scenario.key).retrieve(others)).toMatchObject({ id: others })
    expect(standsOnDisk(scenario.folder, SECRET_TEXT)).toBe(false)
    expect((await scenario.events()).filter(({ type }) => type === 'body.erased')).toMatchObject([{ bodies: 3, where: 'user = ada' }])
  })

  test('in the background is told as failed where its gateway died meanwhile', async () => {
    await inFolder(async (folder) => {
      let [id, key] = ['', '']
      {
        await using scenario = await startScenario({ folder, config: DURABLE })
        const door = gate()
        scenario.upstream.answer(() => [door.step])
        key = scenario.key
        ;({ id } = await responsesOf(scenario, key).create({ model: 'mini', input: 'Who?', background: true }))
      }
      await using scenario = await startScenario({ folder, config: DURABLE })
      expect(await responsesOf(scenario, key).retrieve(id)).toMatchObject({ id, status: 'failed', error: { code: 'shutting_down' } })
    })
  })
})

describe('a kept response, where no bodies are kept', () => {
  test('is there while the process runs, and never on disk', async () => {
    await inFolder(async (folder) => {
      let [id, key] = ['', '']
      {
        await using scenario = await startScenario({ folder })
        scenario.upstream.answer(chatAnswer({ content: 'Ada.' }))
        key = scenario.key
        const responses = responsesOf(scenario, key)
        ;({ id } = await responses.create({ model: 'mini', input: SECRET_TEXT }))
        expect((await responses.retrieve(id)).output_text).toBe('Ada.')
        expect(standsOnDisk(folder, SECRET_TEXT)).toBe(false)
        expect((await scenario.control('POST', '/api/v1/bodies/erase', { team: 'support' })).body).toEqual({ erased: 1 })
        expect(await failureOf(responses.retrieve(id))).toMatchObject({ status: 404 })
        ;({ id } = await responses.create({ model: 'mini', input: SECRET_TEXT }))
        await scenario.shutDown()
      }
      await using scenario = await startScenario({ folder })
      expect(await failureOf(responsesOf(scenario, key).retrieve(id))).toMatchObject({ status: 404 })
    })
  })

  test('is kept all the same where the file says so, and nowhere where it says that', async () => {
    const keeping = (keep: string) => (baseUrl: string) => ({ models: { ...sameWire(baseUrl).models, responses: { keep } } })
    await using durable = await startScenario({ config: keeping('durable') })
    durable.upstream.answer(wholeReply({ body: theirs('resp_1', 'Ada.') }))
    await responsesOf(durable, durable.key).create({ model: 'mini', input: SECRET_TEXT })
    expect(standsOnDisk(durable.folder, SECRET_TEXT)).toBe(true)
    await using off = await startScenario({ config: keeping('off') })
    off.upstream.answer(wholeReply({ body: theirs('resp_1', 'Ada.') }))
    const { id } = await responsesOf(off, off.key).create({ model: 'mini', input: 'Who?' })
    expect(await failureOf(responsesOf(off, off.key).retrieve(id))).toMatchObject({ status: 404 })
  })
})

test('what a provider of the same wire keeps is asked of it after a restart, with its key, by whom it belongs to', async () => {
  await inFolder(async (folder) => {
    let key = ''
    {
      await using scenario = await startScenario({ folder, config: sameWire })
      scenario.upstream.answer(wholeReply({ body: theirs('resp_1', 'Ada.') }))
      key = scenario.key
      expect(await responsesOf(scenario, key).create({ model: 'mini', input: SECRET_TEXT })).toMatchObject({ id: 'resp_1' })
      await scenario.shutDown()
    }
    await using scenario = await startScenario({ folder, config: sameWire })
    const { upstream } = scenario
    upstream.answer(wholeReply({ body: theirs('resp_1', 'Ada.') }))
    const responses = responsesOf(scenario, key)
    expect((await responses.retrieve('resp_1')).output_text).toBe('Ada.')
    expect(upstream.requests.at(-1)).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1' })
    expect(upstream.requests.at(-1)?.header('authorization')).toBe(`Bearer ${FAKE_PROVIDER_KEY}`)
    await responses.inputItems.list('resp_1', { limit: 5 })
    expect(upstream.requests.at(-1)?.path).toBe('/v1/responses/resp_1/input_items?limit=5')
    await responses.create({ model: 'mini', input: 'When?', previous_response_id: 'resp_1' })
    expect(upstream.requests.at(-1)?.jsonObject()).toMatchObject({ previous_response_id: 'resp_1' })
    const before = upstream.requests.length
    const stranger = responsesOf(scenario, scenario.key)
    expect(await failureOf(stranger.retrieve('resp_1'))).toMatchObject({ status: 404 })
    expect(await failureOf(stranger.delete('resp_1'))).toMatchObject({ status: 404 })
    expect(await failureOf(stranger.create({ model: 'mini', input: 'And?', previous_response_id: 'resp_1' }))).toMatchObject({
      status: 400,
    })
    expect(upstream.requests).toHaveLength(before)
    upstream.answer(wholeReply({ body: { id: 'resp_1', object: 'response', deleted: true } }))
    await responses.delete('resp_1')
    expect(upstream.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/responses/resp_1' })
    expect(await failureOf(responses.retrieve('resp_1'))).toMatchObject({ status: 404 })
  })
})

if (POSTGRES_URL !== undefined) {
  const server = POSTGRES_URL
  test('two gateways on one database share what is kept: one continues what the other told', async () => {
    const schema = await newSchema(server)
    await inFolder(async (folder) => {
      const secret = join(folder, 'secret')
      writeFileSync(secret, '5f'.repeat(32), { mode: 0o600 })
      const config = { ...DURABLE, storage: schema.url, secret: `file:${secret}`, access: { teams: { support: {} } } }
      await using first = await startScenario({ config })
      await using second = await startScenario({ config })
      first.upstream.answer(chatAnswer({ content: 'Ada.' }))
      second.upstream.answer(chatAnswer({ content: 'In 1843.' }))
      // The second gateway was started later: it has read the key of the first.
      const { id } = await responsesOf(first, first.key).create({ model: 'mini', input: 'Who?' })
      const there = responsesOf(second, first.key)
      expect((await there.retrieve(id)).output_text).toBe('Ada.')
      await there.create({ model: 'mini', input: 'When?', previous_response_id: id })
      expect(second.upstream.requests.at(-1)?.jsonObject().messages).toMatchObject([
        { content: 'Who?' },
        { content: 'Ada.' },
        { content: 'When?' },
      ])
      await there.delete(id)
      expect(await failureOf(responsesOf(first, first.key).retrieve(id))).toMatchObject({ status: 404 })
    })
    await schema.drop()
  })
}
