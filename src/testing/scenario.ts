import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_KEY_FILE } from '../app/data-folder.ts'
import { type Running, startGateway } from '../app/serve.ts'
import { shutDown } from '../app/shutdown.ts'
import type { CallEnded, CallStarted, Event } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import { assertEvents, type Expected, type ExpectedEvent } from './expected-events.ts'
import { type FakeUpstream, fakeUpstream } from './fake-upstream.ts'

export type { Expected, ExpectedEvent } from './expected-events.ts'

/** The credential that a scenario's provider `fake` is given, by `env:FAKE_PROVIDER_KEY`. It must be seen by the upstream alone. */
export const FAKE_PROVIDER_KEY = 'sk-fake-provider-key-that-nobody-may-see'

/** Sections as in signalbox.yaml: each stands in place of the scenario's own. */
export type ScenarioConfig = Readonly<Record<string, unknown>>

/** How a scenario differs from the ordinary one. */
export interface ScenarioOptions {
  /**
   * Sections of the configuration, or a function that makes them for the base URL of the upstream. What is left out is the ordinary one:
   * the model `mini` at the provider `fake`, and the team `support`. Addresses and, unless `storage` is given, folders are the scenario's own business.
   */
  readonly config?: ScenarioConfig | ((baseUrl: string) => ScenarioConfig)
  /** Base URL of a provider that the test started itself. Left out: a `fakeUpstream` that the scenario starts and closes. */
  readonly baseUrl?: string
  /** A data folder that stays: for a gateway that is started again. Left out: a temporary one. */
  readonly folder?: string
}

/** What is asked of a new key, as the control API takes it. */
export interface NewKey {
  readonly team?: string
  readonly name?: string
  readonly user?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly models?: readonly string[]
  readonly expiresAt?: string
}

/** An answer of the control API: its JSON, as the test says that it is, or its text. */
export interface ControlAnswer<Body> {
  readonly status: number
  readonly body: Body
}

/** A whole gateway in this process, on ports of its own, with a real store in a folder of its own. */
export interface Scenario extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`: where callers send their calls. */
  readonly dataUrl: string
  readonly dataPort: number
  /** `http://127.0.0.1:<port>`: the control API. */
  readonly controlUrl: string
  /** A key of the first team of the configuration. */
  readonly key: string
  readonly keyId: string
  readonly adminKey: string
  /** The upstream that the scenario started. Throws where the test brought its own. */
  readonly upstream: FakeUpstream
  /** Holds the configuration file and the data folder. */
  readonly folder: string
  /** What the process would have written to stderr. */
  readonly printed: string
  /** Makes a key through the control API. Its own event is not among those that `expectEvents` looks at. */
  newKey(request?: NewKey): Promise<{ readonly id: string; readonly key: string }>
  /** Asks the control API, as the administrator. */
  control<Body = Json>(method: string, path: string, body?: unknown): Promise<ControlAnswer<Body>>
  /** Writes the configuration file anew, and has it read. */
  reconfigure(config: ScenarioConfig): Promise<ControlAnswer<Json>>
  /** All events, oldest first, once those that were written so far are on disk. A call may end after its reply. */
  events(): Promise<readonly Event[]>
  /**
   * Asserts that exactly these events were written since it was last asked (or the start), and that nothing runs unrecorded.
   * Waits for them, five seconds at the most.
   */
  expectEvents(expected: readonly ExpectedEvent[]): Promise<readonly Event[]>
  /** The same for one call that ended: its pair of events and nothing else. Gives the second one. */
  expectCall(ended: Omit<Expected<CallEnded>, 'type'>): Promise<CallEnded>
  /** Stops as a signal would, running calls included, and resolves when all is closed. */
  shutDown(): Promise<void>
  /** Stops at once and removes what the scenario made. Rejects where a key stands in an event or in what was printed. */
  close(): Promise<void>
}

const EVENTS_WAIT_MS = 5000
const POLL_MS = 4

