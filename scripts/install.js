// Installs when node_modules does not match the lock file, and only then: `npm start` and `npm test` in a fresh clone need nothing else.
// With --run only what runs the gateway, which is a tenth of the packages; without it, what tests and checks need too.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeHelp } from '../bin/find-bun.js'

const tooOld = nodeHelp()
if (tooOld !== undefined) {
  process.stderr.write(tooOld)
  process.exit(3)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = `${root}/node_modules/.signalbox-lock`
const wanted = createHash('sha256')
  .update(readFileSync(`${root}/package-lock.json`))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex')
// Whoever has everything, or installed by hand, keeps everything: a start does not take a developer's tools away.
const [found = '', foundKind = 'all'] = existsSync(stamp)
  ? readFileSync(stamp, 'utf8').split(' ')
  : ['', existsSync(`${root}/node_modules`) ? 'all' : 'run']
const kind = process.argv.includes('--run') && foundKind === 'run' ? 'run' : 'all'

if (found !== wanted || (kind === 'all' && foundKind === 'run')) {
  process.stderr.write('signalbox: installing dependencies (once for each change of the lock file)\n')
  const npm = process.env.npm_execpath
  const [program, first] = npm ? [process.execPath, [npm]] : ['npm', []]
  const omit = kind === 'run' ? ['--omit=dev'] : ['--include=dev']
  const done = spawnSync(
    program,
    [...first, 'ci', ...omit, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  if (done.status !== 0) {
    process.stderr.write(
      'signalbox: `npm ci` failed; its message is above. It needs the registry once, and leave to write into this folder.\n',
    )
    process.exit(done.status ?? 1)
  }
  mkdirSync(`${root}/node_modules`, { recursive: true })
  writeFileSync(stamp, `${wanted} ${kind}`)
}
