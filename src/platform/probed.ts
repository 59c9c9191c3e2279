import { requestByFetch } from '../core/fetched-reply.ts'
import { NetworkError, type PeerReply, type PeerRequest } from '../core/peer-reply.ts'
import type { World } from '../core/world.ts'

/**
 * Asks a peer by the runtime's `fetch`: behind an HTTP proxy, and where the body is piped. That says nothing about its connection, and the head of a reply may come only when a model
 * is done: so half of the connect timeout is waited in good faith, and the other half is for a second, bare connection.
 * @param probed the URL of whoever is connected to: the proxy, or the peer
 * @throws NetworkError connect_timeout, behind which the caller aborts; what the runtime throws
 */
export function requestProbed(world: ProbeWorld, probed: string, url: string, request: PeerRequest): Promise<PeerReply> {
  const halfMs = request.connectTimeoutMs / 2
  const late = Promise.withResolvers<never>()
  const probe = new AbortController()
  let cancel = world.after(halfMs, () => {
    cancel = world.after(halfMs, () => probe.abort())
    void world.canConnect(probed, probe.signal).then((isReachable) => {
      if (!isReachable) late.reject(new NetworkError('connect_timeout', `No connection was accepted within ${halfMs / 500} s.`))
    })
  })
  return Promise.race([requestByFetch(world.fetch, url, request), late.promise]).finally(() => {
    cancel()
    // Nobody asks any more whether there is a connection.
    probe.abort()
  })
}

/** What this needs of the world. */
export type ProbeWorld = Pick<World, 'fetch' | 'canConnect' | 'after'>
