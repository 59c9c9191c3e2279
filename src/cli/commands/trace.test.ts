import { expect, test } from 'bun:test'
import { openTestControl, type TestControl, testCall } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

async function write(control: TestControl): Promise<void> {
  const askedBy = { callId: 'call_B', model: 'mini', prompt: { name: 'plan', version: '2' } }
  const agent = { layer: 'agents', action: 'agents.send', subject: 'researcher', provider: 'researcher', target: undefined } as const
  const tool = { layer: 'tools', action: 'tools.call', subject: 'files__read', provider: 'files', target: 'read', askedBy } as const
  const broken = { outcome: 'broken', errorCode: 'server_exited' } as const
  const calls = [
    testCall(control.world, { ...agent, callId: 'call_A', spanId: 'a', costNanoUsd: undefined, durationMs: 1234.4 }, 900),
    testCall(control.world, { callId: 'call_B', spanId: 'b', parentSpanId: 'a', costNanoUsd: 12_500 }, 800),
    testCall(control.world, { ...tool, ...broken, callId: 'call_C', spanId: 'c', parentSpanId: 'b', costNanoUsd: undefined }, 700),
    testCall(control.world, { callId: 'call_D', spanId: 'd', parentSpanId: 'a', costNanoUsd: undefined, isUnpriced: true }, 600),
    testCall(control.world, { callId: 'call_E', spanId: 'e', parentSpanId: 'x', costNanoUsd: 1, subject: 'a\u001b[2Jb' }, 500),
  ]
  await Promise.all(calls.flat().map((event) => control.store.log.append(event)))
}

test('trace prints the tree with time, cost and outcome', async () => {
  const control = openTestControl()
  await write(control)
  const { out, exitCode, asked } = await runCli(control, ['trace', TRACE])
  expect(exitCode).toBe(0)
  expect(out.split('\n')).toEqual([
    `trace ${TRACE}: 5 calls, 1,234 ms, $0.000012501 + unpriced`,
    '',
    'CALL                                                                    OUTCOME                    TIME          COST         WITH ALL BELOW  ID',
    'agents.send researcher                                                  ok                     1,234 ms             -  $0.0000125 + unpriced  call_A',
    '├ models.call mini (openai/gpt-5.5-mini)                                ok                        82 ms    $0.0000125             $0.0000125  call_B',
    '│ └ tools.call files__read (files/read), asked for by mini with plan@2  broken: server_exited     82 ms             -                         call_C',
    '└ models.call mini (openai/gpt-5.5-mini)                                ok                        82 ms      unpriced                         call_D',
    'models.call a\u{fffd}[2Jb (openai/gpt-5.5-mini)                                ok                        82 ms  $0.000000001                         call_E',
    '',
  ])
  expect(asked).toMatchObject([{ offline: 'read' }])
})

test('trace --json gives the tree, by the id of any call', async () => {
  const control = openTestControl()
  await write(control)
  const { out } = await runCli(control, ['trace', 'call_C', '--json'])
  expect(JSON.parse(out)).toMatchObject({ traceId: TRACE, calls: 5, roots: [{ call: 'call_A', children: [{ call: 'call_B' }, {}] }, {}] })
})

test('trace of what is not there: exit 1, and why', async () => {
  const { err, exitCode } = await runCli(openTestControl(), ['trace', 'call_none'])
  expect([exitCode, err]).toEqual([1, expect.stringContaining('There is no trace and no call "call_none" in the log')])
})

test('trace without an id is that of the call that ended last', async () => {
  const control = openTestControl()
  expect(await runCli(control, ['trace'])).toMatchObject({ exitCode: 1, err: 'signalbox trace: no call has ended yet.\n' })
  await write(control)
  const other = 'ffffffffffffffffffffffffffffffff'
  const last = testCall(control.world, { callId: 'call_F', spanId: 'f', traceId: other })
  await Promise.all(last.map((event) => control.store.log.append(event)))
  expect((await runCli(control, ['trace'])).out).toStartWith(`trace ${other}: 1 call,`)
})
