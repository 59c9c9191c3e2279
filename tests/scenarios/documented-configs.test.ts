import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { checkConfig } from '../../src/app/check-config.ts'
import { isObject, type Json, type JsonObject } from '../../src/core/json.ts'

// Every piece of YAML that a page shows is one that loads: as it is where it says where its schema is, else with what a reader adds to it.
const ROOT = join(import.meta.dirname, '../..')
const WHOLE = '# yaml-language-server'
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs'), 'utf8').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))]
const pieces = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, yaml = ''], index) => [`${page} ${index + 1}`, yaml] as const,
  ),
)

const ENV = {
  ...Object.fromEntries(
    ['OPENAI_API_KEY', 'OPENAI_API_KEY_2', 'ANTHROPIC_API_KEY', 'GITHUB_BEARER', 'HOOK_SECRET'].map((name) => [name, 'sk-1']),
  ),
  DATABASE_URL: 'postgres://signalbox@127.0.0.1/signalbox',
  SIGNALBOX_SECRET: '0'.repeat(64),
}
/** Of everything that a page may refer to there is something. */
const anyVariable: typeof ENV & Readonly<Record<string, string | undefined>> = new Proxy(ENV, {
  get: (known, name) => Reflect.get(known, name) ?? 'sk-1',
})

const PROVIDERS = { openai: { apiKey: 'env:OPENAI_API_KEY' }, anthropic: { apiKey: 'env:ANTHROPIC_API_KEY' } }
const modelNamed = (name: string): JsonObject => ({ name, provider: 'openai', id: 'gpt-5-mini' })

/** A piece may name a team or a guard that it does not show. */
const REFERS_ELSEWHERE = /: no (?:team|guard|agent|server)(?: and no \w+)? is called "/

/** A piece as a whole configuration: a part of a route or a model is put into one, and what it refers to is added. */
function completed(piece: JsonObject): JsonObject {
  const { strategy, cache, models = {} } = piece
  if (strategy !== undefined) {
    const targets = listOf(piece.targets).map((target) => modelNamed(String(isObject(target) ? target.model : '')))
    return { models: { providers: PROVIDERS, models: targets, routes: [{ name: 'route', ...piece }] } }
  }
  if (cache !== undefined) return { models: { providers: PROVIDERS, models: [{ ...modelNamed('mini'), cache }] } }
  const written = isObject(models) ? models : {}
  const names = listOf(written.models).map((model) => (isObject(model) ? model.name : undefined))
  return {
    ...piece,
    models: {
      ...written,
      providers: { ...PROVIDERS, ...(isObject(written.providers) ? written.providers : {}) },
      models: [...listOf(written.models), ...(names.includes('mini') ? [] : [modelNamed('mini')])],
    },
  }
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

test.each(pieces)('the configuration in %s loads', (_where, yaml) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-docs-'))
  try {
    // YAML of a page has no value that JSON has not.
    const piece = parse(yaml) as Json
    if (!isObject(piece)) return expect(yaml).toStartWith(WHOLE)
    writeFileSync(join(folder, 'signalbox.yaml'), yaml.startsWith(WHOLE) ? yaml : JSON.stringify(completed(piece)))
    const report = checkConfig({ file: 'signalbox.yaml', cwd: folder, env: anyVariable })
    const lines = report.type === 'bad' ? report.lines : []
    expect(yaml.startsWith(WHOLE) ? lines : lines.filter((line) => !REFERS_ELSEWHERE.test(line))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('there are pieces on many pages, and whole files among them', () => {
  expect(new Set(pieces.map(([where]) => where.split(' ')[0])).size).toBeGreaterThan(8)
  expect(pieces.filter(([, yaml]) => yaml.startsWith(WHOLE)).length).toBeGreaterThan(4)
})
