import { z } from 'zod'
import { count, duration, text, textOrSecret, url } from '../core/fields.ts'
import type { Secret } from '../core/secret.ts'
import type { ConfigProblem, Section } from '../core/section.ts'
import { SEPARATOR } from './tool-names.ts'

const BOUNDS = { min: '1ms', max: '24h' }

const TIMEOUT_DOCS = {
  connect: 'Time for a server to start or to be reached, and to answer the first message.',
  call: 'Longest silence of a server during a call. A progress notification ends a silence; while the caller is asked something it does not count.',
  total: 'Longest time of a call in all.',
  list: 'Time that a list of all tools waits for a server that has just been begun, and that a request for one server waits for its first list. Past it the server is listed in the background.',
} as const

const timeouts = z.strictObject({
  connect: duration(BOUNDS).prefault('30s').describe(TIMEOUT_DOCS.connect),
  call: duration(BOUNDS).prefault('60s').describe(TIMEOUT_DOCS.call),
  total: duration(BOUNDS).prefault('15m').describe(TIMEOUT_DOCS.total),
  list: duration(BOUNDS).prefault('2s').describe(TIMEOUT_DOCS.list),
})

const ownTimeouts = z.strictObject({
  connect: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.connect),
  call: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.call),
  total: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.total),
  list: duration(BOUNDS).exactOptional().describe(TIMEOUT_DOCS.list),
})

const alias = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]|_(?=[A-Za-z0-9.-])){0,39}$/, {
    error: `is not the name of a server; write letters, digits and . - or a single _ between them (40 at the most): ${SEPARATOR} stands between a server and its tools`,
  })
  .meta({ 'x-unit': 'name', 'x-examples': ['files', 'github'] })

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: 'is not the name of a header' })
  .meta({ 'x-unit': 'name' })

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'is not the name of an environment variable' })
  .meta({ 'x-unit': 'name' })

const server = z.strictObject({
  command: z
    .array(
      z
        .string()
        .max(4000, { error: 'is longer than 4000 characters' })
        .meta({ 'x-unit': 'text', 'x-examples': ['npx'] }),
    )
    .min(1, { error: 'is an empty list' })
    .exactOptional()
    .describe('The program to start, and its arguments, one by one. It speaks MCP on its standard input and output.'),
  env: z
    .record(variableName, textOrSecret().describe('The value of the variable; a credential is env:NAME or file:PATH.'))
    .exactOptional()
    .describe("Environment variables of the program. Of the gateway's own it sees PATH, HOME, LANG and TMPDIR only."),
  cwd: text(['./docs'])
    .exactOptional()
    .describe('Folder in which the program is started; a relative one starts where the gateway was started. Left out: that one.'),
  programs: count('programs', { min: '1', max: '1000' })
    .prefault('16')
    .describe(
      'Programs that callers of /mcp/<server> may have of their own at a time. Of the key that has most, the one longest idle makes room for another.',
    ),
  url: url().exactOptional().describe('Where the server is, over streamable HTTP, in place of command.'),
  headers: z
    .record(headerName, textOrSecret().describe('The value of the header; a credential is env:NAME or file:PATH.'))
    .exactOptional()
    .describe("Headers that go with every request to the server: the gateway's own credential for it, say."),
  timeouts: ownTimeouts.exactOptional().describe('Timeouts of this server, where they differ from tools.timeouts.'),
})

const sessions = z.strictObject({
  max: count('sessions', { min: '1', max: '1M' })
    .prefault('10000')
    .describe('Sessions of callers at a time. The one longest unused makes room for another.'),
  perKey: count('sessions', { min: '1', max: '1M' }).prefault('1000').describe('Sessions of one key at a time.'),
  idle: duration({ min: '1s', max: '24h' })
    .prefault('30m')
    .describe('Time without a request after which a session ends, and what it holds.'),
})

