import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControlError } from '../control/client.ts'
import { type HttpServer, serveHttp } from '../platform/serve-http.ts'
import { realWorld } from '../platform/world.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { openTestControl, TEST_ADMIN_KEY } from '../testing/open-test-control.ts'
import { findPlace, PlaceError } from './gateway-place.ts'
import { type ReachRequest, reachGateway } from './reach-gateway.ts'

let folder = ''
let servers: HttpServer[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-reach-'))
  servers = []
})

afterEach(async () => {
  for (const server of servers) await server.stop({ force: true })
  rmSync(folder, { recursive: true, force: true })
})

/** A control API behind a socket of its own. */
function startControl(): HttpServer {
  const { api } = openTestControl()
  const server = serveHttp({ host: '127.0.0.1', port: 0, maxBodyBytes: 1_000_000, fetch: (request) => api.fetch(request) })
  servers.push(server)
  return server
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = serveHttp({ host: '127.0.0.1', port: 0, maxBodyBytes: 1, fetch: async () => new Response() })
  await server.stop({ force: true })
  return server.port
}

function writeConfig(controlPort: number, more = ''): void {
  writeFileSync(
    join(folder, 'signalbox.yaml'),
    `listen: { control: "127.0.0.1:${controlPort}" }
storage: sqlite:./store
secret: file:./store/secret
models:
  providers: { openai: { apiKey: env:A_KEY_THAT_IS_NOT_SET } }
  models: [ { name: mini, provider: openai, id: gpt } ]
access: { teams: { support: { labels: { cost: a1 } } } }
${more}`,
  )
}

function writeAdminKey(key: string): void {
  mkdirSync(join(folder, 'store'), { mode: 0o700 })
  writeFileSync(join(folder, 'store', 'admin-key'), `${key}\n`, { mode: 0o600 })
}

function reach(more: Partial<ReachRequest> = {}) {
  const said: string[] = []
  const pending = reachGateway({
    configFile: undefined,
    cwd: folder,
    env: {},
    offline: 'never',
    say: (text) => void said.push(text),
    ...more,
  })
  return pending.then((reached) => ({ ...reached, said }))
}

async function refusalOf(pending: Promise<unknown>): Promise<Error> {
  const thrown = await pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(thrown instanceof Error)) throw new Error('Expected a refusal.')
  return thrown
}

test('a gateway that runs is found through the configuration, with the admin key of its folder', async () => {
  writeConfig(startControl().port)
  writeAdminKey(TEST_ADMIN_KEY)
  const { client, isRunning, said, close } = await reach({ offline: 'change' })
  expect(isRunning).toBe(true)
  expect((await client.showStatus()).version).toBe('0.0.0-test')
  expect((await client.createKey({ team: 'support' })).key).toStartWith('sb_')
  expect(said).toEqual([])
  await close()
  expect(readdirSync(join(folder, 'store'))).toEqual(['admin-key'])
})

test('SIGNALBOX_URL and SIGNALBOX_ADMIN_KEY reach any gateway, without a file', async () => {
  const env = { SIGNALBOX_URL: `http://localhost:${startControl().port}`, SIGNALBOX_ADMIN_KEY: TEST_ADMIN_KEY }
  const { client } = await reach({ env, configFile: 'nothing.yaml' })
  expect((await client.showStatus()).ready).toBe(true)
  expect(await refusalOf(reach({ env: { SIGNALBOX_URL: env.SIGNALBOX_URL } }))).toEqual(
    new PlaceError('SIGNALBOX_URL is set, but SIGNALBOX_ADMIN_KEY is not. It holds the admin key of that gateway.'),
  )
  expect((await refusalOf(reach({ env: { ...env, SIGNALBOX_URL: 'localhost:4001' } }))).message).toBe(
    'SIGNALBOX_URL is not an http or https URL: localhost:4001',
  )
})

