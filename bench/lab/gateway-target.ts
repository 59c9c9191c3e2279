import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { chatBody } from './chat-request.ts'
import { mockKey } from './mock-upstream.ts'
import { listChildren } from './proc.ts'
import type { Child, Processes } from './processes.ts'
import type { Target } from './target.ts'

const readyLimitMs = 20_000
const launcher = ['node', 'bin/signalbox.js']

const limits = '{ limits: [ { requests: 100M, per: minute }, { tokens: 1G, per: minute }, { concurrent: 10k } ] }'
const keyBudgets = `  accounts:
    - of: each key
      budgets: [ { usd: 1000000, per: month }, { tokens: 900G, per: day, zone: Europe/Zurich }, { calls: 1G, per: hour } ]
`

export interface GatewayOptions {
  readonly processes: Processes
  /** Made when missing; holds signalbox.yaml, the data folder and the logs. */
  readonly folder: string
  readonly mockPort: number
  /** Shapes of the mock that the configuration must name as models. */
  readonly shapes: readonly string[]
  /** MCP servers of the mock that it stands before, and an agent; left out: it has models only. */
  readonly mcpServers?: number
  /** Three budgets for each key, and limits for the team. */
  readonly hasBudgets?: true
  /** Answers of all models are cached. */
  readonly hasCache?: true
}

