import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Certificates of an authority that nobody knows, made for one test. Paths of PEM files. */
export interface Certificates extends Disposable {
  readonly folder: string
  readonly ca: string
  /** For 127.0.0.1. */
  readonly server: { readonly certificate: string; readonly key: string }
  readonly client: { readonly certificate: string; readonly key: string }
  /** A client that another authority vouches for. */
  readonly stranger: { readonly certificate: string; readonly key: string }
}

/** Makes an authority with a server and a client, and another authority with a client, by the program openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tls-'))
  const path = (name: string) => join(folder, name)
  const authority = (name: string) => {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.pem`),
    )
  }
  const signed = (name: string, by: string, extension: string) => {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      path(`${name}.key`),
      '-out',
      path(`${name}.csr`),
    )
    writeFileSync(path(`${name}.ext`), extension)
    openssl(
      'x509',
      '-req',
      '-in',
      path(`${name}.csr`),
      '-CA',
      path(`${by}.pem`),
      '-CAkey',
      path(`${by}.key`),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      path(`${name}.ext`),
      '-out',
      path(`${name}.pem`),
    )
    return { certificate: path(`${name}.pem`), key: path(`${name}.key`) }
  }
  authority('authority')
  authority('elsewhere')
  return {
    folder,
    ca: path('authority.pem'),
    server: signed('provider', 'authority', 'subjectAltName=IP:127.0.0.1\n'),
    client: signed('gateway', 'authority', 'extendedKeyUsage=clientAuth\n'),
    stranger: signed('stranger', 'elsewhere', 'extendedKeyUsage=clientAuth\n'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

function openssl(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args])
  if (exitCode !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr.toString()}`)
}

/** A provider over TLS. */
export interface TlsProvider extends AsyncDisposable {
  readonly port: number
  readonly baseUrl: string
  /** What it was asked, and with which credential. */
  readonly asked: { readonly body: string; readonly key: string | undefined }[]
}

const ANSWER = JSON.stringify({
  ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'm' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
})

/** Starts one. `wantsClient`: it speaks only to whom the authority vouches for. */
export async function startTlsProvider(
  { server, ca }: Certificates,
  { wantsClient }: { readonly wantsClient: boolean },
): Promise<TlsProvider> {
  const asked: TlsProvider['asked'] = []
  const https: Server = createServer(
    {
      cert: readFileSync(server.certificate),
      key: readFileSync(server.key),
      ...(wantsClient ? { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true } : {}),
    },
    (request, response) => {
      const pieces: Uint8Array[] = []
      request.on('data', (piece: Uint8Array) => pieces.push(piece))
      request.on('end', () => {
        asked.push({ body: Buffer.concat(pieces).toString(), key: request.headers.authorization })
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(ANSWER)
      })
    },
  )
  const port = await listen(https)
  return { port, baseUrl: `https://127.0.0.1:${port}/v1`, asked, [Symbol.asyncDispose]: () => close(https) }
}

/** An HTTP proxy. */
export interface Proxy extends AsyncDisposable {
  readonly port: number
  /** The first line of each request, and its credential. */
  readonly asked: { readonly line: string; readonly credential: string | undefined }[]
  /** All that went through it in the open. */
  readonly seen: () => string
}

/** Starts one that makes tunnels and passes plain requests on. `password`: it wants `user:password`. */
export async function startProxy({ password }: { readonly password?: string } = {}): Promise<Proxy> {
  const asked: Proxy['asked'] = []
  const sockets = new Set<Socket>()
  let seen = ''
  const server = createTcpServer((client) => {
    sockets.add(client)
    client.on('error', () => client.destroy())
    client.once('data', (first: Buffer) => {
      const head = first.toString('latin1')
      const [line = ''] = head.split('\r\n')
      const credential = /\r\nproxy-authorization: *([^\r]+)/i.exec(head)?.[1]
      asked.push({ line, credential })
      if (password !== undefined && credential !== `Basic ${btoa(`user:${password}`)}`) {
        client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n')
        return
      }
      const isTunnel = line.startsWith('CONNECT ')
      const target = isTunnel ? new URL(`http://${line.split(' ')[1]}`) : new URL(line.split(' ')[1] ?? '')
      const upstream = connect(Number(target.port), target.hostname, () => {
        if (isTunnel) client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        else upstream.write(first)
        client.on('data', (bytes: Buffer) => {
          seen += bytes.toString('latin1')
        })
        client.pipe(upstream)
        upstream.pipe(client)
      })
      sockets.add(upstream)
      upstream.on('error', () => client.destroy())
      client.on('close', () => upstream.destroy())
    })
  })
  const port = await listen(server)
  return {
    port,
    asked,
    seen: () => seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await close(server)
    },
  }
}

interface Listener {
  listen(port: number, host: string, ready: () => void): unknown
  address(): AddressInfo | string | null
  close(closed: () => void): unknown
}

async function listen(server: Listener): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}

function close(server: Listener & { closeAllConnections?(): void }): Promise<void> {
  server.closeAllConnections?.()
  return new Promise((resolve) => server.close(() => resolve()))
}
