import { expect, test } from 'bun:test'
import type { StoredBody } from '../../core/ports.ts'
import { openTestControl, readAnswer, type TestControl } from '../../testing/open-test-control.ts'

function keep(control: TestControl, body: Partial<StoredBody> & { readonly id: string }): void {
  control.store.bodies.put({
    ...{ callId: 'call_1', kind: 'request', atMs: control.world.now(), isRedacted: false, isTruncated: false, owner: { team: 'support' } },
    ...{ mediaType: 'application/json', bytes: new TextEncoder().encode('{"model":"mini"}') },
    ...body,
  })
}

test('the status says how the gateway is', async () => {
  const checks = [{ name: 'log', ok: true }]
  const control = openTestControl({
    configStatus: () => ({ revision: 'abc123', loadedAtMs: Date.UTC(2026, 10, 21), lastProblems: ['signalbox.yaml:3:1 unknown key'] }),
  })
  expect<unknown>(await readAnswer(control.send('GET', '/api/v1/status'))).toEqual({
    status: 200,
    body: {
      ready: true,
      checks,
      version: '0.0.0-test',
      startedAt: '2026-11-21T12:00:00.000Z',
      config: { revision: 'abc123', loadedAt: '2026-11-21T00:00:00.000Z', problems: ['signalbox.yaml:3:1 unknown key'] },
      log: { isWritable: true, end: expect.stringMatching(/^\d+\.\d+$/) },
      keys: 0,
      liveCalls: 0,
      droppedBodies: 0,
    },
  })
})

test('a reload answers with the configuration in force, or why it was refused', async () => {
  expect<unknown>(await readAnswer(openTestControl().send('POST', '/api/v1/reload'))).toMatchObject({
    status: 200,
    body: { revision: 'abc123', problems: [] },
  })
  const bad = openTestControl({
    reload: async () => ({ revision: 'abc123', loadedAtMs: 0, lastProblems: ['a.yaml:1:1 x', 'a.yaml:2:1 y'] }),
  })
  expect<unknown>(await readAnswer(bad.send('POST', '/api/v1/reload'))).toMatchObject({
    status: 409,
    body: {
      error: {
        code: 'conflict',
        message: 'The configuration was not loaded; revision abc123 stays in force.\na.yaml:1:1 x\na.yaml:2:1 y',
      },
    },
  })
})

test('the log is verified', async () => {
  const good = await readAnswer(openTestControl().send('GET', '/api/v1/verify'))
  expect<unknown>(good.body).toMatchObject({ ok: true, lastHash: expect.stringMatching(/^[0-9a-f]*$/) })
  const broken = openTestControl({ verify: async () => ({ type: 'broken', batch: 7, reason: 'its hash is another' }) })
  expect<unknown>(await readAnswer(broken.send('GET', '/api/v1/verify'))).toEqual({
    status: 200,
    body: { ok: false, brokenBatch: 7, reason: 'its hash is another' },
  })
})

test('a body is shown as text where it is text', async () => {
  const control = openTestControl()
  keep(control, { id: 'body_1' })
  keep(control, { id: 'body_2', bytes: Uint8Array.of(0xff, 0x00), mediaType: 'audio/mpeg', isTruncated: true })
  expect<unknown>((await readAnswer(control.send('GET', '/api/v1/bodies/body_1'))).body).toEqual({
    ...{ id: 'body_1', callId: 'call_1', kind: 'request', at: '2026-11-21T12:00:00.000Z', isRedacted: false, isTruncated: false },
    ...{ mediaType: 'application/json', sizeBytes: 16, text: '{"model":"mini"}' },
  })
  expect<unknown>((await readAnswer(control.send('GET', '/api/v1/bodies/body_2'))).body).toMatchObject({
    isTruncated: true,
    base64: '/wA=',
  })
  expect<unknown>(await readAnswer(control.send('GET', '/api/v1/bodies/body_3'))).toMatchObject({
    status: 404,
    body: { error: { message: 'There is no body "body_3": it was never kept, was erased, or is past its retention.' } },
  })
})

test('bodies are erased by whose they are and how old, and the log says so', async () => {
  const control = openTestControl()
  keep(control, { id: 'body_1', owner: { team: 'support', user: 'ada' } })
  keep(control, { id: 'body_2', owner: { team: 'support', user: 'bob' } })
  keep(control, { id: 'body_3', owner: { team: 'support', user: 'ada' }, atMs: control.world.now() - 90 * 86_400_000 })
  const erase = (body: object) => readAnswer(control.send('POST', '/api/v1/bodies/erase', body))
  expect<unknown>(await erase({ user: 'ada', before: '30d' })).toEqual({ status: 200, body: { erased: 1 } })
  expect<unknown>(await erase({ team: 'support', user: 'ada' })).toEqual({ status: 200, body: { erased: 1 } })
  expect((await control.send('GET', '/api/v1/bodies/body_2')).status).toBe(200)
  await control.world.settle()
  const events = await control.store.reader.read({ order: 'oldest-first', limit: 10, matches: ({ type }) => type === 'body.erased' })
  expect(events.map(({ event }) => event)).toEqual([
    {
      type: 'body.erased',
      atMs: control.world.now(),
      by: 'admin',
      bodies: 1,
      where: 'user = ada and kept before 2026-10-22T12:00:00.000Z',
    },
    { type: 'body.erased', atMs: control.world.now(), by: 'admin', bodies: 1, where: 'team = support and user = ada' },
  ])
})

test.each([
  [{}, 'Nothing says what to erase. Give callId, team, user, keyId or before.'],
  [{ usr: 'ada' }, 'usr is not known here; did you mean "user"?'],
  [{ user: '' }, 'user is empty.'],
  [
    { before: 'x' },
    'before is "x"; write a date (2026-11-21), a time (2026-11-21T12:00:00Z) or how long ago (24h); UTC where no zone is given.',
  ],
])('erasing %j is refused', async (body, message) => {
  const control = openTestControl()
  keep(control, { id: 'body_1' })
  expect<unknown>(await readAnswer(control.send('POST', '/api/v1/bodies/erase', body))).toMatchObject({
    status: 400,
    body: { error: { message } },
  })
  expect((await control.send('GET', '/api/v1/bodies/body_1')).status).toBe(200)
})

test('nothing is erased or shown that cannot be recorded', async () => {
  const control = openTestControl()
  keep(control, { id: 'body_1' })
  control.store.journal.failure = new Error('disk full')
  await control.store.log.append({ type: 'writer.stopped', atMs: 0, epoch: 1 }).catch(() => {})
  expect((await control.send('POST', '/api/v1/bodies/erase', { team: 'support' })).status).toBe(503)
  expect((await control.send('GET', '/api/v1/bodies/body_1')).status).toBe(503)
  expect(await control.store.bodies.get('body_1')).toBeDefined()
})
