import { expect, test } from 'bun:test'
import { PlaceError } from '../../app/gateway-place.ts'
import { ControlError } from '../../control/client.ts'
import { openTestControl, type TestControl, testCall } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

const SEARCH = { organisation: 'acme', team: 'search', keyId: 'k2', labels: {} }

async function write(control: TestControl, calls: readonly Parameters<typeof testCall>[1][]): Promise<void> {
  const events = calls.flatMap((facts) => testCall(control.world, facts))
  await Promise.all(events.map((event) => control.store.log.append(event)))
}

test('spend --by team,model --json is what scripts rely on', async () => {
  const control = openTestControl()
  await write(control, [{ costNanoUsd: 100 }, { costNanoUsd: 23 }, { principal: SEARCH, costNanoUsd: 5 }])
  const { out, exitCode, asked } = await runCli(control, ['spend', '--by', 'team,model', '--json'])
  expect(exitCode).toBe(0)
  expect(out).toContain('"costUsd":0.000000123,')
  expect(JSON.parse(out)).toMatchObject([
    { team: 'support', model: 'mini', calls: 2, costUsd: 1.23e-7 },
    { team: 'search', model: 'mini', calls: 1, costUsd: 5e-9 },
  ])
  expect(asked).toMatchObject([{ offline: 'read' }])
})

test('spend is a table for people', async () => {
  const control = openTestControl()
  const unpriced = { costNanoUsd: undefined, isUnpriced: true, subject: 'new' }
  await write(control, [
    { costNanoUsd: 1_250_000_000, usage: { inputTokens: 1_234_567, outputTokens: 5 } },
    { principal: SEARCH, ...unpriced },
  ])
  expect((await runCli(control, ['spend'])).out).toBe(
    [
      'TEAM     MODEL  CALLS      INPUT  OUTPUT  UNPRICED      COST',
      'support  mini       1  1,234,567       5               $1.25',
      'search   new        1         10       5         1  unpriced',
      '',
    ].join('\n'),
  )
  expect((await runCli(control, ['spend', '--where', 'team=nobody'])).err).toBe(
    'No spend: no call of a model is among what was asked for. `signalbox logs` shows all calls.\n',
  )
})

test('spend as CSV, by month, filtered, rebuilt', async () => {
  const control = openTestControl()
  await write(control, [{ costNanoUsd: 5 }, { principal: SEARCH, costNanoUsd: 7 }])
  const args = ['spend', '--by', 'team', '--month', 'this', '--where', 'team=search', '--format', 'csv', '--rebuild']
  const { out, asked } = await runCli(control, args)
  expect(out).toBe(
    'team,calls,inputTokens,cachedInputTokens,cacheWriteTokens,outputTokens,unpricedCalls,costUsd\r\nsearch,1,10,0,0,5,0,0.000000007\r\n',
  )
  expect(asked).toMatchObject([{ offline: 'change' }])
  expect((await runCli(control, ['spend', '--by', 'tema'])).err).toBe(
    'signalbox spend: Spend cannot be split by "tema"; did you mean "team"?\n',
  )
})

test('logs prints one line a call, the latest last, and whose fault a failure was', async () => {
  const control = openTestControl()
  await write(control, [
    { callId: 'call_1' },
    {
      callId: 'call_2',
      outcome: 'broken',
      errorCode: 'provider_truncated',
      errorSource: 'provider',
      costNanoUsd: undefined,
      isUnpriced: true,
    },
  ])
  const { out, exitCode } = await runCli(control, ['logs'])
  expect(exitCode).toBe(0)
  expect(out.split('\n')).toEqual([
    '2026-11-21T12:00:00.000Z  writer.started  epoch=1  version=0.0.0-test',
    '2026-11-21T12:00:00.082Z  ok            support         mini (openai/gpt-5.5-mini)    10 + 5          $0.0000125      82 ms       call_1',
    '2026-11-21T12:00:00.082Z  broken        support         mini (openai/gpt-5.5-mini)    10 + 5          unpriced        82 ms       call_2  provider_truncated (provider)',
    '',
  ])
})

test('logs --json prints an event a line, as it stands in the log', async () => {
  const control = openTestControl()
  await write(control, [{ callId: 'call_1' }, { callId: 'call_2', principal: SEARCH }])
  const { out } = await runCli(control, ['logs', '--json', '--team', 'search', '--limit', '5'])
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ type: 'call.ended', callId: 'call_2', position: '1.4' }])
  const started = await runCli(control, ['logs', '--json', '--type', 'call.started'])
  expect(started.out.trimEnd().split('\n')).toHaveLength(2)
})

test('logs --follow prints what is new until it is interrupted, each event once', async () => {
  const control = openTestControl()
  await write(control, [{ callId: 'call_0' }])
  const { out, exitCode } = await runCli(control, ['logs', '--follow', '--json', '--type', 'call.ended', '--limit', '1'], {
    onPause: async (count, interrupt) => {
      if (count > 4) interrupt()
      else if (count !== 3) await write(control, [{ callId: `call_${count}a` }, { callId: `call_${count}b` }])
    },
  })
  expect(exitCode).toBe(0)
  const ids = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).callId)
  expect(ids).toEqual(['call_0', 'call_1a', 'call_1b', 'call_2a', 'call_2b', 'call_4a', 'call_4b'])
})

test('there is nothing to follow where no gateway runs', async () => {
  const { err, exitCode } = await runCli(openTestControl(), ['logs', '--follow'], { isRunning: false })
  expect(err).toBe('Nothing is written while the gateway does not run, so there is nothing to follow.\n')
  expect(exitCode).toBe(0)
})

