import { expect, test } from 'bun:test'
import { GatewayError } from '../../core/errors.ts'
import type { Event } from '../../core/events.ts'
import { openTestControl, readAnswer, type TestControl } from '../../testing/open-test-control.ts'
import type { ControlApiDeps } from './deps.ts'

function create(control: TestControl, body: object) {
  return readAnswer(control.send('POST', '/api/v1/keys', body))
}

async function eventsOf({ store }: TestControl): Promise<readonly Event[]> {
  const all = await store.reader.read({ order: 'oldest-first', limit: 100 })
  return all.map(({ event }) => event).filter(({ type }) => type !== 'writer.started')
}

/** Puts a call of this key into the live table; returns the reason it was ended with, when it was. */
function runCall(control: TestControl, keyId: string, callId: string) {
  const reasons: GatewayError[] = []
  const facts = { principal: { organisation: 'acme', team: 'support', keyId, labels: {} }, prompt: {}, attempts: 1, subject: 'mini' }
  control.live.add({ callId, facts, startedAtMs: control.world.now(), abort: (reason) => void reasons.push(reason) })
  return reasons
}

test('a key is made, shown once, recorded, and works', async () => {
  const control = openTestControl()
  const { status, body } = await create(control, {
    team: 'support',
    name: 'CI',
    user: 'ada',
    labels: { feature: 'search' },
    models: ['mini', 'openai/gpt-*'],
    expiresIn: '30d',
  })
  expect(status).toBe(201)
  expect(body.key).toMatch(/^sb_[a-z0-9]{12}_[a-z0-9]{52}$/)
  const shown = {
    id: body.key.slice(3, 15),
    state: 'active',
    name: 'CI',
    team: 'support',
    user: 'ada',
    labels: { feature: 'search' },
    models: ['mini', 'openai/gpt-*'],
    createdAt: '2026-11-21T12:00:00.000Z',
    createdBy: 'admin',
    expiresAt: '2026-12-21T12:00:00.000Z',
  }
  expect<unknown>(body).toEqual({ ...shown, key: body.key })
  expect<unknown>(await readAnswer(control.send('GET', `/api/v1/keys/${body.id}`))).toEqual({ status: 200, body: { ...shown } })
  expect<unknown>(await readAnswer(control.send('GET', '/api/v1/keys'))).toEqual({ status: 200, body: { keys: [shown] } })
  const principal = control.deps.access.identify(body.key, { feature: 'dodged', env: 'prod' }, control.world.now())
  expect(principal).toEqual({
    organisation: 'acme',
    team: 'support',
    user: 'ada',
    keyId: body.id,
    labels: { feature: 'search', env: 'prod' },
  })
  expect(await eventsOf(control)).toEqual([
    { type: 'key.created', atMs: control.world.now(), keyId: body.id, team: 'support', labels: { feature: 'search' }, by: 'admin' },
  ])
})

test('neither the secret nor its hash is stored, listed or logged', async () => {
  const control = openTestControl()
  const { body } = await create(control, { team: 'support' })
  const secret = body.key.slice(16)
  const [stored] = await control.store.keys.list()
  expect(stored?.secretHash).toMatch(/^[0-9a-f]{64}$/)
  const everywhere = JSON.stringify([stored, await eventsOf(control), await (await control.send('GET', '/api/v1/keys')).json()])
  expect(everywhere).not.toContain(secret)
  expect(await (await control.send('GET', `/api/v1/keys/${body.id}`)).text()).not.toContain(stored?.secretHash ?? '')
})

