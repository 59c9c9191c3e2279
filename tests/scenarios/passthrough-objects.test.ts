import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { chatAnswer, errorReply, streamReply } from '../../src/testing/fake-upstream.ts'
import { FAKE_PROVIDER_KEY, type Scenario, startScenario } from '../../src/testing/scenario.ts'
import { ask, expectError } from './ask.ts'
import { keepingProvider } from './keeping-provider.ts'

const collection = (path: string) => [`POST ${path}`, `GET ${path}`, `GET ${path}/*`, `DELETE ${path}/*`]
const PATHS = ['/files', '/batches', '/responses', '/messages/batches', '/cachedContents'].flatMap(collection)

interface Settings {
  readonly wire?: string
  readonly version?: string
  readonly passthrough?: object
  readonly keys?: readonly string[]
}

function keeping({ wire = 'openai-chat', version = '/v1', passthrough = {}, keys = ['env:FAKE_PROVIDER_KEY'] }: Settings = {}) {
  return (baseUrl: string) => ({
    models: {
      providers: {
        fake: {
          ...{ wire, baseUrl: baseUrl.replace('/v1', version), apiKey: keys },
          passthrough: { paths: [...PATHS, 'GET /files/*/content', 'POST /images/edits'], usdPerCall: 0, ...passthrough },
        },
      },
    },
    access: { teams: { support: {}, search: {} } },
  })
}

async function startKeeping(settings: Settings = {}, folder?: string): Promise<Scenario> {
  const scenario = await startScenario({ config: keeping(settings), ...(folder === undefined ? {} : { folder }) })
  scenario.upstream.answer(keepingProvider())
  return scenario
}

const openai = ({ dataUrl }: Scenario, key: string) => new OpenAI({ apiKey: key, baseURL: `${dataUrl}/passthrough/fake`, maxRetries: 0 })
const FILE = () => new File(['{}\n'], 'a.jsonl')

async function statusOf(pending: PromiseLike<unknown>): Promise<unknown> {
  return pending.then(
    () => 'ok',
    (thrown: { readonly status?: number }) => thrown.status,
  )
}

async function idsOf(list: AsyncIterable<{ readonly id: string }>): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of list) ids.push(id)
  return ids
}

