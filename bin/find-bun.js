// Which Bun package fits this machine. Used by bin/signalbox.js and by the npm scripts.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/** Package names that fit this platform, best first. */
export function bunPackages(platform = process.platform, arch = process.arch, facts = readFacts()) {
  const cpu = { x64: 'x64', arm64: 'aarch64' }[arch]
  const os = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[platform]
  if (cpu === undefined || os === undefined) return []
  const libc = os === 'linux' && facts.musl ? '-musl' : ''
  if (cpu !== 'x64') return os === 'windows' ? [] : [`@oven/bun-${os}-${cpu}${libc}`]
  const modern = `@oven/bun-${os}-${cpu}${libc}`
  // The modern build needs AVX2 and dies with SIGILL without it, as on old machines and masked virtual ones.
  return facts.avx2 === false ? [`${modern}-baseline`] : [modern, `${modern}-baseline`]
}

/** What to tell a person whose Node is too old; undefined where it is not. */
export function nodeHelp(version = process.versions.node) {
  const major = Number(version.split('.')[0])
  if (major >= 18) return undefined
  return `signalbox: Node 18 or later is needed to start it, and this is Node ${version}. https://nodejs.org has a newer one.\n`
}

/** Path of the Bun program, or undefined when no installed package fits. SIGNALBOX_BUN overrides. */
export function findBun(packages = bunPackages()) {
  if (process.env.SIGNALBOX_BUN) return process.env.SIGNALBOX_BUN
  for (const name of packages) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`))
      const program = join(folder, 'bin', process.platform === 'win32' ? 'bun.exe' : 'bun')
      if (existsSync(program)) return program
    } catch {
      // Not installed: the next name may be.
    }
  }
  return undefined
}

/**
 * Flags that Bun must be started with: nothing is installed, and nothing in the folder of the user says what is run or what stands in the
 * environment. Bun would take both from bunfig.toml and .env.
 */
export const BUN_FLAGS = ['run', '--no-install', '--no-env-file', `--config=${fileURLToPath(new URL('./bunfig.toml', import.meta.url))}`]

/**
 * The environment that Bun must be started with, which it reads once, at start: its limit of outgoing requests (256 by default), and how often its
 * allocator looks for memory to give back, in milliseconds. By default it looks all the time, which under load is 6 of 90 microseconds a call.
 */
export function bunEnvironment(environment) {
  return { BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', MIMALLOC_PURGE_HOLES_MIN_INTERVAL: '5000', ...environment }
}

/** What to tell a person whose platform has no runtime. */
export function platformHelp(platform = process.platform, arch = process.arch, packages = bunPackages()) {
  const wanted =
    packages.length === 0
      ? `There is no Bun build for ${platform}-${arch}.`
      : `None of the packages that fit ${platform}-${arch} is installed: ${packages.join(', ')}.`
  return [
    `signalbox: no runtime found. ${wanted}`,
    'Signalbox runs on Linux (x64, arm64; glibc or musl), macOS (x64, arm64) and Windows (x64).',
    'If npm was told to skip optional dependencies (--omit=optional), install again without that,',
    'or set SIGNALBOX_BUN to a Bun 1.4.5 program.',
    '',
  ].join('\n')
}

function readFacts() {
  if (process.platform !== 'linux') return { musl: false, avx2: undefined }
  let avx2
  try {
    avx2 = process.arch !== 'x64' || /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    avx2 = undefined
  }
  const header = process.report?.getReport?.()?.header
  return { musl: header !== undefined && header.glibcVersionRuntime === undefined, avx2 }
}
