import { expect, test } from 'bun:test'
import { openTestControl, TEST_ADMIN_KEY } from '../../testing/open-test-control.ts'
import type { ControlApi } from './index.ts'

async function answer(api: ControlApi, path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}) {
  const response = await api.fetch(new Request(`http://127.0.0.1:4001${path}`, { ...init, headers }))
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const ADMIN = { authorization: `Bearer ${TEST_ADMIN_KEY}` }

test('every path under /api needs the admin key, known or not', async () => {
  const { api } = openTestControl()
  for (const path of ['/api/v1/keys', '/api/v1/status', '/api/v1/nothing', '/api/openapi.json', '/api']) {
    const { status, headers, body } = await answer(api, path)
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toBe('Bearer')
    expect(JSON.parse(body)).toEqual({
      error: {
        code: 'unauthenticated',
        message: 'No admin key was sent. Send it as "Authorization: Bearer …"; it stands in the file admin-key in the data folder.',
        source: 'caller',
        request_id: headers.get('x-signalbox-request-id'),
      },
    })
  }
})

test.each(['Bearer wrong', `Bearer ${TEST_ADMIN_KEY}x`, `Bearer ${TEST_ADMIN_KEY.slice(0, -1)}`, `Basic ${TEST_ADMIN_KEY}`, 'Bearer'])(
  '"%s" is not the admin key',
  async (authorization) => {
    const { api } = openTestControl()
    expect((await answer(api, '/api/v1/keys', { authorization })).status).toBe(401)
  },
)

test('probes are open; metrics only where that is wanted', async () => {
  const open = openTestControl().api
  expect((await answer(open, '/livez')).body).toBe('{"alive":true}')
  expect((await answer(open, '/readyz')).status).toBe(200)
  const metrics = await answer(open, '/metrics')
  expect(metrics.body).toBe('signalbox_calls_total 0\n')
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const closed = openTestControl({ openMetrics: false }).api
  expect((await answer(closed, '/metrics')).status).toBe(401)
  expect((await answer(closed, '/metrics', ADMIN)).status).toBe(200)
  expect((await answer(closed, '/livez')).status).toBe(200)
})

test('what is not ready is named, with 503', async () => {
  const checks = [
    { name: 'store', ok: true },
    { name: 'log', ok: false, detail: 'The disk is full.' },
  ]
  const { status, body } = await answer(openTestControl({ readiness: () => ({ ready: false, checks }) }).api, '/readyz')
  expect(status).toBe(503)
  expect(JSON.parse(body)).toEqual({ ready: false, checks })
})

test.each(['127.0.0.1:4001', 'localhost:4001', 'LOCALHOST', '[::1]:4001', '10.0.0.7', 'box.internal:4001'])(
  'the host %s is answered',
  async (host) => {
    expect((await answer(openTestControl({ hosts: ['box.internal'] }).api, '/livez', { host })).status).toBe(200)
  },
)

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:4001', 'x', ''])('the host "%s" is refused', async (host) => {
  const { status, body } = await answer(openTestControl().api, '/api/v1/keys', { ...ADMIN, host })
  expect(status).toBe(403)
  expect(JSON.parse(body).error.message).toStartWith('The control port does not answer to the name "')
})

test('beyond loopback every name is answered, since it may be one of a cluster', async () => {
  expect((await answer(openTestControl({ hosts: 'any' }).api, '/livez', { host: 'signalbox.default.svc:4001' })).status).toBe(200)
})

test.each([
  ['http://127.0.0.1:4001', 200],
  ['http://127.0.0.1:4002', 403],
  ['https://evil.example', 403],
  ['null', 403],
])('a page of the origin %s gets %d', async (origin, status) => {
  const { api } = openTestControl()
  expect((await answer(api, '/api/v1/keys', { ...ADMIN, origin, host: '127.0.0.1:4001' })).status).toBe(status)
})

test('an unknown path is 404 and a wrong method 405, in the shape of every error', async () => {
  const { api } = openTestControl()
  const unknown = await answer(api, '/api/v2/keys', ADMIN)
  expect(unknown.status).toBe(404)
  expect(JSON.parse(unknown.body).error).toMatchObject({
    code: 'not_found',
    message: 'There is nothing at /api/v2/keys. GET /api/openapi.json lists what the control API answers.',
  })
  const call = await answer(api, '/v1/chat/completions', ADMIN)
  expect(JSON.parse(call.body).error.message).toBe(
    'There is nothing at /v1/chat/completions. Calls go to the data port (`listen.data`); this is the control port. GET /api/openapi.json lists what the control API answers.',
  )
  const wrong = await answer(api, '/api/v1/keys', ADMIN, { method: 'PUT' })
  expect(wrong.status).toBe(405)
  expect(wrong.headers.get('allow')).toBe('GET, POST')
  expect(JSON.parse(wrong.body).error.message).toBe('/api/v1/keys takes GET, POST, not PUT.')
})

test('bodies are bounded, and JSON', async () => {
  const { api } = openTestControl()
  const post = (body: string, headers = {}) => answer(api, '/api/v1/keys', { ...ADMIN, ...headers }, { method: 'POST', body })
  expect((await post(`{"team":"${'x'.repeat(1_000_000)}"}`)).status).toBe(413)
  expect(JSON.parse((await post('{"team":')).body).error.code).toBe('invalid_json')
  const form = await post('team=support', { 'content-type': 'application/x-www-form-urlencoded' })
  expect(JSON.parse(form.body).error).toMatchObject({
    code: 'unsupported_media_type',
    message: 'The body must be JSON (application/json), not application/x-www-form-urlencoded: send Content-Type: application/json.',
  })
  expect((await post('{"team":"support"}', { 'content-type': 'text/plain' })).status).toBe(201)
})

test('a body that never ends is given up', async () => {
  const { api, world } = openTestControl()
  const body = new ReadableStream({ pull: () => new Promise(() => {}) })
  const pending = answer(api, '/api/v1/keys', ADMIN, { method: 'POST', body })
  await world.advance(10_000)
  expect((await pending).status).toBe(408)
})

test('a fault of ours is 500 without its cause, which is reported', async () => {
  const control = openTestControl({
    verify: async () => {
      throw new Error('the disk at /secret/path fell off')
    },
  })
  const response = await control.send('GET', '/api/v1/verify')
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('/secret/path')
  expect(control.faults).toEqual([new Error('the disk at /secret/path fell off')])
})
