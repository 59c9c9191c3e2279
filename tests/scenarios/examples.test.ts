import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stepsOf, Walkthrough } from './walkthrough.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const SNIPPETS = 'sdks'
const names = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const pageOf = (name: string) => readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8')

test('the index names each example', () => {
  const index = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  expect(names.filter((name) => !index.includes(`| [${name}](${name}) |`))).toEqual([])
  expect(names.length).toBeGreaterThan(6)
})

describe('whoever follows the page of', () => {
  test.each(names.filter((name) => name !== SNIPPETS))(
    '%s gets what it shows',
    async (name) => {
      const steps = stepsOf(pageOf(name))
      expect(steps.filter(({ shows }) => shows.length > 0)).not.toBeEmpty()
      await using walkthrough = new Walkthrough(name)
      for (const step of steps) await walkthrough.follow(step)
    },
    30_000,
  )
})

test('the snippets for SDKs run against the gateway of models', async () => {
  await using walkthrough = new Walkthrough('models')
  for (const step of stepsOf(pageOf('models')).slice(0, 3)) await walkthrough.follow(step)
  const env = { PATH: process.env.PATH ?? '', SIGNALBOX_KEY: walkthrough.variable('KEY'), SIGNALBOX_URL_FOR_CALLS: walkthrough.dataUrl }
  const shown: Record<string, string> = {}
  for (const file of ['openai.ts', 'anthropic.ts']) {
    const path = join(EXAMPLES, SNIPPETS, file)
    expect([file, existsSync(path.replace(/\.ts$/, '.py'))]).toEqual([file, true])
    const snippet = Bun.spawn([process.execPath, path], { env, stdout: 'pipe', stderr: 'inherit' })
    shown[file] = await new Response(snippet.stdout).text()
  }
  const answer = 'This is the Signalbox sandbox, not a model. You said: What is a signal box?'
  expect(shown).toEqual({
    'openai.ts': expect.stringMatching(new RegExp(`^${RegExp.escape(answer)}\nmodel_not_found, request call_`)),
    'anthropic.ts': expect.stringMatching(new RegExp(`^${RegExp.escape(answer)}\ncost: \\$0\\.\\d+\n$`)),
  })
})
