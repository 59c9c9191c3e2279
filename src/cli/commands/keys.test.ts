import { expect, test } from 'bun:test'
import { openTestControl } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

test('keys create prints the key alone, so that a script can take it', async () => {
  const control = openTestControl()
  const { out, err, exitCode, asked } = await runCli(control, ['keys', 'create', '--team', 'support', '--config', 'a.yaml'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^sb_[a-z0-9]{12}_[a-z0-9]{52}\n$/)
  expect(control.deps.access.identify(out.trim(), {}, control.world.now()).team).toBe('support')
  expect(err).toBe(`Made the key ${out.slice(3, 15)} for the team support. It is shown this once.\n`)
  expect(asked).toMatchObject([{ configFile: 'a.yaml', offline: 'change' }])
})

test('keys create --json has id, key and all that was asked for', async () => {
  const args = ['--team', 'support', '--label', 'feature=search', '--label', 'env=a=b', '--name', 'CI', '--user', 'ada', '--expires', '30d']
  const { out, exitCode } = await runCli(openTestControl(), ['keys', 'create', ...args, '--model', 'mini', 'openai/*', '--json'])
  expect(exitCode).toBe(0)
  const created = JSON.parse(out)
  expect(created).toEqual({
    id: created.key.slice(3, 15),
    key: expect.stringMatching(/^sb_/),
    state: 'active',
    name: 'CI',
    team: 'support',
    user: 'ada',
    labels: { feature: 'search', env: 'a=b' },
    models: ['mini', 'openai/*'],
    createdAt: '2026-11-21T12:00:00.000Z',
    createdBy: 'admin',
    expiresAt: '2026-12-21T12:00:00.000Z',
  })
})

test('a date is an expiry too', async () => {
  const { out } = await runCli(openTestControl(), ['keys', 'create', '--team', 'support', '--expires', '2027-01-31', '--json'])
  expect(JSON.parse(out).expiresAt).toBe('2027-01-31T00:00:00.000Z')
})

test('what the gateway refuses is said on stderr: exit 2 for a wrong word, 1 for a key that is not there', async () => {
  const control = openTestControl()
  const create = await runCli(control, ['keys', 'create', '--team', 'suport', '--json'])
  expect(create.err).toBe(
    'signalbox keys create: There is no team "suport" in the configuration; did you mean "support"? Teams: support, search.\n',
  )
  expect({ ...create, err: '' }).toMatchObject({ out: '', exitCode: 2 })
  const revoke = await runCli(control, ['keys', 'revoke', 'nothing'])
  expect(revoke.err).toBe('signalbox keys revoke: There is no key "nothing". `signalbox keys list` shows those there are.\n')
  expect(revoke.exitCode).toBe(1)
})

test('keys are listed as a table, and as JSON', async () => {
  const control = openTestControl()
  const made = await runCli(control, ['keys', 'create', '--team', 'support', '--label', 'feature=search', '--name', 'CI\u001b[31m'])
  expect(made.exitCode).toBe(2)
  await runCli(control, ['keys', 'create', '--team', 'support', '--label', 'feature=search', '--name', 'CI'])
  const [key] = control.deps.access.list()
  const { out, asked } = await runCli(control, ['keys', 'list'])
  expect(out).toBe(
    [
      'ID            STATE   TEAM     NAME  USER  LABELS          MODELS  CREATED                   EXPIRES',
      `${key?.id}  active  support  CI    -     feature=search  -       2026-11-21T12:00:00.000Z  -`,
      '',
    ].join('\n'),
  )
  expect(asked).toMatchObject([{ offline: 'read' }])
  expect(JSON.parse((await runCli(control, ['keys', 'list', '--json', '--team', 'support', '--state', 'active'])).out)).toMatchObject([
    { id: key?.id },
  ])
  expect(JSON.parse((await runCli(control, ['keys', 'list', '--json', '--team', 'search'])).out)).toEqual([])
})

test('a key is shown, and revoked', async () => {
  const control = openTestControl()
  const id = (await runCli(control, ['keys', 'create', '--team', 'support'])).out.slice(3, 15)
  expect((await runCli(control, ['keys', 'show', id])).out).toBe(
    [`id: ${id}`, 'state: active', 'team: support', 'createdAt: 2026-11-21T12:00:00.000Z', 'createdBy: admin', ''].join('\n'),
  )
  const revoked = await runCli(control, ['keys', 'revoke', id])
  expect(revoked).toMatchObject({ out: '', err: `Revoked the key ${id}; running calls that were ended: 0.\n`, exitCode: 0 })
  expect(JSON.parse((await runCli(control, ['keys', 'revoke', id, '--json'])).out)).toMatchObject({ id, state: 'revoked', endedCalls: 0 })
  expect(JSON.parse((await runCli(control, ['keys', 'show', id, '--json'])).out)).toMatchObject({ id, state: 'revoked' })
})
