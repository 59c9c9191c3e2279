import type { Principal } from '../core/call.ts'
import type { Access } from '../core/ports.ts'
import type { World } from '../core/world.ts'
import { SEPARATOR } from './tool-names.ts'
import type { ToolTable } from './tool-table.ts'
import type { Tool } from './types.ts'
import type { Server } from './upstreams/server.ts'
import type { Servers } from './upstreams/servers.ts'

/** All tools of all servers at one time. */
interface Merged {
  readonly tools: readonly Tool[]
  readonly byName: ReadonlyMap<string, Tool>
}

/** The tools of all servers under one roof. */
export class Catalog {
  readonly #servers: Servers
  readonly #world: World
  readonly #access: Access
  readonly #lists = new WeakMap<Principal, { readonly merged: Merged; readonly result: string }>()
  #merged: Merged | undefined

  constructor(servers: Servers, world: World, access: Access) {
    this.#servers = servers
    this.#world = world
    this.#access = access
  }

  /** A list has changed: what was made of the lists is made anew when it is next asked for. */
  forget(): void {
    this.#merged = undefined
  }

  /** The tool of a name on the aggregate. */
  find(exposedName: string): Tool | undefined {
    return this.#all().byName.get(exposedName)
  }

  /** The result of `tools/list` on the aggregate, as JSON text: what this principal may use, and nothing else. */
  listFor(principal: Principal): string {
    const merged = this.#all()
    // A principal is made anew when its key or the configuration changes, so the list that it may see hangs on these two alone.
    const known = this.#lists.get(principal)
    if (known?.merged === merged) return known.result
    const entries = merged.tools.filter((tool) => this.#access.mayUseTool(principal, tool.identity)).map((tool) => tool.exposedEntry)
    const result = `{"tools":[${entries.join(',')}]}`
    this.#lists.set(principal, { merged, result })
    return result
  }

  /**
   * Waits for the servers that were never listed, all at once, and only while they are new: one that does not list its tools in its first
   * moments delays nobody's list after them. Stale lists are read anew behind this.
   */
  async awaitLists(): Promise<void> {
    const waits: Promise<void>[] = []
    for (const server of this.#servers.list()) {
      server.keepFresh()
      const { newForMs } = server
      if (server.table === undefined && newForMs > 0) waits.push(this.#withDeadline(server.refresh(), newForMs))
    }
    if (waits.length > 0) await Promise.all(waits)
  }

  /** Waits for one server that was never listed, on behalf of somebody who asks for just that one. */
  async awaitListOf(server: Server): Promise<void> {
    server.keepFresh()
    if (server.table === undefined) await this.#withDeadline(server.refresh(), server.spec.timeouts.listMs)
  }

  /** The server that was never listed and that such a name would belong to. */
  absentServerOf(exposedName: string): Server | undefined {
    for (const server of this.#servers.list()) {
      if (server.table === undefined && exposedName.startsWith(`${server.spec.name}${SEPARATOR}`)) return server
    }
    return undefined
  }

  /** Names of the tools that the principal may use, on the aggregate. */
  usableNames(principal: Principal): readonly string[] {
    return usable(this.#access, principal, this.#all().tools).map(({ exposedName }) => exposedName)
  }

  #all(): Merged {
    this.#merged ??= merge(this.#servers.list())
    return this.#merged
  }

  #withDeadline(work: Promise<void>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#world.after(ms, resolve)
      void work.then(() => {
        cancel()
        resolve()
      })
    })
  }
}

function merge(servers: Iterable<Server>): Merged {
  const byName = new Map<string, Tool>()
  const tools: Tool[] = []
  for (const { table } of servers) {
    // By name, so that a server that shuffles its list does not shuffle ours.
    const sorted = [...(table?.tools ?? [])].sort((left, right) => (left.exposedName < right.exposedName ? -1 : 1))
    for (const tool of sorted) {
      if (byName.has(tool.exposedName)) continue
      byName.set(tool.exposedName, tool)
      tools.push(tool)
    }
  }
  return { tools, byName }
}

/** The tools that a principal may use: the same function filters the list and guards the call. */
export function usable(access: Access, principal: Principal, tools: readonly Tool[]): readonly Tool[] {
  return tools.filter(({ identity }) => access.mayUseTool(principal, identity))
}

/** The result of `tools/list` for one server under its own names, as JSON text. */
export function rawListFor(access: Access, principal: Principal, { tools, extras }: ToolTable): string {
  const entries = usable(access, principal, tools).map(({ rawEntry }) => rawEntry)
  const rest = Object.entries(extras).map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`)
  return `{"tools":[${entries.join(',')}]${rest.join('')}}`
}

/** The end of a refusal: what the caller may use instead. @param names on the endpoint at which it asks */
export function describeUsable(names: readonly string[]): string {
  if (names.length === 0) return 'The key may use none of the tools here; ask who runs this gateway.'
  const rest = names.length > 20 ? `, and ${names.length - 20} more (tools/list has them)` : ''
  return `The key may use: ${names.slice(0, 20).join(', ')}${rest}.`
}
