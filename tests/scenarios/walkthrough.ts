import { expect } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reachGateway } from '../../src/app/reach-gateway.ts'
import { type StandIn, standIn } from '../../src/app/sandbox/stand-in.ts'
import { type Running, startGateway } from '../../src/app/serve.ts'
import { shutDown } from '../../src/app/shutdown.ts'
import { run } from '../../src/cli/main.ts'
import { closedPort } from '../../src/testing/fake-upstream.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What a page names, in place of which stands what a test has. */
const [GATE, PROVIDER, AGENT, MCP] = [
  'http://127.0.0.1:4000',
  'http://127.0.0.1:4010/v1',
  'http://127.0.0.1:4011',
  '[npx, signalbox, sandbox, --mcp]',
]
const OWN_MCP = JSON.stringify([process.execPath, join(ROOT, 'src/cli/main.ts'), 'sandbox', '--mcp'])
const KEYS = ['OPENAI', 'ANTHROPIC', 'AZURE_EU'].map((name) => [`${name}_API_KEY`, `sk-${name}`] as const)

/** A command of a page, and what its output holds. */
interface Step {
  readonly command: string
  readonly shows: readonly string[]
}

/** The commands of a page: the lines of its shell blocks, each with the lines `# → …` that follow it. */
export function stepsOf(markdown: string): readonly Step[] {
  const lines = [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.replaceAll('\\\n', ' ').trim().split('\n'),
  )
  const steps: { command: string; shows: string[] }[] = []
  for (const line of lines) {
    if (line.startsWith('# → ')) steps.at(-1)?.shows.push(line.slice('# → '.length))
    else steps.push({ command: line.replace(/\s+#.*$/, '').trim(), shows: [] })
  }
  return steps
}

/** Somebody who follows the page of an example, in a copy of its folder. */
export class Walkthrough implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'signalbox-example-'))
  readonly #variables: Record<string, string> = {}
  #sandbox: StandIn | undefined
  #running: Running | undefined

  constructor(example: string) {
    cpSync(join(ROOT, 'examples', example), this.folder, { recursive: true })
  }

  get dataUrl(): string {
    return `http://${this.#running?.servers[0].address}`
  }

  /** What a command of the page was kept under. */
  variable(name: string): string {
    return this.#variables[name] ?? ''
  }

  /** Runs a command as the page has it; checks what it shows. */
  async follow({ command, shows }: Step): Promise<void> {
    const [, variable, inner = command] = /^(\w+)=\$\((.*)\)$/.exec(command) ?? []
    const { out, all } = await this.#do(inner)
    if (variable !== undefined) this.#variables[variable] = out.trim()
    for (const text of shows) expect(squeeze(all)).toContain(squeeze(text))
  }

  async #do(command: string): Promise<{ readonly out: string; readonly all: string }> {
    const [program, name, ...rest] = command.split(' ')
    if (program === 'export') return NOTHING
    if (program !== 'npx' || name !== 'signalbox') return this.#runShell(command)
    if (rest[0] === 'sandbox') {
      this.#sandbox = await standIn({ provider: 0, agent: 0 }, rest[1] === '--model' ? rest[2] : undefined)
      return NOTHING
    }
    return rest[0] === 'serve' ? this.#serve() : this.#runCommand(rest.join(' '))
  }

  async #serve(): Promise<typeof NOTHING> {
    const file = join(this.folder, 'signalbox.yaml')
    const { providerUrl = PROVIDER, agentUrl = AGENT } = this.#sandbox ?? {}
    const yaml = readFileSync(file, 'utf8').replace(PROVIDER, providerUrl).replace(AGENT, agentUrl).replace(MCP, OWN_MCP)
    // A page may tell an agent where the gateway is, so its port must be known before it listens.
    const data = `127.0.0.1:${await closedPort()}`
    writeFileSync(file, `listen: { data: "${data}", control: "127.0.0.1:0" }\n${yaml.replaceAll(GATE, `http://${data}`)}`)
    let printed = ''
    const err = (text: string) => {
      printed += text
    }
    const started = await startGateway({ configFile: undefined, cwd: this.folder, env: Object.fromEntries(KEYS), err })
    if (started.type === 'failed') throw new Error(printed)
    this.#running = started.running
    return NOTHING
  }

  /** A command line in this process; fails where it fails. */
  async #runCommand(line: string) {
    // Endings are written a moment after the answers.
    for (let round = 0; round < 2; round++) await this.#running?.store.log.flush(5000)
    const [words = '', file] = line.split(' > ')
    const args = words.split(' ').map((word) => this.#expanded(word.replaceAll("'", '')))
    let [out, all, exitCode] = ['', '', 0]
    const io = {
      out: (text: string) => {
        out += text
        all += text
      },
      err: (text: string) => {
        all += text
      },
      ...{ isTerminal: false, cwd: this.folder, env: { ...Object.fromEntries(KEYS), ...this.#gatewayEnv() } },
      setExitCode: (code: number) => {
        exitCode = code
      },
    }
    await run(args, { io, reach: reachGateway, onInterrupt: () => new AbortController().signal })
    expect([line, exitCode, exitCode === 0 ? '' : all]).toEqual([line, 0, ''])
    if (file !== undefined) writeFileSync(join(this.folder, file), out)
    return { out, all }
  }

  #gatewayEnv(): Readonly<Record<string, string>> {
    if (this.#running === undefined) return {}
    const adminKey = readFileSync(join(this.folder, 'data', 'admin-key'), 'utf8').trim()
    return { SIGNALBOX_URL: `http://${this.#running.servers[1].address}`, SIGNALBOX_ADMIN_KEY: adminKey }
  }

  #expanded(word: string): string {
    return word.replace(/^\$(\w+)$/, (_whole, name: string) => this.#variables[name] ?? '')
  }

  async #runShell(line: string) {
    const env = { PATH: process.env.PATH ?? '', ...this.#variables }
    const shell = Bun.spawn(['sh', '-c', line.replaceAll(GATE, this.dataUrl)], { cwd: this.folder, env, stdout: 'pipe', stderr: 'inherit' })
    const out = await new Response(shell.stdout).text()
    expect([line, await shell.exited]).toEqual([line, 0])
    return { out, all: out }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== undefined) await shutDown(this.#running, { signal: 'test', hurry: AbortSignal.abort() })
    await this.#sandbox?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const NOTHING = { out: '', all: '' }

/** Columns are as wide as their contents; JSON within JSON is escaped. */
function squeeze(text: string): string {
  return text.replaceAll('\\"', '"').replaceAll(/ +/g, ' ')
}
