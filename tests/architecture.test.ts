import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { lineAt, readSource, type SourceText } from '../src/testing/source-text.ts'

const ROOT = join(import.meta.dirname, '..')

/** A file of the repository, by its path from the root. */
interface SourceFile extends SourceText {
  readonly path: string
}

const sources = ['src', 'tests'].flatMap((folder) => filesBelow(folder)).map((path) => fileOf(path, readFileSync(join(ROOT, path), 'utf8')))
const product = sources.filter(({ path }) => path.startsWith('src/') && !isTest(path) && folderOf(path) !== 'testing')

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => /\.[cm]?[jt]sx?$/.test(path)).map((path) => posix.join(folder, path.replaceAll('\\', '/')))
}

function fileOf(path: string, text: string): SourceFile {
  return { path, ...readSource(text) }
}

function isTest(path: string): boolean {
  return path.startsWith('tests/') || /\.test\.ts$/.test(path)
}

/** `models` of `src/models/http.ts`; of a file outside src, its first folder. */
function folderOf(path: string): string {
  const [top = '', folder = ''] = path.split('/')
  return top === 'src' ? folder : top
}

/** Who may import whom: the table of the design, as it stands there. A folder's own files are always allowed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  policy: ['core'],
  ledger: ['core'],
  stages: ['core', 'policy', 'ledger'],
  models: ['core', 'policy', 'stages'],
  tools: ['core', 'policy', 'stages'],
  agents: ['core', 'policy', 'stages'],
  storage: ['core', 'ledger'],
  control: ['core', 'policy', 'ledger'],
  platform: ['core'],
  app: ['core', 'policy', 'ledger', 'stages', 'models', 'tools', 'agents', 'storage', 'control', 'platform'],
  cli: ['app', 'control/client'],
}
/** These may import anything. */
const FREE = ['testing']

/** Imports that the table does not allow. */
function importViolations(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path)
  if (FREE.includes(folder) || !file.path.startsWith('src/')) return []
  const allowed = MAY_IMPORT[folder]
  if (allowed === undefined) return [`${file.path}: src/${folder} has no row in the table`]
  const permitted = [folder, ...allowed, ...(isTest(file.path) ? FREE : [])]
  return specifiersOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, line }) => ({ target: posix.join(posix.dirname(file.path), specifier), line }))
    .filter(({ target }) => target !== 'package.json' && !permitted.some((place) => isBelow(target, `src/${place}`)))
    .map(({ target, line }) => `${file.path}:${line} imports ${target}`)
}

function isBelow(path: string, place: string): boolean {
  return path.startsWith(`${place}/`) || path === `${place}.ts`
}