test('a gateway that SIGNALBOX_URL names, and that does not answer, is never replaced by a folder', async () => {
  writeConfig(await freePort())
  const env = { SIGNALBOX_URL: `http://127.0.0.1:${await freePort()}`, SIGNALBOX_ADMIN_KEY: 'k' }
  const { client } = await reach({ env, offline: 'change' })
  expect(await refusalOf(client.listKeys({}))).toMatchObject({ code: 'unreachable' })
  expect(existsSync(join(folder, 'store'))).toBe(false)
})

test('an admin key that is not there, or that others can read, is a matter of the place', async () => {
  const { port } = startControl()
  writeConfig(port)
  expect(await refusalOf(reach())).toEqual(
    new PlaceError(
      `Something answers at http://127.0.0.1:${port}, but there is no admin key at ${join(folder, 'store', 'admin-key')}. Name the right file with --config.`,
    ),
  )
  writeAdminKey(TEST_ADMIN_KEY)
  chmodSync(join(folder, 'store', 'admin-key'), 0o644)
  const loose = await refusalOf(reach())
  expect(loose).toBeInstanceOf(PlaceError)
  expect(loose.message).toContain('can be read by others (mode 0644). Run: chmod 600')
})

test('a key that was made without a gateway is there for the next one, and its making is in the log', async () => {
  const port = await freePort()
  writeConfig(port)
  const first = await reach({ offline: 'change' })
  expect(first.isRunning).toBe(false)
  expect(first.said).toEqual([`The gateway is not running at http://127.0.0.1:${port}; using its data folder ${join(folder, 'store')}.\n`])
  const created = await first.client.createKey({ team: 'support' })
  expect(await refusalOf(first.client.createKey({ team: 'suport' }))).toMatchObject({ code: 'invalid_request' })
  expect((await refusalOf(first.client.createKey({ team: 'support', models: ['mimi'] }))).message).toContain('did you mean "mini"?')
  await first.close()
  const second = await reach({ offline: 'read' })
  expect(second.said).toEqual([
    `The gateway is not running at http://127.0.0.1:${port}; reading its data folder ${join(folder, 'store')}.\n`,
  ])
  expect(await second.client.listKeys({})).toMatchObject([{ id: created.id, team: 'support', state: 'active' }])
  const { events } = await second.client.listEvents({ order: 'oldest-first' })
  expect(events.map(({ type }) => type)).toEqual(['writer.started', 'key.created', 'writer.stopped'])
  expect(await second.client.verify()).toMatchObject({ ok: true, events: 3 })
  expect(await second.client.sumSpend(['team'], {})).toEqual([])
  await second.close()
})

test('reading writes nothing, and refuses to change anything', async () => {
  writeConfig(await freePort())
  const writer = await reach({ offline: 'change' })
  const { id } = await writer.client.createKey({ team: 'support' })
  await writer.close()
  const { client, close } = await reach({ offline: 'read' })
  expect(await refusalOf(client.createKey({ team: 'support' }))).toMatchObject({ code: 'log_unavailable' })
  expect(await refusalOf(client.revokeKey(id))).toMatchObject({ code: 'conflict', message: 'The data folder was opened for reading only.' })
  expect(await refusalOf(client.reload())).toMatchObject({ code: 'conflict' })
  expect((await client.listEvents({})).events).toHaveLength(3)
  await close()
})

test('a folder that another process has is not changed', async () => {
  writeConfig(await freePort())
  const store = await openSqliteStore(join(folder, 'store'), {
    world: realWorld(),
    version: 'test',
    lastResort: () => {},
    report: () => {},
  })
  const refusal = await refusalOf(reach({ offline: 'change' }))
  expect(refusal).toMatchObject({ code: 'conflict' })
  expect(refusal.message).toContain('is in use by another Signalbox')
  const { client, close } = await reach({ offline: 'read' })
  expect(await client.listKeys({})).toEqual([])
  await close()
  await store.close()
})

