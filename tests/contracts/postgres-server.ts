import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'

/** Where the tests of PostgreSQL find one: `scripts/test-services.sh` starts it and sets these. */
export const POSTGRES_URL: string | undefined = process.env.SIGNALBOX_TEST_POSTGRES_URL
/** The folder of its programs, for tests that stop a server of their own. */
export const POSTGRES_BIN: string | undefined = process.env.SIGNALBOX_TEST_POSTGRES_BIN

/** A schema of one test. */
export interface TestSchema {
  /** Opens connections that see this schema and nothing else. */
  readonly url: string
  /** Runs a statement in it. */
  ask(text: string): Promise<readonly Record<string, unknown>[]>
  drop(): Promise<void>
}

/** Makes a schema. */
export async function newSchema(server: string): Promise<TestSchema> {
  const name = `test_${Bun.randomUUIDv7().replaceAll('-', '')}`
  const url = new URL(server)
  url.searchParams.set('search_path', name)
  const ask = async (text: string) => {
    const sql = postgres(url.href, { max: 1, onnotice: () => {} })
    try {
      return [...(await sql.unsafe<Record<string, unknown>[]>(text))]
    } finally {
      await sql.end()
    }
  }
  await ask(`CREATE SCHEMA ${name}`)
  return {
    url: url.href,
    ask,
    drop: async () => {
      await ask(`DROP SCHEMA ${name} CASCADE`)
    },
  }
}

/** A server of one test, which may be stopped. */
export interface TestServer {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Halts its processes, as a cut cable would: connections stay open and nothing answers. */
  halt(): void
  resume(): void
  /** Stops it for good and removes its files. */
  remove(): Promise<void>
}

/** Makes a server on a free port, in a folder of its own, and starts it. */
export async function newServer(programs: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-postgres-'))
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  chmodSync(folder, 0o755)
  const files = join(folder, 'files')
  mkdirSync(files)
  if (isRoot) await run(['chown', 'postgres', files])
  const asServer = (command: string) => run(isRoot ? ['su', 'postgres', '-s', '/bin/sh', '-c', command] : ['sh', '-c', command])
  const port = freePort()
  const settings = `-p ${port} -k ${files} -c listen_addresses=127.0.0.1 -c fsync=off`
  const control = (rest: string) => asServer(`'${programs}/pg_ctl' -D '${files}' -w -l '${files}/server.log' ${rest}`)
  await asServer(`'${programs}/initdb' -D '${files}' -U signalbox -A trust -E UTF8 --no-locale --no-sync`)
  const start = () => control(`-o "${settings}" start`)
  const stop = () => control('-m fast stop')
  await start()
  const isRunning = () => existsSync(join(files, 'postmaster.pid'))
  return {
    url: `postgres://signalbox@127.0.0.1:${port}/postgres`,
    start,
    stop,
    halt: () => signalAll(files, 'SIGSTOP'),
    resume: () => signalAll(files, 'SIGCONT'),
    remove: async () => {
      if (isRunning()) await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdout: 'ignore', stderr: 'pipe' })
  const said = new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${await said}`)
}

/**
 * A port below those that the system gives to connections (32768 and up): whoever tries again and again to reach a server that is away
 * could else be given its port, and keep it.
 */
function freePort(): number {
  for (let tries = 0; ; tries++) {
    const port = 16_000 + Math.floor(Math.random() * 16_000)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => {} } }).stop(true)
      return port
    } catch (thrown) {
      if (tries === 20) throw thrown
    }
  }
}

/** The server and those that answer for it. */
function signalAll(files: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
  const [pid = ''] = readFileSync(join(files, 'postmaster.pid'), 'utf8').split('\n')
  const children = Bun.spawnSync(['ps', '-o', 'pid=', '--ppid', pid]).stdout.toString().split(/\s+/)
  for (const each of [pid, ...children]) if (each !== '') process.kill(Number(each), signal)
}