test.each([
  [{ team: 'suport' }, 'team', 'There is no team "suport" in the configuration; did you mean "support"? Teams: support, search.'],
  [{}, 'team', 'team is required.'],
  [{ team: 7 }, 'team', 'team must be text, not a number.'],
  [{ team: 'support', lables: {} }, 'lables', 'lables is not known here; did you mean "labels"?'],
  [
    { team: 'support', labels: { 'a b': 'x' } },
    'labels["a b"]',
    'labels["a b"] is not the name of a label; write letters, digits and _ . - (64 at the most).',
  ],
  [{ team: 'support', labels: { env: '' } }, 'labels.env', 'labels.env must be 1 to 256 characters, none of them a control character.'],
  [{ team: 'support', name: 'a\nb' }, 'name', 'name must be 1 to 200 characters, none of them a control character.'],
  [
    { team: 'support', models: ['mimi'] },
    'models[0]',
    'There is no model "mimi" in the configuration; did you mean "mini"? Models: mini, openai/*.',
  ],
  [{ team: 'support', models: 'mini' }, 'models', 'models must be a list, not text.'],
  [{ team: 'support', expiresIn: 'soon' }, 'expiresIn', 'expiresIn is "soon"; write a duration such as 30d.'],
  [
    { team: 'support', expiresAt: '2026-02-30' },
    'expiresAt',
    'expiresAt is "2026-02-30"; write a date (2027-01-31) or a time (2027-01-31T12:00:00Z).',
  ],
  [{ team: 'support', expiresAt: '2026-11-20' }, 'expiresAt', 'The expiry 2026-11-20T00:00:00.000Z has passed. Give a time to come.'],
  [{ team: 'support', expiresAt: '2027-01-01', expiresIn: '1d' }, 'expiresIn', 'Give expiresAt or expiresIn, not both.'],
])('the key request %j is refused', async (request, param, message) => {
  const control = openTestControl()
  const { status, body } = await create(control, request)
  expect(status).toBe(400)
  expect<unknown>(body.error).toEqual({
    code: 'invalid_request',
    message,
    source: 'caller',
    request_id: expect.stringMatching(/^req_/),
    param,
  })
  expect(await control.store.keys.list()).toEqual([])
  expect(await eventsOf(control)).toEqual([])
})

test('a key expires', async () => {
  const control = openTestControl()
  const { body } = await create(control, { team: 'support', expiresAt: '2026-11-22' })
  const identify = () => control.deps.access.identify(body.key, {}, control.world.now())
  expect(identify().keyId).toBe(body.id)
  await control.world.advance(12 * 3_600_000)
  expect(identify).toThrow(`The key ${body.id} expired on 2026-11-22T00:00:00.000Z. Ask for a new one.`)
  expect<unknown>(await readAnswer(control.send('GET', '/api/v1/keys?state=expired'))).toMatchObject({
    body: { keys: [{ id: body.id, state: 'expired' }] },
  })
})

test('revoking refuses the key, ends its running calls with the reason, and no others', async () => {
  const control = openTestControl()
  const { body } = await create(control, { team: 'support', name: 'CI' })
  const other = await create(control, { team: 'support' })
  const mine = runCall(control, body.id, 'call_1')
  const theirs = runCall(control, other.body.id, 'call_2')
  await control.world.advance(60_000)
  const { status, body: revoked } = await readAnswer(control.send('POST', `/api/v1/keys/${body.id}/revoke`))
  expect(status).toBe(200)
  expect(revoked).toMatchObject({ id: body.id, state: 'revoked', revokedAt: '2026-11-21T12:01:00.000Z', endedCalls: 1 })
  expect(mine).toHaveLength(1)
  expect(mine[0]).toBeInstanceOf(GatewayError)
  expect(mine[0]?.code).toBe('key_revoked')
  expect(mine[0]?.message).toBe(`The key ${body.id} ("CI") was revoked. Ask who runs this gateway for another.`)
  expect(theirs).toEqual([])
  expect(() => control.deps.access.identify(body.key, {}, control.world.now())).toThrow('was revoked')
  expect((await control.store.keys.list()).find(({ id }) => id === body.id)?.revokedAtMs).toBe(control.world.now())
  await control.world.settle()
  expect((await eventsOf(control)).at(-1)).toEqual({
    type: 'key.revoked',
    atMs: control.world.now(),
    keyId: body.id,
    by: 'admin',
    liveCalls: 1,
  })
})