test('without a gateway and without a folder there is nothing to ask', async () => {
  const port = await freePort()
  writeConfig(port)
  const read = await refusalOf(reach({ offline: 'read' }))
  expect(read).toBeInstanceOf(ControlError)
  expect(read).toMatchObject({ code: 'unreachable' })
  expect(read.message).toBe(
    `No gateway answers at http://127.0.0.1:${port}, and there is nothing in its data folder ${join(folder, 'store')} yet. Start it with \`signalbox serve\`, or name its file with --config.`,
  )
  expect(await refusalOf(reach())).toMatchObject({
    code: 'unreachable',
    message: `No gateway answers at http://127.0.0.1:${port}. Start it with \`signalbox serve\`.`,
  })
  expect(existsSync(join(folder, 'store'))).toBe(false)
})

test('a mistake elsewhere in the file does not hide a gateway that runs, but keeps the folder closed', async () => {
  const { port } = startControl()
  writeConfig(port, 'modles: {}\n')
  writeAdminKey(TEST_ADMIN_KEY)
  expect((await (await reach()).client.showStatus()).ready).toBe(true)
  writeConfig(await freePort(), 'modles: {}\n')
  const refusal = await refusalOf(reach({ offline: 'read' }))
  expect(refusal).toBeInstanceOf(PlaceError)
  expect(refusal.message).toMatch(
    /^signalbox\.yaml:\d+:1 modles: unknown key.*\nThe configuration has problems, so the store was not opened\.$/,
  )
})

test('a secret that stands in the environment must be there before a key is hashed with it', async () => {
  writeConfig(await freePort())
  const file = join(folder, 'env.yaml')
  writeFileSync(file, `listen: { control: "127.0.0.1:${await freePort()}" }\nsecret: env:BOX_SECRET\naccess: { teams: { a: {} } }\n`)
  const refusal = await refusalOf(reach({ configFile: 'env.yaml', offline: 'change' }))
  expect(refusal).toBeInstanceOf(PlaceError)
  expect(refusal.message).toStartWith('The environment variable BOX_SECRET is not set.')
  const { client, close } = await reach({ configFile: file, offline: 'change', env: { BOX_SECRET: 's' } })
  expect((await client.createKey({ team: 'a' })).id).toHaveLength(12)
  await close()
  expect(existsSync(join(folder, 'data', 'secret'))).toBe(false)
})

test('without a file the defaults of a first start hold', async () => {
  expect(findPlace({ configFile: undefined, cwd: folder })).toEqual({
    file: undefined,
    storage: 'sqlite',
    controlUrl: 'http://127.0.0.1:4001',
    dataFolder: join(folder, 'data'),
    adminKeyFile: join(folder, 'data', 'admin-key'),
  })
})

test.each([
  ['listen: { control: "0.0.0.0:5001" }', 'http://127.0.0.1:5001'],
  ['listen: { control: "[::]:5001" }', 'http://[::1]:5001'],
  ['listen: { control: "box.internal:5001" }', 'http://box.internal:5001'],
  ['listen:', 'http://127.0.0.1:4001'],
])('%s is reached at %s', (text, url) => {
  writeFileSync(join(folder, 'signalbox.yaml'), `${text}\n`)
  expect(findPlace({ configFile: undefined, cwd: folder }).controlUrl).toBe(url)
})

test.each([
  ['nothing.yaml', undefined, 'There is no file nothing.yaml.'],
  ['a.yaml', 'listen: [', 'The file a.yaml is not valid YAML; `signalbox check --config a.yaml` says where.'],
  ['a.yaml', 'storage: 5', 'What the configuration says under `storage` is not valid; `signalbox check` says what is wrong.'],
])('the file %s with %p does not say where the gateway is', (file, text, message) => {
  if (text !== undefined) writeFileSync(join(folder, file), text)
  expect(() => findPlace({ configFile: file, cwd: folder })).toThrow(new PlaceError(message))
})
