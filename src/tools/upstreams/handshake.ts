import { GatewayError } from '../../core/errors.ts'
import { hideSecrets } from '../../core/header-fields.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { encodeRequest } from '../frames.ts'
import { isSpokenToServers } from '../revisions.ts'
import type { Frame } from '../types.ts'
import type { Exchange } from './exchange.ts'
import type { Introduction } from './link.ts'

/** The text of `initialize`. */
export function encodeInitialize(idText: string, introduction: Introduction): string {
  const { protocolVersion, capabilities, clientInfo } = introduction
  return encodeRequest(idText, 'initialize', { protocolVersion, capabilities, clientInfo })
}

/**
 * Reads the answer to `initialize`.
 * @throws server_*, as the exchange; server_malformed where the server speaks no revision that is known
 */
export async function readGreeting(exchange: Exchange, server: Named): Promise<JsonObject> {
  for (;;) {
    const frame = await exchange.next()
    if (frame.type === 'response') return greetingOf(frame, server)
  }
}

/** A server, and what it must not be quoted with. */
export interface Named {
  readonly name: string
  readonly credentials: readonly string[]
}

function greetingOf(frame: Extract<Frame, { readonly type: 'response' }>, { name: server, credentials }: Named): JsonObject {
  const { result, error } = frame.body
  if (isObject(error)) {
    throw new GatewayError('server_error', `The server ${server} refused to begin: ${shown(error.message, credentials)}`)
  }
  if (!isObject(result) || !isSpokenToServers(result.protocolVersion)) {
    throw new GatewayError('server_malformed', `The server ${server} speaks a revision of MCP that is not known here.`)
  }
  return result
}

/** What a server says, short enough for a message of ours, and without what it was given. */
export function shown(said: unknown, credentials: readonly string[]): string {
  return typeof said === 'string' && said !== '' ? hideSecrets(said, credentials).slice(0, 300) : 'it gave no reason.'
}
