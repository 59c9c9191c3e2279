import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import type { CallSignal } from '../core/signal.ts'
import { encodeTime, type IdPrefix, type OutgoingConnection, type OutgoingRequest, type World } from '../core/world.ts'
import { HttpClient, isWhole } from './http1/client.ts'
import { requestProbed } from './probed.ts'
import { Timers } from './timers.ts'

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Every two of them: one look-up for ten bits. */
const PAIRS = Array.from({ length: 1024 }, (_, value) => BASE32.charAt(value >> 5) + BASE32.charAt(value & 31))
/** Ids a millisecond before the counter would need a fourth character. */
const COUNTER_LIMIT = 32 ** 3

/** The real world: the machine's clock, chance and network. One a process. */
export function realWorld(): World {
  const timers = new Timers(() => performance.now())
  const monotonicMs = () => performance.now()
  const after: World['after'] = (ms, run) => timers.after(ms, run)
  const client = new HttpClient({ monotonicMs, after })
  return {
    now: () => Date.now(),
    monotonicMs,
    random: () => Math.random(),
    id: idMaker(),
    randomHex: hexMaker(),
    after,
    sleep,
    atEndOfTurn: (run) => void setImmediate(run),
    request: (url, request) => {
      const proxy = request.connection?.proxy
      if (proxy === undefined && isWhole(request)) return client.request(url, request)
      return requestProbed({ fetch: fetchPlainly, canConnect, after }, proxy ?? url, url, request)
    },
    fetch: fetchPlainly,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    canConnect,
  }
}

/** Ids: ten characters of time, three of a counter within the millisecond, thirteen of chance (65 bits). */
function idMaker(): (prefix: IdPrefix) => string {
  let lastMs = 0
  let time = ''
  let counter = 0
  const chance = chanceMaker()
  return (prefix) => {
    const nowMs = Date.now()
    if (nowMs > lastMs) {
      lastMs = nowMs
      time = encodeTime(nowMs)
      counter = 0
    } else if (++counter >= COUNTER_LIMIT) {
      // The clock stands still or went back: borrow the next millisecond, so that ids stay unique and sorted.
      lastMs++
      time = encodeTime(lastMs)
      counter = 0
    }
    return `${prefix}_${time}${BASE32.charAt(counter >> 10)}${PAIRS[counter & 1023]}${chance()}`
  }
}

/** Random hexadecimal from a pool that is refilled in one go: a system call an id would cost more than the rest of it. */
function hexMaker(): (bytes: number) => string {
  let pool = ''
  let at = 0
  return (bytes) => {
    const length = bytes * 2
    if (at + length > pool.length) {
      pool = randomBytes(4096).toString('hex')
      at = 0
    }
    at += length
    return pool.slice(at - length, at)
  }
}

/** Thirteen characters of chance, from a pool that is refilled in one go. */
function chanceMaker(): () => string {
  let pool = new Uint16Array(0)
  let at = 0
  const pair = () => PAIRS[(pool[at++] ?? 0) & 1023]
  return () => {
    if (at + 7 > pool.length) {
      pool = crypto.getRandomValues(new Uint16Array(2048))
      at = 0
    }
    const last = BASE32.charAt((pool[at++] ?? 0) & 31)
    return `${pair()}${pair()}${pair()}${pair()}${pair()}${pair()}${last}`
  }
}

function sleep(ms: number, signal: CallSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  const onAbort = () => {
    clearTimeout(timer)
    reject(signal.reason)
  }
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', onAbort)
    resolve()
  }, ms)
  signal.addEventListener('abort', onAbort, { once: true })
  return promise
}

function fetchPlainly(url: string, request: OutgoingRequest): Promise<Response> {
  const { connection } = request
  const init: BunFetchRequestInit & { decompress: boolean; timeout: boolean } = {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    // A redirect would carry the provider's credential to another host; five minutes is Bun's own limit, ours are the call's.
    redirect: 'manual',
    timeout: false,
    decompress: request.decompress ?? false,
    ...(request.body === undefined ? {} : { body: request.body }),
    // Bun sends bytes once more where a kept connection was just closed by the other side. A stream it cannot, so that gets a new connection.
    ...(request.body instanceof ReadableStream ? { keepalive: false } : {}),
    ...(connection?.proxy === undefined ? {} : { proxy: connection.proxy }),
    ...(connection === undefined ? {} : { tls: tlsOf(connection) }),
  }
  return request.address === undefined ? fetch(url, init) : fetchAt(url, request.address, init)
}

function tlsOf({ ca, certificate, key }: OutgoingConnection): NonNullable<BunFetchRequestInit['tls']> {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  }
}

/** The host's own name stays in the header and in TLS: it is only not looked up again. */
function fetchAt(url: string, address: string, init: RequestInit): Promise<Response> {
  const at = new URL(url)
  const headers = new Headers(init.headers)
  headers.set('host', at.host)
  const serverName = at.hostname
  at.hostname = address.includes(':') ? `[${address}]` : address
  return fetch(at.href, { ...init, headers, tls: { serverName } })
}

async function canConnect(url: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  signal.addEventListener('abort', () => resolve(false), { once: true })
  Bun.connect({
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    socket: {
      open: (socket) => {
        socket.end()
        resolve(true)
      },
      data: () => {},
      error: () => resolve(false),
      connectError: () => resolve(false),
    },
  }).catch(() => resolve(false))
  return promise
}
