import { hostOf, isIpAddress, isPrivateAddress } from '../../core/guarded-fetch.ts'

/**
 * Why keys must not be fetched from this address; undefined where they may: over https, or from this very machine, and from no private
 * address unless that was allowed. A name is looked up when it is asked (core/guarded-fetch.ts), and what it stands for is held to the same.
 */
export function addressProblem(address: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(address)) return 'is no URL'
  const { protocol, username, password } = new URL(address)
  if (username !== '' || password !== '') return 'holds a password'
  if (isOwnMachine(address)) return protocol === 'https:' || protocol === 'http:' ? undefined : 'is neither https nor http'
  if (protocol !== 'https:') return 'must be https: whoever can change keys on their way can make tokens'
  const host = hostOf(address)
  const isPrivate = isIpAddress(host) && isPrivateAddress(host)
  return !allowPrivate && isPrivate ? 'is a private address; allowPrivate: true lets it be asked' : undefined
}

/** Whether a URL says that it is of this machine. As URLs have it: an IPv4 address is four decimal numbers, however it was written. */
export function isOwnMachine(address: string): boolean {
  const host = hostOf(address)
  return host === 'localhost' || host === '::1' || (isIpAddress(host) && host.startsWith('127.'))
}
