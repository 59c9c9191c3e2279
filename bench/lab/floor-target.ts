import { mockKey } from './mock-upstream.ts'
import type { Child, Processes } from './processes.ts'
import type { Target } from './target.ts'

export interface FloorOptions {
  readonly processes: Processes
  readonly name: Target['name']
  readonly folder: string
  readonly mockPort: number
  /** The program, a path in bench/. */
  readonly script?: 'floor.ts' | 'pass-through.ts' | 'least.ts'
  /** Variables for the program, beside those that say where the mock is. */
  readonly environment?: Readonly<Record<string, string>>
}

/** bench/floor.ts as a target, or another program of bench/ that stands before the mock. With `--target floor` a second one stands where the gateway would. */
export class FloorTarget implements Target {
  readonly name: Target['name']
  readonly key = 'sb_floor_has_no_keys_but_the_header_is_as_long_as_one'
  readonly #options: FloorOptions
  #child: Child | undefined
  port = 0

  constructor(options: FloorOptions) {
    this.#options = options
    this.name = options.name
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  nameModel(shape: string): string {
    return shape
  }

  async launch(): Promise<void> {
    const { processes, folder, mockPort, name, script = 'floor.ts' } = this.#options
    const environment = { MOCK_PORT: String(mockPort), MOCK_KEY: mockKey, PROXY_KEY: this.key, ...this.#options.environment }
    this.#child = processes.spawnScript(script, { environment, logFile: `${folder}/${name}-floor.log` })
    // bench/lab/child.ts wrote the line.
    this.port = (JSON.parse(await this.#child.readLine()) as { readonly port: number }).port
  }

  // It listens before it says its port.
  async waitUntilReady(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#child?.stop()
  }
}
