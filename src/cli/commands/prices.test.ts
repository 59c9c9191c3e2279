import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestControl, testCall } from '../../testing/open-test-control.ts'
import { runCli } from '../../testing/run-cli.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prices-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('prices show prints what the table has, and fails where it has nothing', async () => {
  const { out, err, exitCode } = await runCli(openTestControl(), ['prices', 'show', 'gpt-5', '--provider', 'openai'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/^PROVIDER {2}ID .*\nopenai {4}gpt-5 +1\.25 +0\.125 +- +10 +0\.01 +serviceTiers\n$/)
  expect(err).toMatch(/^1 prices of table:\d{4}-\d{2}-\d{2}, from @pydantic\/genai-prices/)
  expect((await runCli(openTestControl(), ['prices', 'show', 'gpt-unheard-of'])).exitCode).toBe(1)
})

test('a file of prices that is spoiled is refused with its line, before anything is asked of the gateway', async () => {
  const file = join(folder, 'prices.json')
  writeFileSync(file, '{\n "format": "signalbox-prices/2"\n}')
  const { err, exitCode } = await runCli(openTestControl(), ['prices', 'update', file])
  expect(exitCode).toBe(2)
  expect(err).toBe(
    `signalbox prices update: ${file}:2:12 format: is "signalbox-prices/2", which this version of Signalbox does not read; it reads "signalbox-prices/1"\n`,
  )
})

test.each([
  ['agrees', '0.0000125', '0', '0 of 1 days of models drift by more than 1 %.\n'],
  ['is dearer', '0.000013', '1', '1 of 1 days of models drift by more than 1 %.\n'],
])('reconcile ends by whether the invoice agrees: it %s', async (_what, cost, code, said) => {
  const control = openTestControl()
  for (const event of testCall(control.world)) await control.store.log.append(event)
  const file = join(folder, 'usage.csv')
  writeFileSync(file, `day,model,cost_usd\n2026-11-21,gpt-5.5-mini,${cost}\n`)
  const { out, err, exitCode } = await runCli(control, ['reconcile', file, '--json'])
  expect(String(exitCode)).toBe(code)
  expect(err).toBe(said)
  expect(JSON.parse(out)).toMatchObject([{ day: '2026-11-21', model: 'gpt-5.5-mini', unit: 'usd', counted: '0.0000125' }])
})

test('recost says what it would do, and then does it', async () => {
  const control = openTestControl()
  for (const event of testCall(control.world, { target: 'gpt-5', usage: { inputTokens: 1000, outputTokens: 0 } })) {
    await control.store.log.append(event)
  }
  const dry = await runCli(control, ['recost', '--since', '1d', '--dry-run'])
  expect(dry.err).toMatch(/^By table:.*: 1 of 1 calls would be corrected, by \$0\.0012375; 0 kept, 0 without a price\.\n$/)
  expect((await runCli(control, ['recost', '--since', '1d'])).out).toMatch(/openai +gpt-5 +1 +\$0\.0012375/)
  expect((await runCli(control, ['recost', '--since', '1d'])).err).toContain('0 of 1 calls corrected')
})
