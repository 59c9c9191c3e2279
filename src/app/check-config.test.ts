import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, findConfigFile } from './check-config.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-check-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function check(text: string, env: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, 'signalbox.yaml'), text)
  return checkConfig({ file: 'signalbox.yaml', cwd: folder, env })
}

const GOOD = `# yaml-language-server: $schema=./signalbox.schema.json
listen: { data: 127.0.0.1:4000, control: 127.0.0.1:4001 }
storage: sqlite:./data
secret: file:./data/secret
models:
  providers:
    openai: { apiKey: env:OPENAI_API_KEY }
    llama: { wire: openai-chat, baseUrl: http://127.0.0.1:11434/v1 }
  models:
    - { name: mini, provider: openai, id: gpt-5.5-mini, price: { inputPerMillion: 0.25, outputPerMillion: 2 } }
    - { name: "openai/*", provider: openai }
access:
  teams:
    support:
`

describe('a check of the whole configuration', () => {
  test('finds nothing in a good one, and tells where its values come from', () => {
    const report = check(GOOD, { OPENAI_API_KEY: 'sk-secret' })
    expect(report).toMatchObject({
      type: 'good',
      file: 'signalbox.yaml',
      values: { models: { providers: { openai: { apiKey: '***' } }, timeouts: { connect: '10s' } } },
      origins: {
        'models.providers.openai.apiKey': 'env:OPENAI_API_KEY (signalbox.yaml:7)',
        'models.models[0].price.inputPerMillion': 'signalbox.yaml:10',
        'models.timeouts.connect': 'default',
      },
    })
    expect(JSON.stringify(report)).not.toContain('sk-secret')
  })

  test.each([
    [
      'a provider that is not there',
      'models:\n  providers: { ollama: }\n  models:\n    - { name: mini, provider: olama }\n',
      'signalbox.yaml:4:31 models.models[0].provider: no provider is called "olama"; did you mean "ollama"?',
    ],
    [
      'a literal key, which it does not repeat',
      'models:\n  providers:\n    openai: { apiKey: sk-secret }\n',
      'signalbox.yaml:3:23 models.providers.openai.apiKey: a secret is never written here itself; write env:NAME or file:PATH, which say where it is (the value is not shown)',
    ],
    [
      'a variable that is not set',
      'models:\n  providers:\n    openai: { apiKey: [env:OPENAI_API_KEY] }\n',
      'signalbox.yaml:3:24 models.providers.openai.apiKey[0]: the environment variable OPENAI_API_KEY is not set; export it in the shell that starts the gateway',
    ],
    [
      'a key with a space in it',
      'models:\n  providers:\n    openai: { apiKey: env:SPACED }\n',
      'signalbox.yaml:3:23 models.providers.openai.apiKey: env:SPACED holds a character that no key has, such as a space or a line break',
    ],
    [
      'a price that is none',
      'models:\n  providers: { ollama: }\n  models:\n    - { name: a, provider: ollama, price: { inputPerMillion: free, outputPerMillion: 1 } }\n',
      'signalbox.yaml:4:62 models.models[0].price.inputPerMillion: "free" is not an amount; write US dollars with at most nine decimals, such as 0.25',
    ],
    [
      'a key of a later version',
      'access:\n  teams:\n    support: { residency: [] }\n',
      'signalbox.yaml:3:16 access.teams.support.residency: unknown key; the keys here are models, tools, agents, labels, guards, bodies, budgets, limits',
    ],
  ])('finds %s', (_what, text, line) => {
    expect(check(text, { SPACED: 'sk secret' })).toMatchObject({ type: 'bad', lines: [line] })
  })
})

describe('the configuration file of a folder', () => {
  test('is the YAML one first, and none where there is none', () => {
    expect(findConfigFile(folder)).toBeUndefined()
    writeFileSync(join(folder, 'signalbox.json'), '{}')
    expect(findConfigFile(folder)).toBe('signalbox.json')
    writeFileSync(join(folder, 'signalbox.yaml'), '')
    expect(findConfigFile(folder)).toBe('signalbox.yaml')
  })
})
