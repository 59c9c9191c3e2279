// Runs the pinned Bun with the given arguments: `node scripts/run-bun.js test`.
import { spawnSync } from 'node:child_process'
import { bunEnvironment, findBun, nodeHelp, platformHelp } from '../bin/find-bun.js'

const tooOld = nodeHelp()
if (tooOld !== undefined) {
  process.stderr.write(tooOld)
  process.exit(3)
}

const bun = findBun()
if (bun === undefined) {
  process.stderr.write(platformHelp())
  process.exit(3)
}
const done = spawnSync(bun, process.argv.slice(2), { stdio: 'inherit', env: bunEnvironment(process.env) })
process.exit(done.status ?? 1)
