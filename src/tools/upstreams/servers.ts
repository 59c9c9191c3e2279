import { Server, type ServerDeps, type ServerSpec } from './server.ts'

/** The servers of the configuration in force. A server whose entry has not changed stays as it is, session and all. */
export class Servers {
  readonly #deps: ServerDeps
  readonly #onTools: () => void
  readonly #onRemoved: (server: Server) => void
  #byName: ReadonlyMap<string, Server> = new Map()
  #specs: readonly ServerSpec[] | undefined

  /** @param hooks `onTools`: a list of tools has changed. `onRemoved`: a server was closed because it left the configuration, or changed in it. */
  constructor(deps: ServerDeps, hooks: { readonly onTools: () => void; readonly onRemoved: (server: Server) => void }) {
    this.#deps = deps
    this.#onTools = hooks.onTools
    this.#onRemoved = hooks.onRemoved
  }

  get(name: string): Server | undefined {
    return this.#byName.get(name)
  }

  /** In the order of the configuration. */
  list(): Iterable<Server> {
    return this.#byName.values()
  }

  /** Makes these the servers. Costs nothing where they are those of the last time. */
  sync(specs: readonly ServerSpec[]): void {
    if (specs === this.#specs) return
    this.#specs = specs
    const before = this.#byName
    const kept = (spec: ServerSpec) => {
      const server = before.get(spec.name)
      return server?.spec.fingerprint === spec.fingerprint ? server : undefined
    }
    this.#byName = new Map(specs.map((spec) => [spec.name, kept(spec) ?? new Server(spec, this.#deps, this.#onTools)]))
    for (const server of before.values()) if (this.#byName.get(server.spec.name) !== server) this.#remove(server)
    this.#onTools()
    // In the background: the first caller shall find the lists there.
    for (const server of this.#byName.values()) server.keepFresh()
  }

  async close(): Promise<void> {
    const servers = [...this.#byName.values()]
    this.#byName = new Map()
    this.#specs = undefined
    await Promise.all(servers.map((server) => server.close()))
  }

  #remove(server: Server): void {
    this.#onRemoved(server)
    void server.close()
  }
}
