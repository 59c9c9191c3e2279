// As URLs have them: whatever way an IPv4 address is written, it is read into four decimal numbers.
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/i

/**
 * Why keys must not be fetched from this address; undefined where they may: over https, or from this very machine, and from no private
 * address unless that was allowed. A name is not resolved here: what it stands for is checked by its certificate.
 */
export function addressProblem(address: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(address)) return 'is no URL'
  const { protocol, hostname, username, password } = new URL(address)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (username !== '' || password !== '') return 'holds a password'
  const isOwn = host === 'localhost' || host === '::1' || (IPV4.test(host) && host.startsWith('127.'))
  if (isOwn) return protocol === 'https:' || protocol === 'http:' ? undefined : 'is neither https nor http'
  if (protocol !== 'https:') return 'must be https: whoever can change keys on their way can make tokens'
  return !allowPrivate && isPrivate(host) ? 'is a private address; allowPrivate: true lets it be asked' : undefined
}

function isPrivate(host: string): boolean {
  if (IPV4.test(host)) {
    const [first = 0, second = 0] = host.split('.').map(Number)
    return (
      first === 0 ||
      first === 10 ||
      (first === 100 && second >= 64 && second < 128) ||
      (first === 169 && second === 254) ||
      (first === 172 && second >= 16 && second < 32) ||
      (first === 192 && second === 168) ||
      first >= 224
    )
  }
  // Unique local, link local, unspecified, and IPv4 written as IPv6.
  return IPV6.test(host) && (/^(?:f[cd]|fe[89ab])/i.test(host) || host === '::' || /^(?:::ffff:|64:ff9b:)/i.test(host))
}
