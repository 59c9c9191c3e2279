import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { ExitCode } from '../io.ts'
import { registerGuard } from './guard.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function run(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const out: string[] = []
  const err: string[] = []
  const codes: ExitCode[] = []
  const program = new Command()
  registerGuard(program, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: false,
    env: {},
    cwd: folder,
    setExitCode: (code) => void codes.push(code),
  })
  await program.parseAsync(['guard', 'test', ...args], { from: 'user' })
  return { out: out.join(''), err: err.join(''), code: codes.at(-1) }
}

test('without a configuration the guards that are ready are tried', async () => {
  const { out, code } = await run({ 'a.txt': 'Write to ada@example.com.' }, 'a.txt')
  expect(out).toBe('a.txt:1 is redacted\n  pii  redact  EMAIL  at 9: ada@example.com\n  → Write to [EMAIL_1].\n')
  expect(code).toBe(0)
})

test('the keys of providers need not be set: nothing is sent', async () => {
  const yaml = 'models: { providers: { openai: { apiKey: env:NO_SUCH_KEY } } }\nguards: { pii: { action: block } }\n'
  const { out, err, code } = await run({ 'signalbox.yaml': yaml, 'a.txt': 'Write to ada@example.com.' }, 'a.txt')
  expect([out, err, code]).toEqual(['a.txt:1 is refused\n  pii  block  EMAIL  at 9: ada@example.com\n', '', 0])
})

test('JSONL is tried line by line, as JSON where that is wanted', async () => {
  const lines = '{"text":"fine"}\n\n"password: hunter2abc"\n'
  const { out } = await run({ 'a.jsonl': lines }, 'a.jsonl', '--json', '--phase', 'output')
  expect(
    out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([
    { line: 1, outcome: 'passes', findings: [], text: 'fine' },
    {
      line: 3,
      outcome: 'is refused',
      findings: [{ guard: 'secrets', action: 'block', kind: 'PASSWORD', from: 10, to: 20, value: 'hunter2abc' }],
      text: 'password: hunter2abc',
    },
  ])
})

test('guards of the configuration are tried, and judges are named', async () => {
  const config =
    'agents: {}\nguards:\n  words: { type: keywords, words: [falcon] }\n  boss: { type: webhook, url: "https://judge.example.com" }\n'
  const { out, err } = await run({ 'signalbox.yaml': config, 'a.txt': 'FALCON' }, 'a.txt')
  expect(out).toBe('a.txt:1 is refused\n  words  block  KEYWORD  at 0: FALCON\n')
  expect(err).toBe('Not asked, for they are judges: boss.\n')
})

test.each([
  ['a file that is not there', ['b.txt'], 'b.txt cannot be read'],
  ['a guard that is not there', ['a.txt', '--guard', 'nobody'], 'there is no guard "nobody"; there are pii, secrets'],
])('%s is wrong usage', async (_what, args, says) => {
  const { err, code } = await run({ 'a.txt': '' }, ...args)
  expect(err).toContain(says)
  expect(code).toBe(2)
})

test.each([
  ['guards: { who: {} }', 'guards.who: needs a type: one of pii'],
  ['guards: { keywords: {} }', 'needs words, as every guard of the kind keywords'],
  ['guards: { length: { maxCharacters: 1, action: redact } }', 'cannot be redact'],
  ['guards: { pii: { words: [a] } }', 'means nothing to a guard of the kind pii; it has kinds, patterns, longest'],
  ['guards: { patterns: { patterns: { A: "(" } } }', 'is no pattern of RE2'],
  ['access: { teams: { a: { guards: [pi] } } }', 'no guard is called "pi"; did you mean "pii"?'],
])('the configuration %s is wrong', async (yaml, says) => {
  const { err, code } = await run({ 'signalbox.yaml': `agents: {}\n${yaml}\n`, 'a.txt': '' }, 'a.txt')
  expect(err).toContain(says)
  expect(code).toBe(2)
})

test('what escapes of JSON stand for is found', async () => {
  const { out } = await run({ 'a.txt': '{"to":"ada\\u0040example.com"}' }, 'a.txt')
  expect(out).toBe('a.txt:1 is redacted\n  pii  redact  EMAIL  at 7: ada@example.com\n  → {"to":"[EMAIL_1]"}\n')
})

test('a line that is no JSON is named', async () => {
  const { err, code } = await run({ 'a.jsonl': '"fine"\nnot json\n' }, 'a.jsonl')
  expect([err, code]).toEqual(['signalbox guard test: line 2 is neither a text nor an object with a text\n', 2])
})
