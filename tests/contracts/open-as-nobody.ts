// Opens a data folder as a user who may not write it, and prints what that gave. Run by data-folder.test.ts.
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { fakeWorld } from '../../src/testing/fake-world.ts'

const NOBODY = 65534
const [folder = ''] = process.argv.slice(2)
if (process.getuid?.() === 0) process.setuid?.(NOBODY)
const options = { world: fakeWorld(), version: '0', lastResort: () => {}, report: () => {} }
const result = await openSqliteStore(folder, options).catch((error) => ({ code: error.code, message: error.message }))
process.stdout.write(JSON.stringify('code' in result ? result : { code: 'opened' }))