/** Signalbox, installed and started as a user would: a configuration file, `serve`, and a key made by the command line. */
export class GatewayTarget implements Target {
  readonly name = 'gateway'
  readonly #options: GatewayOptions
  readonly #configFile: string
  readonly #controlPort = findFreePort()
  readonly port = findFreePort()
  key = ''
  #adminKey = ''
  #launcher: Child | undefined
  #pid = 0

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#configFile = `${options.folder}/signalbox.yaml`
  }

  get pid(): number {
    this.#pid ||= this.#launcher === undefined ? 0 : (listChildren(this.#launcher.pid)[0] ?? 0)
    return this.#pid
  }

  nameModel(shape: string): string {
    return shape.replace('mock-', 'bench-')
  }

  /** Writes the configuration, starts the gateway for the first time and makes the key. */
  async install(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true })
    await writeFile(this.#configFile, this.#configuration())
    await this.launch()
    await this.waitUntilReady()
    this.key = await this.#createKey()
  }

  async launch(): Promise<void> {
    this.#pid = 0
    this.#launcher = this.#spawn(['serve', '--config', this.#configFile], { log: 'gateway.log', stdout: 'log' })
  }

  async waitUntilReady(): Promise<void> {
    const limit = performance.now() + readyLimitMs
    while (!(await this.#isReady())) {
      if (performance.now() > limit || this.#launcher?.hasExited() !== false) throw new Error(await this.#explainFailure())
      await Bun.sleep(20)
    }
  }

  async stop(): Promise<void> {
    await this.#launcher?.stop()
  }

  get dataFolder(): string {
    return `${this.#options.folder}/data`
  }

  /** Makes keys through the control API, many at a time. */
  async makeKeys(count: number): Promise<readonly string[]> {
    return inParallel(count, async () => {
      const text = await this.askControl('POST', '/api/v1/keys', '{"team":"bench"}')
      // The shape that scripts rely on.
      return (JSON.parse(text) as { readonly key: string }).key
    })
  }

  /** Asks the control API; gives the body. */
  async askControl(method: 'GET' | 'POST', path: string, body?: string): Promise<string> {
    this.#adminKey ||= (await readFile(`${this.dataFolder}/admin-key`, 'utf8')).trim()
    const headers = { authorization: `Bearer ${this.#adminKey}`, 'content-type': 'application/json' }
    const reply = await fetch(`http://127.0.0.1:${this.#controlPort}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path} was answered with ${reply.status}: ${text.slice(0, 500)}`)
    return text
  }

  /** Runs a command of the command line to its end, from the launcher on. @returns what it printed */
  async runCommand(args: readonly string[]): Promise<string> {
    const command = Bun.spawn([...launcher, ...args, '--config', this.#configFile], { stderr: 'ignore' })
    const text = await new Response(command.stdout).text()
    if ((await command.exited) !== 0) throw new Error(`signalbox ${args.join(' ')} ended with ${command.exitCode}.`)
    return text
  }

  /** One call with each key. */
  async callWithEach(keys: readonly string[]): Promise<void> {
    const body = chatBody({ model: this.nameModel('mock-whole'), isStreamed: false })
    await inParallel(keys.length, async (index) => {
      const headers = { authorization: `Bearer ${keys[index]}`, 'content-type': 'application/json' }
      const reply = await fetch(`http://127.0.0.1:${this.port}/v1/chat/completions`, { method: 'POST', headers, body })
      await reply.text()
      if (reply.status !== 200) throw new Error(`A call with a new key was answered with ${reply.status}.`)
    })
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.#controlPort}/readyz`, { headers: { connection: 'close' } })).ok
    } catch {
      return false
    }
  }

  async #createKey(): Promise<string> {
    const command = this.#spawn(['keys', 'create', '--team', 'bench', '--json', '--config', this.#configFile], {
      log: 'keys.log',
      stdout: 'lines',
    })
    let text = ''
    // The JSON may be one line or many: it is whole when it parses.
    for (;;) {
      text += await command.readLine()
      const key = readKey(text)
      if (key !== undefined) {
        await command.stop()
        return key
      }
    }
  }

  #spawn(args: readonly string[], output: { readonly log: string; readonly stdout: 'lines' | 'log' }): Child {
    const { processes, folder } = this.#options
    return processes.spawn({
      command: [...launcher, ...args],
      environment: { MOCK_KEY: mockKey, MOCK_BEARER: `Bearer ${mockKey}` },
      logFile: `${folder}/${output.log}`,
      stdout: output.stdout,
    })
  }

  async #explainFailure(): Promise<string> {
    const what = this.#launcher?.hasExited() === false ? `was not ready within ${readyLimitMs / 1000} s` : 'ended before it was ready'
    const log = await readFile(`${this.#options.folder}/gateway.log`, 'utf8')
    return `The gateway ${what}. The end of its output:\n${log.slice(-2000)}`
  }

  #configuration(): string {
    const { mcpServers, mockPort } = this.#options
    if (mcpServers !== undefined) return this.#protocolConfiguration(mcpServers, mockPort)
    const models = this.#options.shapes.map(
      (shape) =>
        `    - { name: ${this.nameModel(shape)}, provider: mock, id: ${shape}, price: { inputPerMillion: 1, outputPerMillion: 2 }${this.#options.hasCache === true ? ', cache: {}' : ''} }`,
    )
    return `listen: { data: 127.0.0.1:${this.port}, control: 127.0.0.1:${this.#controlPort} }
storage: sqlite:./data
models:
  providers:
    mock: { wire: openai-chat, baseUrl: "http://127.0.0.1:${this.#options.mockPort}/v1", apiKey: env:MOCK_KEY }
  models:
${models.join('\n')}
${this.#routes()}access:
  teams:
    bench: ${this.#options.hasBudgets === true ? limits : '{}'}
${this.#options.hasBudgets === true ? keyBudgets : ''}`
  }

  /** Three targets in turn by weight: the first of them that is drawn answers. */
  #routes(): string {
    if (!this.#options.shapes.includes('mock-whole')) return ''
    const model = this.nameModel('mock-whole')
    return `    - { name: spare-1, provider: mock, id: mock-whole }
    - { name: spare-2, provider: mock, id: mock-whole }
  routes:
    - { name: routed, strategy: weighted, targets: [ { model: ${model} }, { model: spare-1 }, { model: spare-2 } ] }
`
  }

  #protocolConfiguration(mcpServers: number, mockPort: number): string {
    const servers = Array.from(
      { length: mcpServers },
      (_, index) => `    s${index}: { url: "http://127.0.0.1:${mockPort}/mcp/${index}", headers: { authorization: env:MOCK_BEARER } }`,
    )
    return `listen: { data: 127.0.0.1:${this.port}, control: 127.0.0.1:${this.#controlPort} }
storage: sqlite:./data
tools:
  servers:
${servers.join('\n')}
agents:
  agents:
    mock: { url: "http://127.0.0.1:${mockPort}/a2a", headers: { authorization: env:MOCK_BEARER } }
access:
  teams:
    bench: { tools: { default: deny, readOnly: allow }, agents: [mock] }
`
  }
}

/** Does so many things, 32 at a time. */
async function inParallel<Result>(count: number, work: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index)
  }
  await Promise.all(Array.from({ length: 32 }, worker))
  return results
}

function readKey(text: string): string | undefined {
  try {
    // The shape that scripts rely on: `keys create --json` → { id, key, … }.
    return (JSON.parse(text) as { readonly key?: string }).key
  } catch {
    return undefined
  }
}

function findFreePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  listener.stop(true)
  return listener.port
}
