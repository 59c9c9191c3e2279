import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const LAYERS = ['models', 'tools', 'agents']
/** What every layer may bring along. */
const SHARED = ['core', 'policy', 'ledger', 'stages']

const existing = LAYERS.filter((layer) => existsSync(join(ROOT, 'src', layer, 'index.ts')))

/** The files of ours that a bundle of these entries holds, by their paths below src. Packages stay outside. */
async function filesBundled(entries: readonly string[]): Promise<readonly string[]> {
  const entrypoints = entries.map((entry) => join(ROOT, 'src', entry))
  const bundle = await Bun.build({ entrypoints, target: 'bun', packages: 'external', metafile: true })
  expect(bundle.success).toBe(true)
  const inputs = Object.keys(bundle.metafile?.inputs ?? {})
  return inputs.map((input) => relative(join(ROOT, 'src'), resolve(input)).replaceAll('\\', '/'))
}

function foldersOf(files: readonly string[]): readonly string[] {
  return [...new Set(files.map((file) => file.split('/')[0] ?? ''))].sort()
}

test('there is a layer', () => {
  expect(existing).not.toEqual([])
})

describe.each(existing)('%s alone', (layer) => {
  test('bundles without a file of another layer, and without what joins them', async () => {
    const files = await filesBundled([`${layer}/index.ts`])
    expect(files).toContain(`${layer}/index.ts`)
    expect(foldersOf(files).filter((folder) => folder !== layer && !SHARED.includes(folder))).toEqual([])
  })
})

describe('core alone', () => {
  const entries = readdirSync(join(ROOT, 'src/core')).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))

  test('bundles without a file of any other folder', async () => {
    const files = await filesBundled(entries.map((entry) => `core/${entry}`))
    expect(files).toContain('core/stage.ts')
    expect(foldersOf(files)).toEqual(['core'])
  })
})

test('a bundle that reaches further is noticed', async () => {
  const files = await filesBundled(['platform/world.ts'])
  expect(foldersOf(files)).toEqual(['core', 'platform'])
})
