import { expect, test } from 'bun:test'
import { checkRequest, type Doors } from './request-checks.ts'

const LOCAL: Doors = { isLoopback: true, hosts: [], origins: [] }
const OPEN: Doors = { isLoopback: false, hosts: [], origins: [] }
const NAMED: Doors = { isLoopback: false, hosts: ['tools.acme.example'], origins: ['https://app.acme.example'] }

function codeOf(doors: Doors, headers: Readonly<Record<string, string>>): string | undefined {
  const usual = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', host: '127.0.0.1:4000' }
  return checkRequest(new Request('http://127.0.0.1:4000/mcp', { method: 'POST', headers: { ...usual, ...headers } }), doors)?.code
}

test.each<[string, Doors, string, boolean]>([
  ['on this machine alone', LOCAL, '127.0.0.1:4000', true],
  ['on this machine alone', LOCAL, 'localhost', true],
  ['on this machine alone', LOCAL, '[::1]:4000', true],
  ['on this machine alone', LOCAL, 'evil.example', false],
  ['on this machine alone', LOCAL, '127.0.0.1.evil.example', false],
  ['on this machine alone', LOCAL, 'localhost:evil', false],
  ['on every interface', OPEN, 'whatever.example', true],
  ['under a name', NAMED, 'tools.acme.example', true],
  ['under a name', NAMED, 'TOOLS.acme.example:443', true],
  ['under a name', NAMED, '127.0.0.1:4000', true],
  ['under a name', NAMED, 'other.example', false],
])('a gateway that is reached %s: %o, and the host %s', (_where, doors, host, isTaken) => {
  expect(codeOf(doors, { host })).toBe(isTaken ? undefined : 'origin_not_allowed')
})

test.each<[string, Doors, string, boolean]>([
  ['on this machine alone', LOCAL, 'http://localhost:3000', true],
  ['on this machine alone', LOCAL, 'http://[::1]:3000', true],
  ['on this machine alone', LOCAL, 'https://evil.example', false],
  ['on this machine alone', LOCAL, 'http://localhost.evil.example', false],
  ['on this machine alone', LOCAL, 'null', false],
  ['on every interface', OPEN, 'http://localhost:3000', false],
  ['under a name', NAMED, 'https://app.acme.example', true],
  ['under a name', NAMED, 'http://app.acme.example', false],
  ['under a name', NAMED, 'http://127.0.0.1:3000', false],
])('a gateway that is reached %s: %o, and a page of %s', (_where, doors, origin, isTaken) => {
  expect(codeOf(doors, { origin })).toBe(isTaken ? undefined : 'origin_not_allowed')
})
