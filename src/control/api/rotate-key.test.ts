import { expect, test } from 'bun:test'
import { openTestControl, readAnswer } from '../../testing/open-test-control.ts'

async function makeKey(control: ReturnType<typeof openTestControl>, more: object = {}) {
  const { body } = await readAnswer(
    control.send('POST', '/api/v1/keys', { team: 'support', user: 'ada', labels: { env: 'prod' }, ...more }),
  )
  return body
}

test('a rotated key works beside the old one for the overlap, and spend goes on under one id', async () => {
  const control = openTestControl()
  const old = await makeKey(control)
  const { status, body } = await readAnswer(control.send('POST', `/api/v1/keys/${old.id}/rotate`, { overlap: '24h' }))
  expect(status).toBe(201)
  expect(body).toMatchObject({
    replaces: old.id,
    team: 'support',
    user: 'ada',
    labels: { env: 'prod' },
    oldWorksUntil: '2026-11-22T12:00:00.000Z',
  })
  expect(body.id).not.toBe(old.id)
  const identify = (key: string) => control.deps.access.identify(key, undefined, control.world.now())
  expect(identify(old.key)).toMatchObject({ keyId: old.id })
  expect(identify(body.key)).toMatchObject({ keyId: old.id, rotatedKeyId: body.id, user: 'ada' })
  expect(control.deps.access.mayUseModel(identify(body.key), 'mini')).toBe(true)
  await control.world.advance(24 * 3_600_000)
  expect(() => identify(old.key)).toThrow('expired on 2026-11-22')
  const third = await readAnswer(control.send('POST', `/api/v1/keys/${body.id}/rotate`, { overlap: '0s' }))
  expect(identify(third.body.key)).toMatchObject({ keyId: old.id, rotatedKeyId: third.body.id })
  expect(() => identify(body.key)).toThrow('expired')
  const { events } = (await readAnswer(control.send('GET', '/api/v1/logs?type=key.created'))).body
  expect(events.toReversed()).toMatchObject([
    { keyId: old.id },
    { keyId: body.id, replaces: old.id, by: 'admin' },
    { keyId: third.body.id, replaces: body.id },
  ])
})

test('the end of an overlap never makes a key live longer than it would have', async () => {
  const control = openTestControl()
  const old = await makeKey(control, { expiresIn: '1h' })
  const { body } = await readAnswer(control.send('POST', `/api/v1/keys/${old.id}/rotate`, { overlap: '24h' }))
  expect(body).toMatchObject({ oldWorksUntil: '2026-11-21T13:00:00.000Z', expiresAt: '2026-11-21T13:00:00.000Z' })
})

test.each([
  ['a key that is not there', 'nokey', {}, 404, 'There is no key "nokey"'],
  ['an overlap that is no duration', 'own', { overlap: 'soon' }, 400, 'overlap is "soon"'],
  ['an overlap of years', 'own', { overlap: '400d' }, 400, 'more than 90 days'],
])('cannot be rotated: %s', async (_what, which, request, expected, message) => {
  const control = openTestControl()
  const { id } = await makeKey(control)
  const { status, body } = await readAnswer(control.send('POST', `/api/v1/keys/${which === 'own' ? id : which}/rotate`, request))
  expect(status).toBe(expected)
  expect(body.error.message).toContain(message)
})

test('a key is rotated once, and not when it is revoked', async () => {
  const control = openTestControl()
  const { id } = await makeKey(control)
  const rotate = (which: string) => readAnswer(control.send('POST', `/api/v1/keys/${which}/rotate`, {}))
  const { body: newer } = await rotate(id)
  expect((await rotate(id)).body.error.message).toContain(`was replaced by ${newer.id} already`)
  await control.send('POST', `/api/v1/keys/${newer.id}/revoke`)
  expect((await rotate(newer.id)).body.error.message).toContain('is revoked')
  expect((await rotate(id)).status).toBe(201)
})