test('revoking again changes nothing, by DELETE as by POST', async () => {
  const control = openTestControl()
  const { body } = await create(control, { team: 'support' })
  await control.send('DELETE', `/api/v1/keys/${body.id}`)
  await control.world.advance(60_000)
  const again = await readAnswer(control.send('POST', `/api/v1/keys/${body.id}/revoke`))
  expect(again).toMatchObject({ status: 200, body: { state: 'revoked', revokedAt: '2026-11-21T12:00:00.000Z', endedCalls: 0 } })
  await control.world.settle()
  expect((await eventsOf(control)).map(({ type }) => type)).toEqual(['key.created', 'key.revoked'])
})

test('a key is revoked at once, also where the store cannot write it down', async () => {
  const plain = openTestControl()
  const keys: ControlApiDeps['keys'] = {
    list: () => plain.store.keys.list(),
    insert: (key) => plain.store.keys.insert(key),
    revoke: async () => {
      throw new GatewayError('log_unavailable', 'The data folder cannot be written: the disk is full.')
    },
  }
  const control = openTestControl({ keys })
  const { body } = await create(control, { team: 'support' })
  const reasons = runCall(control, body.id, 'call_1')
  expect<unknown>(await readAnswer(control.send('DELETE', `/api/v1/keys/${body.id}`))).toMatchObject({
    status: 503,
    body: { error: { code: 'log_unavailable' } },
  })
  expect(reasons).toHaveLength(1)
  expect(() => control.deps.access.identify(body.key, {}, control.world.now())).toThrow('was revoked')
})

test('a key whose making cannot be recorded is not made', async () => {
  const control = openTestControl()
  control.store.journal.failure = new Error('disk full')
  const { status, body } = await create(control, { team: 'support' })
  expect(status).toBe(503)
  expect(body.error).toMatchObject({ code: 'log_unavailable' })
  expect(control.deps.access.list()).toEqual([])
  // It was stored before the log failed, and nobody has its secret: it must not come to life at the next start.
  expect((await control.store.keys.list()).map(({ revokedAtMs }) => revokedAtMs !== undefined)).toEqual([true])
  const second = await create(control, { team: 'support' })
  expect(second.body.error).toMatchObject({
    message: 'The event log cannot be written, so nothing was changed. Free the disk, then try again.',
  })
  expect(await control.store.keys.list()).toHaveLength(1)
})

test('keys are listed newest first, by team and state; the keys of a team that left have stopped', async () => {
  const control = openTestControl()
  const first = await create(control, { team: 'support' })
  await control.world.advance(1000)
  const second = await create(control, { team: 'search' })
  const idsOf = async (query: string) => {
    const { body } = await readAnswer(control.send('GET', `/api/v1/keys${query}`))
    return body.keys.map(({ id }) => id)
  }
  expect(await idsOf('')).toEqual([second.body.id, first.body.id])
  expect(await idsOf('?team=support')).toEqual([first.body.id])
  expect(await idsOf('?state=revoked')).toEqual([])
  const without = openTestControl({ access: control.deps.access, teams: () => ['search'] })
  expect<unknown>(await readAnswer(without.send('GET', `/api/v1/keys/${first.body.id}`))).toMatchObject({ body: { state: 'stopped' } })
})

test.each([
  ['GET', '/api/v1/keys/nothing'],
  ['POST', '/api/v1/keys/nothing/revoke'],
  ['DELETE', '/api/v1/keys/nothing'],
])('%s %s is 404', async (method, path) => {
  expect<unknown>(await readAnswer(openTestControl().send(method, path))).toMatchObject({
    status: 404,
    body: { error: { code: 'not_found', message: 'There is no key "nothing". `signalbox keys list` shows those there are.' } },
  })
})

test('ids and secrets use their whole alphabet, and do not repeat', async () => {
  const control = openTestControl()
  const made = await Promise.all(Array.from({ length: 200 }, () => create(control, { team: 'support' })))
  const keys = made.map(({ body }) => body.key)
  expect(new Set(keys.map((key) => key.slice(3, 15))).size).toBe(200)
  const counts = new Map<string, number>()
  for (const character of keys.map((key) => key.slice(16)).join('')) counts.set(character, (counts.get(character) ?? 0) + 1)
  expect(counts.size).toBe(36)
  // 10,400 characters, 289 of each on average: a letter that were twice as likely would show.
  for (const count of counts.values()) expect(count).toBeWithin(200, 400)
})