/**
 * Starts a gateway. Rejects with what it printed where it does not start.
 * @example
 * await using scenario = await startScenario()
 * scenario.upstream.answer(chatReply({ content: 'Yes.', usage: { inputTokens: 10, outputTokens: 3 } }))
 * const client = new OpenAI({ apiKey: scenario.key, baseURL: `${scenario.dataUrl}/v1` })
 * await client.chat.completions.create({ model: 'mini', messages: [{ role: 'user', content: 'Is it?' }] })
 * await scenario.expectCall({ outcome: 'ok', costNanoUsd: 50_000 })
 */
export async function startScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const upstream = options.baseUrl === undefined ? await fakeUpstream() : undefined
  const baseUrl = options.baseUrl ?? upstream?.baseUrl ?? ''
  const config = typeof options.config === 'function' ? options.config(baseUrl) : (options.config ?? {})
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'signalbox-scenario-'))
  const scenario = new RunningScenario({ upstream, baseUrl, folder, isFolderKept: options.folder !== undefined })
  try {
    await scenario.start(config)
    return scenario
  } catch (thrown) {
    await scenario.close()
    throw thrown
  }
}

interface Parts {
  readonly upstream: FakeUpstream | undefined
  readonly baseUrl: string
  readonly folder: string
  readonly isFolderKept: boolean
}

class RunningScenario implements Scenario {
  readonly #parts: Parts
  readonly #ownKeys = new Map<string, string>()
  #running: Running | undefined
  #stopping: Promise<unknown> | undefined
  #seenEvents = 0
  /** The events of a gateway that has stopped. */
  #written = ''
  printed = ''
  key = ''
  keyId = ''
  adminKey = ''

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get folder(): string {
    return this.#parts.folder
  }

