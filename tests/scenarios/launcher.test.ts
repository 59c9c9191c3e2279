import { expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedPort } from '../../src/testing/fake-upstream.ts'

const ROOT = new URL('../../', import.meta.url).pathname

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = ROOT): Promise<Ended> {
  const child = Bun.spawn(['node', ...args], { cwd, stdout: 'pipe', stderr: 'pipe', env: { PATH: process.env.PATH ?? '', ...env } })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}

/** A copy of what starts the gateway, in a folder that has no packages. */
async function inCopy(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-launcher-'))
  try {
    for (const name of ['bin', 'scripts', 'package.json', 'package-lock.json'])
      cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    await check(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test.each([
  ['16.20.2', 'signalbox: Node 18 or later is needed to start it, and this is Node 16.20.2. https://nodejs.org has a newer one.\n'],
  ['18.0.0', undefined],
  ['26.1.0', undefined],
])('Node %s is told whether it is too old', async (version, says) => {
  const script = `import { nodeHelp } from ${JSON.stringify(join(ROOT, 'bin/find-bun.js'))}; process.stdout.write(nodeHelp('${version}') ?? '')`
  expect(await runNode(['--input-type=module', '-e', script])).toEqual({ code: 0, out: says ?? '', err: '' })
})

test('an old Node starts nothing: exit 3, and what is needed', () =>
  inCopy(async (folder) => {
    const old = join(folder, 'old.cjs')
    writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '16.20.2' })\n")
    for (const program of ['bin/signalbox.js', 'scripts/run-bun.js', 'scripts/install.js']) {
      const { code, err } = await runNode(['--require', old, join(folder, program)])
      expect([program, code, err]).toEqual([program, 3, expect.stringContaining('Node 18 or later is needed')])
    }
  }))

/** Node also looks into the folders above, where somebody may have installed one. */
const WITHOUT_BUN = `const Module = require('node:module')
const resolve = Module._resolveFilename
Module._resolveFilename = function (name, ...rest) {
  if (name.startsWith('@oven/')) throw new Error('Cannot find ' + name)
  return resolve.call(this, name, ...rest)
}
`

test('without a package of Bun for this machine: exit 3, which packages fit, and what to do', () =>
  inCopy(async (folder) => {
    const none = join(folder, 'none.cjs')
    writeFileSync(none, WITHOUT_BUN)
    const { code, out, err } = await runNode(['--require', none, join(folder, 'bin/signalbox.js'), 'version'])
    expect([code, out]).toEqual([3, ''])
    expect(err).toStartWith('signalbox: no runtime found. None of the packages that fit ')
    expect(err).toMatch(/is installed: @oven\/bun-[a-z0-9-]+/)
    expect(err).toContain('If npm was told to skip optional dependencies (--omit=optional), install again without that,\n')
    expect(err).not.toContain('    at ')
  }))

test('nothing in the folder of the user is run, or gets into the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-launcher-'))
  try {
    writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./first.ts"]\n')
    writeFileSync(join(folder, 'first.ts'), "console.error('run first')\n")
    writeFileSync(join(folder, '.env'), 'SIGNALBOX_URL=http://127.0.0.1:9\n')
    // A port of its own: at the default one a gateway of this machine may answer.
    const control = `127.0.0.1:${await closedPort()}`
    writeFileSync(join(folder, 'signalbox.yaml'), `listen: { control: '${control}' }\n`)
    const said = await runNode([join(ROOT, 'bin/signalbox.js'), 'status'], {}, folder)
    expect(said).toMatchObject({ code: 3, out: '' })
    expect(said.err).toContain(control)
    expect(said.err).not.toContain('run first')
    // Of the file the command line would have known an address, and missed its admin key.
    expect(said.err).not.toContain('SIGNALBOX_URL')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('Bun is told its limits, and what the user said of them stands', async () => {
  const show = `import { bunEnvironment } from ${JSON.stringify(`${ROOT}bin/find-bun.js`)}; console.log(JSON.stringify(bunEnvironment({ BUN_CONFIG_MAX_HTTP_REQUESTS: '7', HOME: '/h' })))`
  const { out } = await runNode(['--input-type=module', '--eval', show])
  expect(JSON.parse(out)).toEqual({ BUN_CONFIG_MAX_HTTP_REQUESTS: '7', MIMALLOC_PURGE_HOLES_MIN_INTERVAL: '5000', HOME: '/h' })
})

test('a Bun that cannot be started is named', async () => {
  const { code, err } = await runNode([join(ROOT, 'bin/signalbox.js'), 'version'], { SIGNALBOX_BUN: '/nowhere/bun' })
  expect([code, err]).toEqual([
    3,
    expect.stringContaining('the Bun runtime at /nowhere/bun cannot be started: spawn /nowhere/bun ENOENT\n'),
  ])
})

test('a start installs what it needs to run, a test installs the rest, and neither takes anything away or installs twice', () =>
  inCopy(async (folder) => {
    const npm = join(folder, 'npm.cjs')
    writeFileSync(npm, 'process.stdout.write(process.argv.filter((word) => /omit|include/.test(word)).join())\n')
    const install = async (...flags: readonly string[]) => {
      const { code, err } = await runNode([join(folder, 'scripts/install.js'), ...flags], { npm_execpath: npm })
      return [code, /--\w+=dev/.exec(err)?.[0]]
    }
    expect(await install('--run')).toEqual([0, '--omit=dev'])
    expect(await install('--run')).toEqual([0, undefined])
    expect(await install()).toEqual([0, '--include=dev'])
    expect(await install()).toEqual([0, undefined])
    expect(await install('--run')).toEqual([0, undefined])
    writeFileSync(join(folder, 'package-lock.json'), '{}')
    expect(await install('--run')).toEqual([0, '--include=dev'])
  }))

test('the launcher may be executed: npx does not see to that in a clone that stands where another stood', () => {
  expect(statSync(join(ROOT, 'bin/signalbox.js')).mode & 0o111).toBe(0o111)
})

test('an installation that fails says so after npm did, and is tried again the next time', () =>
  inCopy(async (folder) => {
    mkdirSync(join(folder, 'node_modules'))
    const npm = join(folder, 'npm.cjs')
    writeFileSync(npm, "process.stderr.write('npm error network\\n'); process.exitCode = 7\n")
    for (let start = 0; start < 2; start++) {
      const { code, err } = await runNode([join(folder, 'scripts/install.js')], { npm_execpath: npm })
      expect([code, err]).toEqual([7, expect.stringMatching(/npm error network\nsignalbox: `npm ci` failed; its message is above\./)])
    }
  }))
