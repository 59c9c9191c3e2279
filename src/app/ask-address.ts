import type { World } from '../core/world.ts'
import type { Finding } from './doctor.ts'

/** What came of asking an address. */
export type AskedAddress =
  | { readonly type: 'answered'; readonly response: Response }
  | { readonly type: 'silent'; readonly reason: string; readonly todo: string }

const ANSWER_MS = 10_000

/** Asks an address once, with GET, and reads its answer to the end. */
export async function askAddress(world: World, url: string, headers: Readonly<Record<string, string>>): Promise<AskedAddress> {
  const timeout = new AbortController()
  const cancelTimer = world.after(ANSWER_MS, () => timeout.abort())
  try {
    const response = await world.fetch(url, { method: 'GET', headers, signal: timeout.signal, decompress: true })
    await response.arrayBuffer().catch(() => {})
    return { type: 'answered', response }
  } catch (thrown) {
    return { type: 'silent', reason: reasonOf(thrown, timeout.signal.aborted), todo: todoFor(thrown, new URL(url).host) }
  } finally {
    cancelTimer()
  }
}

/** @param named what was asked, as the beginning of a sentence */
export function unreachable(named: string, { reason, todo }: Extract<AskedAddress, { readonly type: 'silent' }>): Finding {
  return { check: 'reachable', verdict: 'bad', what: `${named} could not be reached (${reason}).`, todo }
}

function reasonOf(thrown: unknown, isLate: boolean): string {
  if (isLate) return `no answer within ${ANSWER_MS / 1000} s`
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'no connection'
}

function todoFor(thrown: unknown, host: string): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (/ENOTFOUND|EAI_AGAIN/.test(code))
    return `The name ${host} is not known to the DNS of this machine: see its spelling and /etc/resolv.conf.`
  if (/REFUSED|FailedToOpen/i.test(code)) return `Nobody listens at ${host}: see the address and the port.`
  if (/CERT|TLS|SSL|EPROTO/i.test(code))
    return `The certificate of ${host} is not accepted here: see tls.ca of the provider, and the clock.`
  return `See whether a firewall lets this machine out to ${host}.`
}