test('a model whose name would steer a terminal is printed without doing so', async () => {
  const control = openTestControl()
  await write(control, [{ subject: 'evil\u001b[2J\u202e' }])
  expect((await runCli(control, ['logs'])).out).toContain('evil\ufffd[2J\ufffd')
  expect((await runCli(control, ['spend'])).out).toContain('evil\ufffd[2J\ufffd')
})

test('a receipt for people shows the money, and as JSON everything', async () => {
  const control = openTestControl()
  await write(control, [{ callId: 'call_1' }])
  const { out } = await runCli(control, ['receipt', 'call_1'])
  expect(out).toContain('call: call_1\n')
  expect(out).toContain('durations:\n  totalMs: 81.5\n')
  expect(out).toContain('cost: $0.0000125\n')
  expect(JSON.parse((await runCli(control, ['receipt', 'call_1', '--json'])).out)).toMatchObject({ call: 'call_1', costUsd: '0.0000125' })
  const missing = await runCli(control, ['receipt', 'call_2'])
  expect(missing.exitCode).toBe(1)
  expect(missing.err).toStartWith('signalbox receipt: There is no call "call_2" in the log')
})

test('status exits 3 where the gateway is not ready', async () => {
  const good = await runCli(openTestControl(), ['status', '--json'])
  expect(good.exitCode).toBe(0)
  expect(JSON.parse(good.out)).toMatchObject({ ready: true, version: '0.0.0-test', config: { revision: 'abc123' } })
  const checks = [{ name: 'log', ok: false, detail: 'The disk is full.' }]
  const bad = await runCli(openTestControl({ readiness: () => ({ ready: false, checks }) }), ['status'])
  expect(bad.exitCode).toBe(3)
  expect(bad.out).toContain('ready: false\n')
  expect(bad.out).toContain('checks:\n  log: not ok: The disk is full.\n')
})

test('verify exits 1 where the chain is broken', async () => {
  const good = await runCli(openTestControl(), ['verify'])
  expect(good.out).toMatch(/^intact: \d+ events in \d+ batches, last hash [0-9a-f]*\n$/)
  const control = openTestControl({ verify: async () => ({ type: 'broken', batch: 7, reason: 'its hash is another' }) })
  expect(await runCli(control, ['verify'])).toMatchObject({ out: 'broken at batch 7: its hash is another\n', exitCode: 1 })
  expect(JSON.parse((await runCli(control, ['verify', '--json'])).out)).toEqual({
    ok: false,
    brokenBatch: 7,
    reason: 'its hash is another',
  })
})

test('live calls, a reload, and bodies', async () => {
  const control = openTestControl()
  expect(JSON.parse((await runCli(control, ['live', '--json'])).out)).toEqual([])
  control.live.add({
    callId: 'call_1',
    facts: { principal: SEARCH, prompt: {}, attempts: 1 },
    startedAtMs: control.world.now() - 1500,
    abort: () => {},
  })
  expect((await runCli(control, ['live'])).out).toBe(
    'CALL    TEAM    KEY  MODEL  PROVIDER  REPLY  ATTEMPTS  RUNNING\ncall_1  search  k2   -      -         -             1    1.5 s\n',
  )
  expect(await runCli(control, ['reload'])).toMatchObject({ out: '', err: 'Revision abc123 is in force.\n', exitCode: 0 })
  const bytes = new TextEncoder().encode('{"model":"mini"}')
  const kept = {
    callId: 'call_1',
    kind: 'request',
    atMs: 0,
    isRedacted: false,
    isTruncated: true,
    owner: SEARCH,
    mediaType: 'application/json',
  } as const
  control.store.bodies.put({ ...kept, id: 'body_1', bytes })
  expect(await runCli(control, ['bodies', 'show', 'body_1'])).toMatchObject({
    out: '{"model":"mini"}\n',
    err: 'It was cut off when it was kept (bodies.maxSize).\n',
  })
  expect(await runCli(control, ['bodies', 'erase'])).toMatchObject({
    err: 'signalbox bodies erase: Say what to erase: --call, --team, --user, --key or --before.\n',
    exitCode: 2,
  })
  expect(await runCli(control, ['cache', 'purge'])).toMatchObject({
    err: 'signalbox cache purge: Say what to purge: --model, --key or --label, or else --all.\n',
    exitCode: 2,
  })
  expect(await runCli(control, ['bodies', 'erase', '--team', 'search', '--json'])).toMatchObject({
    out: '{\n  "erased": 1\n}\n',
    exitCode: 0,
  })
})

test.each([
  ['no gateway', new ControlError('unreachable', 'No gateway answers.'), 3],
  ['somebody else there', new ControlError('not_signalbox', 'Somebody else answers.'), 3],
  ['a full disk', new ControlError('log_unavailable', 'The disk is full.'), 3],
  ['a wrong admin key', new ControlError('unauthenticated', 'Not the admin key.'), 1],
  ['a wrong file', new PlaceError('There is no file a.yaml.'), 2],
  ['anything else', new Error('Something else.'), 1],
] as const)('%s: its message on stderr, and its exit code', async (_name, thrown, exitCode) => {
  const reach = () => Promise.reject(thrown)
  expect(await runCli(openTestControl(), ['status'], { reach })).toMatchObject({
    out: '',
    err: `signalbox status: ${thrown.message}\n`,
    exitCode,
  })
})
