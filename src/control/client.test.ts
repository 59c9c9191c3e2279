import { expect, test } from 'bun:test'
import { openTestControl } from '../testing/open-test-control.ts'
import { testClient } from '../testing/run-cli.ts'
import { ControlError, createControlClient } from './client.ts'

async function errorOf(pending: Promise<unknown>): Promise<ControlError> {
  const thrown = await pending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(thrown instanceof ControlError)) throw new Error(`Expected a ControlError, got ${thrown}`)
  return thrown
}

function clientOf(answer: () => Response | Promise<Response>) {
  return createControlClient({ url: 'http://127.0.0.1:4001/', adminKey: 'k', fetch: async () => answer() })
}

test('what the API refuses is a readable message with its code and request id', async () => {
  const error = await errorOf(testClient(openTestControl()).showKey('a/b'))
  expect(error).toMatchObject({ code: 'not_found', message: 'There is no key "a/b". `signalbox keys list` shows those there are.' })
  expect(error.requestId).toMatch(/^req_/)
})

test('a wrong admin key is said to be one', async () => {
  const error = await errorOf(testClient(openTestControl(), 'wrong').showStatus())
  expect(error.code).toBe('unauthenticated')
  expect(error.message).toStartWith('This is not the admin key.')
})

test('an admin key of another folder is said to be that', async () => {
  const { api } = openTestControl()
  const options = { url: 'http://localhost', adminKey: 'wrong', keyFrom: '/srv/data/admin-key' }
  const client = createControlClient({ ...options, fetch: (request) => api.fetch(request) })
  expect((await errorOf(client.showStatus())).message).toBe(
    'The gateway at http://localhost does not know the admin key of /srv/data/admin-key: it is another gateway, with a data folder of its own. Name its file with --config, or stop it.',
  )
})

test('whoever asks for TLS where none is spoken is told so', async () => {
  const client = createControlClient({
    url: 'https://127.0.0.1:4001',
    adminKey: 'k',
    fetch: () => Promise.reject(new Error('wrong version number')),
  })
  expect(await errorOf(client.showStatus())).toMatchObject({
    code: 'unreachable',
    message: 'No gateway answers at https://127.0.0.1:4001. Is it running? A gateway speaks http, unless something before it speaks TLS.',
  })
})

test('nobody there, and somebody else there, are told apart', async () => {
  const refused = new Error('ECONNREFUSED')
  const nobody = await errorOf(clientOf(() => Promise.reject(refused)).showStatus())
  expect(nobody).toMatchObject({
    code: 'unreachable',
    message: 'No gateway answers at http://127.0.0.1:4001/. Is it running?',
    cause: refused,
  })
  const pages = [
    new Response('<html>', { status: 200 }),
    new Response('{}', { status: 404 }),
    new Response(null, { status: 302, headers: { location: '/' } }),
  ]
  for (const page of pages) {
    const error = await errorOf(clientOf(() => page).listKeys({}))
    expect(error.code).toBe('not_signalbox')
    expect(error.message).toBe(`What answers at http://127.0.0.1:4001/ is not a Signalbox control port (status ${page.status}).`)
  }
})

test('the path of a URL is kept, and the key goes in the header alone', async () => {
  const sent: Request[] = []
  const client = createControlClient({
    url: 'https://ops.example/signalbox/',
    adminKey: 'k',
    fetch: async (request) => {
      sent.push(request)
      return new Response('{"keys":[]}', { headers: { 'x-signalbox-request-id': 'req_1' } })
    },
  })
  expect(await client.listKeys({ team: 'a&b', state: undefined })).toEqual([])
  expect(sent.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
    ['https://ops.example/signalbox/api/v1/keys?team=a%26b', 'Bearer k'],
  ])
})