const tools = z
  .strictObject({
    servers: z
      .record(alias, server.prefault({}).describe('An MCP server, by its name: a program to start, or an address.'))
      .prefault({})
      .describe('MCP servers, by name. At /mcp their tools are server__tool; at /mcp/<server> they have their own names.'),
    timeouts: timeouts.prefault({}).describe('Timeouts of every server, unless it has its own.'),
    sessions: sessions.prefault({}).describe('Bounds on the sessions of callers.'),
    hosts: z
      .array(text(['mcp.example.com']))
      .prefault([])
      .describe(
        'Names under which callers reach this gateway, without port. Where it listens on loopback, the names of loopback are always allowed and no others.',
      ),
    origins: z
      .array(text(['https://app.example.com']))
      .prefault([])
      .describe(
        'Web pages that may call from a browser, as their Origin says it. Pages of this machine may where the gateway listens on loopback.',
      ),
  })
  .optional()
  .describe('The gateway for tools. Left out: this gateway does not run.')

/** What the `tools` key says: durations in milliseconds. */
export type ToolsConfig = NonNullable<z.output<typeof tools>>

/** One server as it is written: with `command` or with `url`. */
export type ServerConfig = ToolsConfig['servers'][string]

/** The section `tools`. */
export const toolsSection = {
  name: 'tools',
  schema: tools,
  check: (config) => (config === undefined ? [] : Object.entries(config.servers).flatMap(([name, each]) => checkServer(name, each))),
} as const satisfies Section<ToolsConfig | undefined>

function checkServer(name: string, written: ServerConfig): readonly ConfigProblem[] {
  const path = ['tools', 'servers', name]
  const { command, url: address } = written
  if (command === undefined && address === undefined) {
    return [{ path, message: 'needs a command to start, such as command: [npx, -y, some-server], or a url' }]
  }
  if (command !== undefined && address !== undefined) return [{ path, message: 'has a command and a url; one of them must go' }]
  return [
    ...(command?.[0] === '' ? [{ path: [...path, 'command', 0], message: 'is empty; the first item is the program' }] : []),
    ...(address === undefined ? misplaced(path, written, ['headers'], 'url') : misplaced(path, written, ['env', 'cwd'], 'command')),
    ...Object.entries(written.headers ?? {}).flatMap(([header, value]) => checkHeader([...path, 'headers', header], header, value)),
    ...Object.entries(written.env ?? {}).flatMap(([variable, value]) => checkVariable([...path, 'env', variable], variable, value)),
  ]
}

function misplaced(
  path: readonly string[],
  written: ServerConfig,
  keys: readonly ('headers' | 'env' | 'cwd')[],
  owner: string,
): ConfigProblem[] {
  return keys
    .filter((key) => written[key] !== undefined)
    .map((key) => ({ path: [...path, key], message: `is for a server with ${owner}; remove it` }))
}

const OWN_HEADERS =
  /^(host|connection|keep-alive|transfer-encoding|content-length|content-type|accept|accept-encoding|te|upgrade|trailer|traceparent|mcp-.*|last-event-id)$/i
const CREDENTIAL_NAMES = /authorization|api-?_?key|token|secret|cookie|password|credential/i
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

function checkHeader(path: readonly string[], header: string, value: string | Secret): ConfigProblem[] {
  if (OWN_HEADERS.test(header)) return [{ path, message: 'is a header that the gateway sets itself; remove it' }]
  if (typeof value === 'string' && CREDENTIAL_NAMES.test(header)) return [{ path, message: LOOKS_SECRET }]
  return HEADER_VALUE.test(plainOf(value)) ? [] : [{ path, message: 'holds a character that no header may have, such as a line break' }]
}

function checkVariable(path: readonly string[], variable: string, value: string | Secret): ConfigProblem[] {
  if (typeof value === 'string' && value !== '' && CREDENTIAL_NAMES.test(variable)) return [{ path, message: LOOKS_SECRET }]
  return plainOf(value).includes('\0') ? [{ path, message: 'holds a character that no variable may have' }] : []
}

const LOOKS_SECRET = 'looks like a credential; write env:NAME or file:PATH, which say where it is (the value is not shown)'

function plainOf(value: string | Secret): string {
  if (typeof value === 'string') return value
  return value.isResolved ? value.reveal() : ''
}
