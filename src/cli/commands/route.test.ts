import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ControlError } from '../../control/client.ts'
import type { CliIo, ExitCode } from '../io.ts'
import { run } from '../main.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-explain-'))
  const yaml = `models:
  providers: { ollama: }
  models:
    - { name: mini, provider: ollama, price: { inputPerMillion: 1, outputPerMillion: 2 } }
    - { name: blind, provider: ollama, can: { images: false } }
  routes:
    - { name: smart, targets: [ { model: blind }, { model: mini, when: { team: [support] } } ] }
    - { name: regional, targets: [ { model: mini, when: { labels: { region: eu } } } ] }
access: { teams: { support: {}, berlin: { labels: { region: eu } } } }
`
  writeFileSync(join(folder, 'signalbox.yaml'), yaml)
  const image = { type: 'image_url', image_url: { url: 'https://example.org/x.png' } }
  writeFileSync(
    join(folder, 'request.json'),
    JSON.stringify({ model: 'smart', max_tokens: 100, messages: [{ role: 'user', content: [image] }] }),
  )
})

afterAll(() => rmSync(folder, { recursive: true }))

async function explain(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  let exitCode: ExitCode | undefined
  const setExitCode = (code: ExitCode) => {
    exitCode = code
  }
  const io: CliIo = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: false,
    env: {},
    cwd: folder,
    setExitCode,
  }
  const reach = () => Promise.reject(new ControlError('unreachable', 'No gateway answers.'))
  await run(['route', 'explain', ...args], { io, onInterrupt: () => new AbortController().signal, reach })
  return { out: out.join(''), err: err.join(''), exitCode }
}

describe('route explain', () => {
  test('says where a call would go, what it would cost, and why not elsewhere', async () => {
    const { out, exitCode } = await explain('--model', 'smart', '--file', 'request.json', '--team', 'support', '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      ...{ model: 'smart', strategy: 'priority', why: 'first of those that can serve it' },
      order: [{ model: 'mini', provider: 'ollama', target: 'mini', expectedCostUsd: '0.0002', inFlight: 0 }],
      ...{ from: 'file', notKnown: ['calls under way', 'circuits', 'rate limits', 'parked keys', 'observed speeds'] },
      ruledOut: [{ target: 'blind', why: 'it does not read images' }],
      request: { hasImages: true, maxOutputTokens: 100, kinds: ['images'] },
    })
  })

  test('needs no secrets: says which are not set, for what is known of a key goes by the key', async () => {
    const yaml = 'models: { providers: { openai: { apiKey: env:NO_SUCH_KEY } }, models: [ { name: mini, provider: openai } ] }\n'
    writeFileSync(join(folder, 'secret.yaml'), yaml)
    const { out, err, exitCode } = await explain('--config', 'secret.yaml', '--model', 'mini')
    expect(exitCode).toBe(0)
    expect(out).toContain('openai')
    expect(err).toEndWith('Not set in this shell, so that nothing is known of the keys that they hold: NO_SUCH_KEY.\n')
    const json = await explain('--config', 'secret.yaml', '--model', 'mini', '--json')
    expect(JSON.parse(json.out)).toMatchObject({ notSet: ['NO_SUCH_KEY'] })
    expect(json.out).not.toContain('not-set-')
  })

  test('says the refusal that the caller would get: exit 1', async () => {
    const { out, exitCode } = await explain('--file', 'request.json', '--team', 'sales')
    expect(exitCode).toBe(1)
    expect(out).toBe(
      'smart (priority): 400 no_capable_target\nleft out: blind: it does not read images\nleft out: mini: its condition does not hold (team: ["support"])\n',
    )
  })

  test('takes one short question where no request is given, and names a file that is not there', async () => {
    expect((await explain('--model', 'smart')).out).toStartWith('smart (priority): first of those that can serve it\n')
    expect(await explain()).toMatchObject({
      exitCode: 2,
      err: 'signalbox route explain: Name a route or a model with --model, or a request with --file.\n',
    })
    expect((await explain('--file', 'nope.json')).err).toBe('signalbox route explain: nope.json cannot be read: there is no such file.\n')
  })

  test('knows the labels of the team that asks, which win over those that are sent, as in a call', async () => {
    expect((await explain('--model', 'regional', '--team', 'berlin', '--label', 'region=us')).exitCode).toBe(0)
    expect((await explain('--model', 'regional', '--team', 'support')).exitCode).toBe(1)
    expect((await explain('--model', 'regional', '--team', 'support', '--label', 'region=eu')).exitCode).toBe(0)
  })

  test('refuses a name that is none', async () => {
    expect(await explain('--model', 'smrt', '--file', 'request.json')).toMatchObject({
      exitCode: 1,
      err: 'signalbox route explain: There is no route and no model "smrt".\n',
    })
  })
})