describe('what a caller stores at a provider', () => {
  test('is its own: the OpenAI client of another sees and reaches nothing of it, page by page', async () => {
    await using scenario = await startKeeping()
    const [mine, theirs] = [openai(scenario, scenario.key), openai(scenario, (await scenario.newKey()).key)]
    const upload = async (client: OpenAI) => (await client.files.create({ file: FILE(), purpose: 'batch' })).id
    // Pages of two: the second page has theirs alone.
    const ids = [
      await upload(mine),
      await upload(theirs),
      await upload(theirs),
      await upload(theirs),
      await upload(mine),
      await upload(theirs),
    ]
    const [first = '', , , , fifth = ''] = ids
    expect(await idsOf(mine.files.list())).toEqual([first, fifth])
    expect(await idsOf(theirs.files.list())).toEqual(ids.filter((id) => id !== first && id !== fifth))
    expect((await mine.files.retrieve(first)).id).toBe(first)
    expect(await statusOf(theirs.files.retrieve(first))).toBe(404)
    expect(await statusOf(theirs.files.content(first))).toBe(404)
    expect(await statusOf(theirs.files.delete(first))).toBe(404)
    expect(await statusOf(mine.files.retrieve('file-of-nobody'))).toBe(404)
    await mine.files.delete(first)
    expect(await idsOf(mine.files.list())).toEqual([fifth])
    const { key } = await scenario.newKey()
    expect(await idsOf(openai(scenario, key).files.list())).toEqual([])
  })

  test('cannot be named in the body of somebody else, and what is made of it is its owner’s too', async () => {
    await using scenario = await startKeeping()
    const [mine, theirs] = [openai(scenario, scenario.key), openai(scenario, (await scenario.newKey()).key)]
    const { id } = await mine.files.create({ file: FILE(), purpose: 'batch' })
    const batch = { input_file_id: id, endpoint: '/v1/responses', completion_window: '24h' } as const
    expect(await statusOf(theirs.batches.create(batch))).toBe(404)
    const made = await mine.batches.create(batch)
    expect(await statusOf(theirs.batches.retrieve(made.id))).toBe(404)
    const output = (await mine.batches.retrieve(made.id)).output_file_id ?? ''
    expect(await statusOf(theirs.files.content(output))).toBe(404)
    // The provider of this test made no such file: that it is asked shows whose it is.
    const before = scenario.upstream.requests.length
    expect(await statusOf(mine.files.content(output))).toBe(404)
    expect(scenario.upstream.requests).toHaveLength(before + 1)
    const response = await mine.responses.create({ model: 'm', input: 'x' })
    expect(await statusOf(theirs.responses.create({ model: 'm', input: 'x', previous_response_id: response.id }))).toBe(404)
    const unkept = await mine.responses.create({ model: 'm', input: 'x', store: false })
    expect(await statusOf(mine.responses.retrieve(unkept.id))).toBe(404)
  })

  test('cannot be named in a line of a batch, or a field of a form, of somebody else', async () => {
    await using scenario = await startKeeping()
    const [mine, theirs] = [openai(scenario, scenario.key), openai(scenario, (await scenario.newKey()).key)]
    const { id } = await mine.files.create({ file: FILE(), purpose: 'user_data' })
    const line = (file_id: string) => `{"custom_id":"1","body":{"input":[{"content":[{"type":"input_file","file_id":"${file_id}"}]}]}}\n`
    const upload = (client: OpenAI, lines: string) =>
      statusOf(client.files.create({ file: new File([lines], 'a.jsonl'), purpose: 'batch' }))
    const made = async () => (await idsOf(mine.files.list())).length + (await idsOf(theirs.files.list())).length
    const [escaped, much] = [`\\u0066${id.slice(1)}`, '{}\n'.repeat(200_000)]
    const refused = [line(id), line(escaped), `${much}${line(id)}`, `${line(id)}${much}`]
    for (const lines of refused) expect(await upload(theirs, lines)).toBe(404)
    const many = Array.from({ length: 1001 }, (_, at) => line(`file-of-nobody-${at}`)).join('')
    expect(await upload(theirs, many)).toBe(400)
    expect(await made()).toBe(1)
    for (const lines of [line(id), `${much}${line(id)}`]) expect(await upload(mine, lines)).toBe('ok')
    expect(await upload(theirs, line('file-of-the-operator'))).toBe('ok')
    expect(await made()).toBe(4)
    const { key } = await scenario.newKey()
    const headers = { 'content-type': 'application/json' }
    const asked = { method: 'POST', path: '/passthrough/fake/files', headers, body: `${line(id)}${line(id)}` } as const
    expectError(await ask(scenario, { key, ...asked }), 404, 'not_found')
  })

  test('cannot be named in a call of a model by somebody else', async () => {
    await using scenario = await startScenario({
      config: (baseUrl) => {
        const { models, access } = keeping()(baseUrl)
        return { models: { ...models, models: [{ name: 'mini', provider: 'fake', id: 'fake-model' }] }, access }
      },
    })
    scenario.upstream.answer(keepingProvider())
    const { id } = await openai(scenario, scenario.key).files.create({ file: FILE(), purpose: 'user_data' })
    const naming = (file_id: string) => ({ model: 'mini', messages: [{ role: 'user', content: [{ type: 'file', file: { file_id } }] }] })
    const { key } = await scenario.newKey()
    scenario.upstream.answer(chatAnswer({ content: 'Read.' }))
    const before = scenario.upstream.requests.length
    expectError(await ask(scenario, { key, body: naming(id) }), 404, 'not_found')
    expect(scenario.upstream.requests).toHaveLength(before)
    expect((await ask(scenario, { body: naming(id) })).status).toBe(200)
    expect((await ask(scenario, { key, body: naming('file-of-the-operator') })).status).toBe(200)
    expect(scenario.upstream.requests).toHaveLength(before + 2)
  })

  test('is the team’s where the file says so', async () => {
    await using scenario = await startKeeping({ passthrough: { ownedBy: 'team' } })
    const { id } = await openai(scenario, scenario.key).files.create({ file: FILE(), purpose: 'batch' })
    const [colleague, stranger] = [await scenario.newKey(), await scenario.newKey({ team: 'search' })]
    expect((await openai(scenario, colleague.key).files.retrieve(id)).id).toBe(id)
    expect(await statusOf(openai(scenario, stranger.key).files.retrieve(id))).toBe(404)
  })

  test('stays its own over a restart, and an erasure of bodies', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-objects-'))
    try {
      let [id, key] = ['', '']
      const provider = keepingProvider()
      {
        await using scenario = await startKeeping({}, folder)
        scenario.upstream.answer(provider)
        key = scenario.key
        ;({ id } = await openai(scenario, key).files.create({ file: FILE(), purpose: 'batch' }))
        await scenario.control('POST', '/api/v1/bodies/erase', { team: 'support' })
        await scenario.shutDown()
      }
      await using scenario = await startKeeping({}, folder)
      scenario.upstream.answer(provider)
      expect((await openai(scenario, key).files.retrieve(id)).id).toBe(id)
      expect(await statusOf(openai(scenario, scenario.key).files.retrieve(id))).toBe(404)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('made by a stream is its own from the first piece that names it', async () => {
    await using scenario = await startKeeping()
    const frames = ['{"type":"response.created","response":{"id":"resp_9","object":"response"}}', '{"type":"response.completed"}']
    scenario.upstream.answer(streamReply({ frames: frames.map((data) => `data: ${data}\n\n`) }))
    const body = { model: 'm', input: 'x', stream: true }
    expect((await ask(scenario, { path: '/passthrough/fake/responses', body })).status).toBe(200)
    scenario.upstream.answer(keepingProvider())
    const { key } = await scenario.newKey()
    const before = scenario.upstream.requests.length
    expect(await statusOf(openai(scenario, key).responses.retrieve('resp_9'))).toBe(404)
    expect(scenario.upstream.requests).toHaveLength(before)
    await statusOf(openai(scenario, scenario.key).responses.retrieve('resp_9'))
    expect(scenario.upstream.requests.at(-1)?.path).toBe('/v1/responses/resp_9')
  })

  test('is its own with the Anthropic client, which writes the version itself', async () => {
    await using scenario = await startKeeping({ wire: 'anthropic-messages' })
    const clientOf = (apiKey: string) =>
      new Anthropic({ apiKey, baseURL: `${scenario.dataUrl}/passthrough/fake`, maxRetries: 0 }).messages.batches
    const [mine, theirs] = [clientOf(scenario.key), clientOf((await scenario.newKey()).key)]
    const { id: others } = await theirs.create({ requests: [] })
    const { id } = await mine.create({ requests: [] })
    expect(scenario.upstream.requests[0]).toMatchObject({ method: 'POST', path: '/v1/messages/batches' })
    expect(await idsOf(mine.list())).toEqual([id])
    expect((await mine.retrieve(id)).id).toBe(id)
    expect(await statusOf(mine.retrieve(others))).toBe(404)
    expect(await statusOf(theirs.delete(id))).toBe(404)
  })

  test('is its own with the client of Gemini', async () => {
    await using scenario = await startKeeping({ wire: 'gemini', version: '/v1beta' })
    const clientOf = (apiKey: string) =>
      new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${scenario.dataUrl}/passthrough/fake` } }).caches
    const [mine, theirs] = [clientOf(scenario.key), clientOf((await scenario.newKey()).key)]
    for (let count = 0; count < 3; count++) await theirs.create({ model: 'm', config: { contents: 'x' } })
    const { name = '' } = await mine.create({ model: 'm', config: { contents: 'x' } })
    const names: (string | undefined)[] = []
    for await (const cached of await mine.list()) names.push(cached.name)
    expect(names).toEqual([name])
    expect((await mine.get({ name })).name).toBe(name)
    expect(await statusOf(theirs.get({ name }))).toBe(404)
    expect(await statusOf(theirs.delete({ name }))).toBe(404)
  })
})

describe('several keys', () => {
  /** A folder with a second key, and its content. */
  async function withSecondKey(run: (keys: readonly string[], second: string) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-keys-'))
    const second = 'sk-second-key-of-the-provider'
    writeFileSync(join(folder, 'second'), second, { mode: 0o600 })
    try {
      await run(['env:FAKE_PROVIDER_KEY', `file:${join(folder, 'second')}`], second)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('take turns where one is at its limit or refused, and an object is reached with the key that made it', async () => {
    await withSecondKey(async (keys, second) => {
      await using scenario = await startKeeping({ keys })
      const keysSent = () => scenario.upstream.requests.map((request) => request.header('authorization')?.slice('Bearer '.length))
      scenario.upstream.queue(errorReply({ status: 429, retryAfter: 60 }))
      const body = { input: 'x', model: 'm' }
      const made = await ask(scenario, { path: '/passthrough/fake/responses', body })
      expect([made.status, made.headers.get('x-signalbox-attempts')]).toEqual([200, '2'])
      expect(keysSent()).toEqual([FAKE_PROVIDER_KEY, second])
      const id = String(made.json.id)
      expect((await ask(scenario, { method: 'GET', path: `/passthrough/fake/responses/${id}` })).status).toBe(200)
      expect(keysSent().at(-1)).toBe(second)
      // What the caller makes next goes where the rest of it is.
      await ask(scenario, { path: '/passthrough/fake/responses', body })
      expect(keysSent().at(-1)).toBe(second)
    })
  })

  test('rest for everybody: without one that is ready the call is refused, with the time to wait', async () => {
    await withSecondKey(async (keys) => {
      await using scenario = await startKeeping({ keys })
      scenario.upstream.answer(errorReply({ status: 429, retryAfter: 60 }))
      const edit = { path: '/passthrough/fake/images/edits', body: { prompt: 'x' } }
      expectError(await ask(scenario, edit), 429, 'provider_rate_limited')
      expect(scenario.upstream.requests).toHaveLength(2)
      const refused = await ask(scenario, edit)
      expectError(refused, 429, 'provider_rate_limited')
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
      expect(scenario.upstream.requests).toHaveLength(2)
    })
  })

  test('that are gone take what was made with them along', async () => {
    await withSecondKey(async (keys) => {
      await using scenario = await startKeeping({ keys })
      const { id } = await openai(scenario, scenario.key).files.create({ file: FILE(), purpose: 'batch' })
      await scenario.reconfigure(keeping({ keys: keys.slice(1) })(scenario.upstream.baseUrl))
      const reply = await ask(scenario, { method: 'GET', path: `/passthrough/fake/files/${id}` })
      expect(expectError(reply, 404, 'not_found').message).toContain('not configured any more')
    })
  })
})