  get upstream(): FakeUpstream {
    if (this.#parts.upstream === undefined) throw new Error('This scenario has no upstream of its own: it was given a baseUrl.')
    return this.#parts.upstream
  }

  get dataPort(): number {
    return this.#gateway.servers[0].port
  }

  get dataUrl(): string {
    return `http://${this.#gateway.servers[0].address}`
  }

  get controlUrl(): string {
    return `http://${this.#gateway.servers[1].address}`
  }

  async start(config: ScenarioConfig): Promise<void> {
    const written = this.#write(config)
    const started = await startGateway({
      configFile: 'signalbox.yaml',
      cwd: this.folder,
      env: { FAKE_PROVIDER_KEY },
      err: (text) => {
        this.printed += text
      },
    })
    if (started.type === 'failed') throw new Error(`The gateway did not start (exit code ${started.exitCode}): ${this.printed}`)
    this.#running = started.running
    this.adminKey = readFileSync(join(this.folder, 'data', ADMIN_KEY_FILE), 'utf8').trim()
    const [team] = Object.keys(written.access.teams)
    if (team !== undefined) ({ key: this.key, id: this.keyId } = await this.newKey({ team }))
    await this.#flush()
    this.#seenEvents = (await this.#counted()).length
  }

  async newKey(request: NewKey = {}): Promise<{ readonly id: string; readonly key: string }> {
    const made = await this.control<{ id: string; key: string }>('POST', '/api/v1/keys', { team: 'support', ...request })
    if (made.status !== 201) throw new Error(`The key was not made: ${JSON.stringify(made.body)}`)
    this.#ownKeys.set(made.body.id, made.body.key)
    return made.body
  }

  async control<Body = Json>(method: string, path: string, body?: unknown): Promise<ControlAnswer<Body>> {
    const answer = await fetch(`${this.controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false
    // A test asserts what it reads; a field that is not there fails it.
    return { status: answer.status, body: (isJson ? JSON.parse(text) : text) as Body }
  }

  reconfigure(config: ScenarioConfig): Promise<ControlAnswer<Json>> {
    this.#write(config)
    return this.control('POST', '/api/v1/reload')
  }

  async events(): Promise<readonly Event[]> {
    await this.#flush()
    return this.#onDisk()
  }

  async #onDisk(): Promise<readonly Event[]> {
    const read = await this.#gateway.store.reader.read({ order: 'oldest-first', limit: Number.MAX_SAFE_INTEGER })
    return read.map(({ event }) => event)
  }

  async expectEvents(expected: readonly ExpectedEvent[]): Promise<readonly Event[]> {
    const untilMs = performance.now() + EVENTS_WAIT_MS
    for (;;) {
      await this.#flush()
      const all = await this.#counted()
      const isSettled = all.length - this.#seenEvents >= expected.length && this.#gateway.live.size === openCalls(all)
      if (isSettled || performance.now() > untilMs) break
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    const fresh = (await this.#counted()).slice(this.#seenEvents)
    this.#seenEvents += fresh.length
    assertEvents(fresh, expected)
    return fresh
  }

  async expectCall(ended: Omit<Expected<CallEnded>, 'type'>): Promise<CallEnded> {
    const [first, second] = await this.expectEvents([{ type: 'call.started' }, { type: 'call.ended', ...ended }])
    // Their types were just asserted.
    const [started, end] = [first as CallStarted, second as CallEnded]
    if (started.callId !== end.callId || started.spanId !== end.spanId) throw new Error('The two events are not of one call.')
    return end
  }

  async shutDown(): Promise<void> {
    await this.#stop({ signal: 'SIGTERM', hurry: new AbortController().signal })
  }

  async close(): Promise<void> {
    if (this.#running !== undefined) await this.#stop({ signal: 'close', hurry: AbortSignal.abort() })
    await this.#parts.upstream?.close()
    if (!this.#parts.isFolderKept) rmSync(this.folder, { recursive: true, force: true })
    this.#refuseLeaks()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #gateway(): Running {
    if (this.#running === undefined) throw new Error('The gateway of this scenario was not started.')
    return this.#running
  }

  #stop(how: Parameters<typeof shutDown>[1]): Promise<unknown> {
    this.#stopping ??= this.#readAndStop(how)
    return this.#stopping
  }

  async #readAndStop(how: Parameters<typeof shutDown>[1]): Promise<void> {
    this.#written = JSON.stringify(await this.#onDisk())
    await shutDown(this.#gateway, how)
  }

  #refuseLeaks(): void {
    for (const secret of [FAKE_PROVIDER_KEY, this.adminKey, ...this.#ownKeys.values()].filter((text) => text !== '')) {
      if (this.#written.includes(secret)) throw new Error(`A credential stands in the event log: ${secret}`)
      if (this.printed.includes(secret)) throw new Error(`A credential was printed: ${secret}`)
    }
  }

  #write(config: ScenarioConfig): typeof full {
    // A test of another store brings its secret too.
    const own = config.storage === undefined ? { ...OWN_PORTS, ...OWN_STORE } : OWN_PORTS
    const full = { ...ordinaryConfig(this.#parts.baseUrl), ...config, ...own }
    // JSON is YAML too.
    writeFileSync(join(this.folder, 'signalbox.yaml'), `${JSON.stringify(full, undefined, 2)}\n`)
    return full
  }

  async #counted(): Promise<readonly Event[]> {
    return (await this.#onDisk()).filter((event) => event.type !== 'key.created' || !this.#ownKeys.has(event.keyId))
  }

  /** An ending is written when its beginning is on disk: hence twice. */
  async #flush(): Promise<void> {
    const { log } = this.#gateway.store
    await log.flush(EVENTS_WAIT_MS)
    await log.flush(EVENTS_WAIT_MS)
  }
}

const OWN_PORTS = { listen: { data: '127.0.0.1:0', control: '127.0.0.1:0' } } as const
const OWN_STORE = { storage: 'sqlite:./data', secret: 'file:./data/secret' } as const

function ordinaryConfig(baseUrl: string) {
  return {
    log: { level: 'debug' },
    models: {
      providers: { fake: { wire: 'openai-chat', baseUrl, apiKey: 'env:FAKE_PROVIDER_KEY' } },
      models: [{ name: 'mini', provider: 'fake', id: 'fake-model', price: { inputPerMillion: 2, outputPerMillion: 10 } }],
    },
    access: { teams: { support: {} } },
  }
}

/** Calls that began and did not end. */
function openCalls(events: readonly Event[]): number {
  return events.reduce((open, { type }) => (type === 'call.started' ? open + 1 : type === 'call.ended' ? open - 1 : open), 0)
}
