import { createHash } from 'node:crypto'
import { secretsOf } from '../core/header-fields.ts'
import type { Secret } from '../core/secret.ts'
import type { ServerConfig, ToolsConfig } from './config.ts'
import type { ToolsSettings } from './index.ts'
import type { ServerSpec } from './upstreams/server.ts'

/** Builds the settings of a checked configuration. Pure. @param isLoopback whether the data port is this machine's alone */
export function compileTools(config: ToolsConfig | undefined, isLoopback: boolean): ToolsSettings {
  if (config === undefined)
    return { servers: [], sessions: { max: 0, maxPerKey: 0, idleMs: 0 }, doors: { isLoopback, hosts: [], origins: [] } }
  const { servers, sessions, hosts, origins } = config
  return {
    servers: Object.entries(servers).map(([name, server]) => specOf(config, name, server)),
    sessions: { max: sessions.max, maxPerKey: sessions.perKey, idleMs: sessions.idle },
    doors: { isLoopback, hosts: hosts.map((host) => host.toLowerCase()), origins },
  }
}

function specOf(config: ToolsConfig, name: string, server: ServerConfig): ServerSpec {
  const { connect, call, total, list } = { ...config.timeouts, ...server.timeouts }
  const spec = {
    name,
    place: placeOf(server),
    timeouts: { connectMs: connect, callMs: call, totalMs: total, listMs: list },
    maxPrograms: server.programs,
    credentials: secretsOf([...Object.values(server.headers ?? {}), ...Object.values(server.env ?? {})]),
  }
  // A hash, for the spec holds credentials, and this may be looked at.
  return { ...spec, fingerprint: createHash('sha256').update(JSON.stringify(spec)).digest('hex') }
}

function placeOf({ command, url, env, cwd, headers }: ServerConfig): ServerSpec['place'] {
  if (command === undefined) return { type: 'address', address: { url: url ?? '', headers: plain(headers, (name) => name.toLowerCase()) } }
  return { type: 'program', program: { command, env: plain(env, (name) => name), ...(cwd === undefined ? {} : { cwd }) } }
}

function plain(values: Readonly<Record<string, string | Secret>> | undefined, nameOf: (name: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [nameOf(name), typeof value === 'string' ? value : value.reveal()]),
  )
}
