import { openRawClient, type RawClient } from '../../../src/testing/raw-client.ts'
import type { Chance } from './chance.ts'
import { MODEL } from './lab.ts'
import { pause } from './until.ts'

/** Where in its call a client goes away. */
export const POINTS = ['connected', 'in the head', 'in the body', 'sent', 'waiting', 'at the head', 'in the reply', 'not reading'] as const
/** How: in good order, without a word, or by saying that it sends no more and then going. */
export const MANNERS = ['close', 'reset', 'half-close'] as const

/** One client that vanishes. */
export interface Vanishing {
  readonly port: number
  readonly key: string
  readonly point: (typeof POINTS)[number]
  readonly manner: (typeof MANNERS)[number]
  readonly isStream: boolean
  readonly chance: Chance
  /** What is asked: a chat unless said. */
  readonly asks?: Asked
}

/** A request, without what every one has. */
export interface Asked {
  readonly path: string
  /** Lines of the head. */
  readonly headers: readonly string[]
  readonly body: object
}

/** Connects, calls as far as it is said, and vanishes. */
export async function vanish(vanishing: Vanishing): Promise<void> {
  const client = await openRawClient(vanishing.port, { timeoutMs: 20_000 })
  try {
    await reachPoint(client, vanishing)
  } finally {
    await go(client, vanishing)
  }
}

async function reachPoint(client: RawClient, { point, key, isStream, chance, asks = chat(isStream) }: Vanishing): Promise<void> {
  const { head, body } = requestOf(key, asks)
  switch (point) {
    case 'connected':
      return
    case 'in the head':
      return client.send(head.slice(0, chance.between(1, head.length - 1)))
    case 'in the body':
      return client.send(head + body.slice(0, chance.between(0, body.length - 1)))
    case 'sent':
      return client.send(head + body)
    case 'waiting':
      await client.send(head + body)
      return pause(chance.between(1, 100))
    case 'at the head':
      await client.send(head + body)
      await client.readHead()
      return
    case 'in the reply':
      await client.send(head + body)
      return readSome(client, isStream ? chance.between(1, 15) : 1)
    case 'not reading':
      client.pause()
      await client.send(head + body)
      return pause(chance.between(50, 300))
    default:
      point satisfies never
  }
}

/** Reads so many times, or up to the end of the reply: the connection stays open behind it. */
async function readSome(client: RawClient, times: number): Promise<void> {
  for (let read = 0; read < times; read++) {
    const some = await client.readSome()
    if (some === undefined || some.endsWith(LAST_CHUNK)) return
  }
}

const LAST_CHUNK = '\r\n0\r\n\r\n'

async function go(client: RawClient, { manner, chance }: Vanishing): Promise<void> {
  if (manner === 'half-close') {
    client.halfClose()
    await pause(chance.between(0, 20))
  }
  if (manner === 'reset') client.reset()
  else client.destroy()
  await client.closed
}

function chat(isStream: boolean): Asked {
  const body = { model: MODEL, stream: isStream, messages: [{ role: 'user', content: 'Hello. '.repeat(200) }] }
  return { path: '/v1/chat/completions', headers: [], body }
}

function requestOf(key: string, asked: Asked): { readonly head: string; readonly body: string } {
  const body = JSON.stringify(asked.body)
  const lines = [
    `POST ${asked.path} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    ...asked.headers,
    `content-length: ${body.length}`,
  ]
  return { head: `${lines.join('\r\n')}\r\n\r\n`, body }
}