/** What a file imports, exports from, requires, or imports as it runs. */
function specifiersOf(file: SourceFile): readonly { readonly specifier: string; readonly line: number }[] {
  const pattern = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])([^'"`\n]+)\1/g
  return [...file.code.matchAll(pattern)].map((match) => ({ specifier: match[2] ?? '', line: lineAt(file.code, match.index) }))
}

/** Something that may stand in some folders only. */
interface Ban {
  readonly what: string
  readonly pattern: RegExp
  /** Where to look: at the names of what is imported, or at code without comments and the contents of strings. */
  readonly in: 'imports' | 'bare'
  readonly allowedIn: readonly string[]
}

const WORLD_ONLY = ['platform']
const FILE_FOLDERS = ['platform', 'storage', 'cli', 'app']
const BANS: readonly Ban[] = [
  worldOnly('the clock', /\bDate\.now\b|\bnew Date\b(?!\s*\(\s*[^)\s])|\bperformance\.now\b|\bprocess\.hrtime\b|\bBun\.nanoseconds\b/),
  worldOnly('a timer', /\bset(?:Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|\bBun\.sleep(?:Sync)?\b/),
  worldOnly('chance', /\bMath\.random\b|\brandom(?:UUID|UUIDv7|Bytes|Int)\b|\bgetRandomValues\b/),
  worldOnly('the network', /\b(?:Bun|globalThis)\.fetch\b|\bBun\.(?:serve|listen|connect|udpSocket)\b|\bnew WebSocket\b/),
  { what: 'the network', pattern: /^(?:node:)?(?:net|tls|dgram|https?|http2)$/, in: 'imports', allowedIn: WORLD_ONLY },
  { what: 'files', pattern: /\bBun\.(?:file|write)\b/, in: 'bare', allowedIn: FILE_FOLDERS },
  { what: 'files', pattern: /^(?:(?:node:)?fs(?:\/promises)?|bun:sqlite)$/, in: 'imports', allowedIn: FILE_FOLDERS },
]

function worldOnly(what: string, pattern: RegExp): Ban {
  return { what, pattern, in: 'bare', allowedIn: WORLD_ONLY }
}

/** Uses of the clock, chance, timers, the network and files outside of the folders that may. */
function banViolations(file: SourceFile): readonly string[] {
  const folder = folderOf(file.path)
  const banned = BANS.filter((rule) => !rule.allowedIn.includes(folder)).flatMap((rule) =>
    rule.in === 'bare' ? places(file, 'bare', rule.pattern, rule.what) : bannedImports(file, rule),
  )
  return WORLD_ONLY.includes(folder) ? banned : [...banned, ...bareFetches(file)]
}

function bannedImports(file: SourceFile, rule: Ban): readonly string[] {
  // `isIP` looks at a text and reaches for nothing.
  const code = file.code.replace(/import \{ isIP \} from 'node:net'/, '')
  const imported = specifiersOf({ ...file, code }).filter(({ specifier }) => rule.pattern.test(specifier))
  return imported.map(({ line }) => `${file.path}:${line} has ${rule.what}`)
}

/** Calls of the global `fetch`; a method of that name that is declared, or called on something, is another. */
function bareFetches(file: SourceFile): readonly string[] {
  const calls = [...file.bare.matchAll(/(?<![.\w$#])fetch\s*\(/g)].filter((match) => !isDeclaration(file.bare, match))
  return calls.map((match) => `${file.path}:${lineAt(file.bare, match.index)} has a bare fetch`)
}

/** Whether a name with a bracket stands where a member is declared, and the bracket closes in front of a type or a body. */
function isDeclaration(text: string, match: RegExpExecArray): boolean {
  let at = match.index + match[0].length
  for (let depth = 1; depth > 0 && at < text.length; at++) depth += text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0
  const isMember = /(?:[{};,]|\n)[ \t]*(?:(?:async|override) +)*$/.test(text.slice(Math.max(0, match.index - 200), match.index))
  return isMember && /^\s*[:{]/.test(text.slice(at, at + 20))
}

function places(file: SourceFile, text: 'raw' | 'code' | 'bare', pattern: RegExp, what: string): readonly string[] {
  const found = [...file[text].matchAll(new RegExp(pattern, `g${pattern.flags}`))]
  return found.map((match) => `${file.path}:${lineAt(file[text], match.index)} has ${what}`)
}

/** Rules of style that a machine can see. Split here, so that this file does not break them itself. */
function styleViolations(file: SourceFile): readonly string[] {
  const lines = file.raw.split('\n').length - 1
  return [
    ...(lines > 400 ? [`${file.path} has ${lines} lines: split it`] : []),
    ...places(file, 'bare', /(?<![.\w$])any\b(?!\s*[:(?])|\bz\.any\(/, 'an `any`'),
    ...places(file, 'raw', /@ts-(?:ignore|nocheck|expect-error)/, 'a switched-off type check'),
    ...places(
      file,
      'bare',
      /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|only|todo|failing)\b|\bx(?:it|test|describe)\(/,
      'a test that does not run, or runs alone',
    ),
  ]
}

/** State that nobody owns. */
function stateViolations(file: SourceFile): readonly string[] {
  return places(file, 'bare', /^(?:export\s+)?(?:let|var)\b/m, 'a variable of the module')
}

/** Names of providers in code that serves them all. Examples of configuration are documentation, and a wire is no provider. */
function providerViolations(names: readonly string[]): (file: SourceFile) => readonly string[] {
  // Two rows are called by words of every day: those count as a whole string only.
  const pattern = names
    .map((name) => (['together', 'fireworks'].includes(name) ? `(?<=['"])${name}(?=['"])` : `(?<![a-z0-9])${name}(?![a-z0-9])`))
    .join('|')
  return (file) => {
    const code = file.code.replace(/^.*\bexamples\b.*$|\bwire: [a-z-]+/gm, (text) => ' '.repeat(text.length))
    return places({ ...file, code }, 'code', new RegExp(pattern, 'i'), 'the name of a provider')
  }
}

/** Texts for a person who has no configuration yet, and must be shown somebody's name. */
const NAMES_PROVIDERS = [
  'src/app/starting-config.ts',
  'src/app/first-minute.ts',
  'src/cli/commands/init.ts',
  // Each provider's export has a form of its own.
  'src/cli/commands/reconcile.ts',
  // Secrets are told apart by whose they are.
  'src/stages/guards/secrets/rules.ts',
]

/** Paths of one machine. */
function machinePaths(file: SourceFile): readonly string[] {
  return places(file, 'raw', /(?:(?<![\w.~@$/}-])|file:\/\/)\/(?:work|root|home)\//, 'a path of one machine')
}

const planted = (path: string, text: string): SourceFile => fileOf(path, text)

describe('the rules find what is planted', () => {
  test.each<[string, string, string, (file: SourceFile) => readonly string[]]>([
    ['a layer that imports another', 'src/models/x.ts', `import { a } from '../tools/a.ts'`, importViolations],
    ['a type of another layer', 'src/tools/x.ts', `type A = import('../agents/a.ts').A`, importViolations],
    ['something handed on', 'src/core/x.ts', `export * from '../policy/a.ts'`, importViolations],
    ['an import over several lines', 'src/policy/x.ts', `import type {\n  a,\n  b,\n} from "../ledger/a.ts"`, importViolations],
    ['an import for its effect', 'src/control/x.ts', `import '../storage/memory/a.ts'`, importViolations],
    ['an import as it runs', 'src/stages/x.ts', `await import('../models/index.ts')`, importViolations],
    ['a part of control that is not the client', 'src/cli/x.ts', `import { a } from '../control/keys.ts'`, importViolations],
    ['fakes in the product', 'src/app/x.ts', `import { a } from '../testing/a.ts'`, importViolations],
    ['the bench', 'src/app/x.ts', `import { a } from '../../bench/a.ts'`, importViolations],
    ['a test that reaches too far', 'src/core/x.test.ts', `import { a } from '../storage/a.ts'`, importViolations],
    ['a folder that the table does not know', 'src/helpers/x.ts', `export {}`, importViolations],
    ['the clock', 'src/core/x.ts', 'const a = Date.now()', banViolations],
    ['a date of now', 'src/core/x.ts', 'const a = new Date()', banViolations],
    ['a timer', 'src/stages/x.ts', 'setTimeout(run, 1)', banViolations],
    ['chance', 'src/models/x.ts', `import { randomBytes } from 'node:crypto'`, banViolations],
    ['a bare fetch', 'src/models/x.ts', 'const a = await fetch(url)', banViolations],
    ['a bare fetch in a condition', 'src/models/x.ts', 'const a = isIt ? fetch(url) : undefined', banViolations],
    ['a socket', 'src/control/x.ts', `import net from 'node:net'`, banViolations],
    ['a file', 'src/control/x.ts', `import { readFile } from 'node:fs/promises'`, banViolations],
    ['a long file', 'src/core/x.ts', 'a\n'.repeat(401), styleViolations],
    ['an any', 'src/core/x.ts', 'const a: any = 1', styleViolations],
    ['an any in a list', 'src/core/x.ts', 'const a = b as any[]', styleViolations],
    ['a type check that is off', 'src/core/x.ts', `// @${'ts-ignore'}`, styleViolations],
    ['a test that is skipped', 'src/core/x.test.ts', 'test.skip(a)', styleViolations],
    ['tests that run alone', 'src/core/x.test.ts', 'describe.only.each(a)(b)', styleViolations],
    ['a variable of a module', 'src/core/x.ts', 'import a\nexport let b = 1', stateViolations],
    ['a provider', 'src/stages/x.ts', `if (name === 'acme') a()`, providerViolations(['acme'])],
    ["a provider's variable", 'src/app/x.ts', 'env.ACME_API_KEY', providerViolations(['acme'])],
    ['a path of one machine', 'src/app/x.ts', `const a = '${'/wo'}rk/main'`, machinePaths],
  ])('%s', (_what, path, text, rule) => {
    expect(rule(planted(path, text))).toHaveLength(1)
  })

  test.each<[string, string, string, (file: SourceFile) => readonly string[]]>([
    [
      'what the table allows',
      'src/models/x.ts',
      `import { a } from '../core/a.ts'\nimport b from './b.ts'\nimport 'zod'`,
      importViolations,
    ],
    [
      'the client of control',
      'src/cli/x.ts',
      `import { a } from '../control/client.ts'\nimport { b } from '../app/b.ts'`,
      importViolations,
    ],
    ['fakes in a test', 'src/core/x.test.ts', `import { a } from '../testing/a.ts'`, importViolations],
    ['an import in a comment', 'src/core/x.ts', `// import { a } from '../tools/a.ts'`, importViolations],
    ['a fetch of the world', 'src/models/x.ts', 'call.world.fetch(url)\nthis.#fetch(url)', banViolations],
    ['a method that is called fetch', 'src/core/x.ts', 'interface A {\n  b: 1\n  fetch(a: (b: C) => D): Promise<E>\n}', banViolations],
    ['a method with a body', 'src/core/x.ts', 'class A {\n  async fetch(a: B) {\n  }\n}', banViolations],
    ['a date of something', 'src/core/x.ts', 'new Date(ms).toISOString()', banViolations],
    ['the words in a text', 'src/core/x.ts', `const a = 'Date.now() and setTimeout and any' // Math.random()`, banViolations],
    ['any in a text, and as a method', 'src/core/x.ts', `const a = 'any' + Promise.any([])`, styleViolations],
    ['a test that runs where it can', 'src/core/x.test.ts', 'test.skipIf(a)(b)', styleViolations],
    ['a variable of a function', 'src/core/x.ts', 'function a() {\n  let b = 1\n}', stateViolations],
    ['what looks at an address only', 'src/control/x.ts', `import { isIP } from 'node:net'`, banViolations],
    ['a word that is also the name of a module', 'src/control/x.ts', `const a = { scheme: 'http' }`, banViolations],
    ['a wire', 'src/app/x.ts', '`wire: acme-chat`', providerViolations(['acme'])],
    ['an example of configuration', 'src/core/x.ts', `const a = { examples: ['acme'] } // acme`, providerViolations(['acme'])],
    ['an address that has such a path', 'src/app/x.ts', `'https://example.com/${'home'}/a'`, machinePaths],
  ])('and let pass %s', (_what, path, text, rule) => {
    expect(rule(planted(path, text))).toEqual([])
  })
})

describe('the code keeps the rules', () => {
  test('and is all looked at', () => {
    expect(product.map(({ path }) => path)).toContain('src/core/reply.ts')
    expect(sources.map(({ path }) => path)).toContain('tests/architecture.test.ts')
    expect(new Set(product.map(({ path }) => folderOf(path))).difference(new Set(Object.keys(MAY_IMPORT))).size).toBe(0)
  })

  test('folders import whom the design says, and nobody else', () => {
    expect(sources.flatMap(importViolations)).toEqual([])
  })

  test('clock, chance, timers, network and files enter by their doors', () => {
    expect(product.flatMap(banViolations)).toEqual([])
  })

  test('no file is too long, no type is any, no check is off, and every test runs', () => {
    expect(sources.flatMap(styleViolations)).toEqual([])
  })

  test('no module keeps state of its own', () => {
    expect(sources.filter(({ path }) => !isTest(path)).flatMap(stateViolations)).toEqual([])
  })

  test('providers are named in models only', async () => {
    const names = await providerNames()
    const shared = product.filter(({ path }) => folderOf(path) !== 'models' && !NAMES_PROVIDERS.includes(path))
    expect(shared.flatMap(providerViolations(names))).toEqual([])
  })
})

/** The rows of models/providers.ts, and those that everybody knows. */
async function providerNames(): Promise<readonly string[]> {
  const path = join(ROOT, 'src/models/providers.ts')
  // The module's one table, by name; `sandbox` is a word of ours.
  const { PROVIDERS } = existsSync(path) ? ((await import(path)) as { PROVIDERS: object }) : { PROVIDERS: {} }
  return [...new Set([...Object.keys(PROVIDERS), 'openai', 'anthropic', 'groq', 'mistral', 'ollama'])].filter((name) => name !== 'sandbox')
}

describe('what is installed', () => {
  // package.json and its lock file, by npm's documentation.
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> }

  test('every dependency is pinned to one version', () => {
    const all = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) => Object.entries(manifest[kind] ?? {}))
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([])
    expect(all.length).toBeGreaterThan(5)
  })

  test('nothing that users install runs a script of its own', () => {
    const installed = Object.entries(lock.packages).filter(([, entry]) => entry.dev !== true)
    expect(installed.filter(([, entry]) => entry.hasInstallScript).map(([name]) => name)).toEqual([])
    expect(installed.length).toBeGreaterThan(5)
  })
})

interface LockedPackage {
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

test('no tracked file names a folder of the machine on which it was written', () => {
  const listed = Bun.spawnSync(['git', 'ls-files', '-z'], { cwd: ROOT })
  // Without git (an unpacked archive) the sources are what there is to look at.
  const paths = listed.success
    ? listed.stdout
        .toString()
        .split('\0')
        .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    : sources.map(({ path }) => path)
  const texts = paths.map((path) => ({ path, raw: readFileSync(join(ROOT, path), 'utf8'), code: '', bare: '' }))
  expect(texts.flatMap(machinePaths)).toEqual([])
})
