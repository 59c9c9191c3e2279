import type { PeerReply } from '../core/peer-reply.ts'
import { NetworkError, readWhole } from '../core/peer-reply.ts'
import { CallAbort } from '../core/signal.ts'
import { HttpClient } from '../platform/http1/client.ts'
import type { WholeRequest } from '../platform/http1/request-head.ts'
import { type FakeWorld, fakeWorld } from './fake-world.ts'

/** A client whose time goes by hand, on real sockets. */
export interface TestHttpClient extends Disposable {
  readonly client: HttpClient
  readonly world: FakeWorld
  /** Asks; what is left out is a GET that nobody aborts. */
  ask(url: string, request?: Partial<WholeRequest>): Promise<PeerReply>
}

/** Makes a client for a test. */
export function openHttpClient(): TestHttpClient {
  const world = fakeWorld()
  const client = new HttpClient(world)
  return {
    client,
    world,
    ask: (url, request = {}) =>
      client.request(url, { method: 'GET', headers: {}, signal: new CallAbort(), connectTimeoutMs: 10_000, ...request }),
    [Symbol.dispose]: () => client.close(),
  }
}

/** What a reply came to: its status and its body, or how the network failed. */
export async function outcomeOf(replied: Promise<PeerReply>): Promise<{ status: number; body: string } | { fault: string }> {
  try {
    const reply = await replied
    const bytes = reply.readArrived() ?? (await readWhole(reply, { maxBytes: 1e9 }))
    return { status: reply.status, body: Buffer.from(bytes ?? []).toString('latin1') }
  } catch (thrown) {
    if (thrown instanceof NetworkError) return { fault: thrown.fault }
    throw thrown
  }
}
