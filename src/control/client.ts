import { formatUsd } from '../core/money.ts'
import type { RouteExplanation, RouteQuestion } from '../core/route-explanation.ts'
import type { ShownBudget } from './api/budgets.ts'
import type { ShownCache } from './api/endpoints/cache.ts'
import type { KeyRequestBody } from './api/endpoints/create-key.ts'
import type { Prices, RecostBody, Recosted } from './api/endpoints/prices.ts'
import type { ShownProvider } from './api/endpoints/providers.ts'
import type { ShownBody } from './api/endpoints/show-body.ts'
import type { ShownConfig, Status } from './api/endpoints/show-status.ts'
import type { VerifiedLog } from './api/endpoints/verify-log.ts'
import type { Receipt } from './api/receipt.ts'
import type { ShownEvent, ShownKey, ShownLiveCall } from './api/shapes.ts'
import type { Trace } from './api/trace.ts'

export type { ShownBudget } from './api/budgets.ts'
export type { Prices, RecostBody, Recosted } from './api/endpoints/prices.ts'
export type { ShownProvider } from './api/endpoints/providers.ts'
export type { Status } from './api/endpoints/show-status.ts'
export type { VerifiedLog } from './api/endpoints/verify-log.ts'
export type { Receipt } from './api/receipt.ts'
export type { ShownEvent, ShownKey, ShownLiveCall } from './api/shapes.ts'
export type { Trace, TraceNode } from './api/trace.ts'

/** A query string to be: what is undefined is left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** Which stored bodies to erase, in the words of the API. */
export interface EraseRequest {
  readonly callId?: string | undefined
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly keyId?: string | undefined
  /** A date, a time, or how long ago. */
  readonly before?: string | undefined
}

/** A line of spend. Each dimension that was asked for is in `texts`, null where it is not known. */
export interface SpendLine {
  readonly texts: Readonly<Record<string, string | null>>
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly unpricedCalls: number
  /** Decimal US dollars; undefined where nothing is known but unpriced calls. */
  readonly costUsd: string | undefined
  readonly costNanoUsd: bigint
}

/** The control API as functions. Each throws a ControlError. */
export interface ControlClient {
  createKey(request: KeyRequestBody): Promise<ShownKey & { readonly key: string }>
  listKeys(query: Query): Promise<readonly ShownKey[]>
  showKey(id: string): Promise<ShownKey>
  revokeKey(id: string): Promise<ShownKey & { readonly endedCalls: number }>
  rotateKey(id: string, overlap: string): Promise<ShownKey & { readonly key: string; readonly oldWorksUntil: string }>
  listEvents(query: Query): Promise<{ readonly events: readonly ShownEvent[]; readonly cursor: string }>
  showReceipt(callId: string): Promise<Receipt>
  /** @param id of the trace, or of a call in it */
  showTrace(id: string, query: Query): Promise<Trace>
  sumSpend(by: readonly string[], query: Query): Promise<readonly SpendLine[]>
  /** The answer as text: every digit of it is exact, which numbers in memory are not. */
  spendText(by: readonly string[], query: Query, format: 'json' | 'csv'): Promise<string>
  listBudgets(query: Query): Promise<readonly ShownBudget[]>
  listPrices(query: Query): Promise<Prices>
  updatePrices(table: unknown): Promise<{ readonly version: string; readonly rows: number }>
  recost(request: RecostBody): Promise<Recosted>
  rebuildSpend(): Promise<void>
  listLiveCalls(): Promise<readonly ShownLiveCall[]>
  listProviders(): Promise<readonly ShownProvider[]>
  /** @returns how many of its keys and models were changed */
  resetProvider(name: string): Promise<number>
  explainRoute(question: RouteQuestion): Promise<RouteExplanation>
  showBody(id: string): Promise<ShownBody>
  eraseBodies(request: EraseRequest): Promise<number>
  showCache(): Promise<ShownCache>
  purgeCache(request: PurgeRequest): Promise<number>
  showStatus(): Promise<Status>
  reload(): Promise<ShownConfig>
  verify(): Promise<VerifiedLog>
}

/** Which cached answers to remove. */
export interface PurgeRequest {
  readonly model?: string | undefined
  readonly keyId?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly all?: boolean | undefined
}

/** What a client needs. */
export interface ControlClientOptions {
  /** Where the control port is, such as `http://127.0.0.1:4001`. */
  readonly url: string
  readonly adminKey: string
  /** Where the admin key was found, for the message of a gateway that does not know it. */
  readonly keyFrom?: string
  /** The network, or a control API in this process. Must not follow redirects: they would take the admin key along. */
  readonly fetch: (request: Request) => Promise<Response>
}

/** What went wrong: a code of the error table, `unreachable` where nobody answered, or `not_signalbox` where somebody else did. */
export class ControlError extends Error {
  readonly code: string
  /** Finds the request in the gateway's log. */
  readonly requestId: string | undefined

  constructor(code: string, message: string, extra: { readonly requestId?: string; readonly cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause })
    this.name = 'ControlError'
    this.code = code
    this.requestId = extra.requestId
  }
}

/** Makes a client of the control API. */
export function createControlClient(options: ControlClientOptions): ControlClient {
  const text = (method: string, path: string, body?: object) => send(options, method, path, body)
  // The answers are of the same package's API, whose schemas these types are inferred from.
  const json = async <Answer>(method: string, path: string, body?: object) => JSON.parse(await text(method, path, body)) as Answer
  const spendPath = (by: readonly string[], query: Query, format: string) => `/spend${queryString({ ...query, by: by.join(','), format })}`
  return {
    createKey: (request) => json('POST', '/keys', request),
    listKeys: async (query) => (await json<{ readonly keys: readonly ShownKey[] }>('GET', `/keys${queryString(query)}`)).keys,
    showKey: (id) => json('GET', `/keys/${encodeURIComponent(id)}`),
    revokeKey: (id) => json('POST', `/keys/${encodeURIComponent(id)}/revoke`),
    rotateKey: (id, overlap) => json('POST', `/keys/${encodeURIComponent(id)}/rotate`, { overlap }),
    listEvents: (query) => json('GET', `/logs${queryString(query)}`),
    showReceipt: (callId) => json('GET', `/receipts/${encodeURIComponent(callId)}`),
    showTrace: (id, query) => json('GET', `/traces/${encodeURIComponent(id)}${queryString(query)}`),
    sumSpend: async (by, query) =>
      (await json<readonly RawSpendLine[]>('GET', spendPath(by, query, 'json'))).map((line) => readSpendLine(by, line)),
    spendText: (by, query, format) => text('GET', spendPath(by, query, format)),
    listBudgets: async (query) =>
      (await json<{ readonly budgets: readonly ShownBudget[] }>('GET', `/budgets${queryString(query)}`)).budgets,
    listPrices: (query) => json('GET', `/prices${queryString(query)}`),
    updatePrices: (table) => json('POST', '/prices', { table }),
    recost: (request) => json('POST', '/recost', request),
    rebuildSpend: async () => void (await text('POST', '/spend/rebuild')),
    listLiveCalls: async () => (await json<{ readonly calls: readonly ShownLiveCall[] }>('GET', '/calls/live')).calls,
    listProviders: async () => (await json<{ readonly providers: readonly ShownProvider[] }>('GET', '/providers')).providers,
    resetProvider: async (name) => (await json<{ readonly reset: number }>('POST', `/providers/${encodeURIComponent(name)}/reset`)).reset,
    explainRoute: (question) => json('POST', '/routes/explain', question),
    showBody: (id) => json('GET', `/bodies/${encodeURIComponent(id)}`),
    eraseBodies: async (request) => (await json<{ readonly erased: number }>('POST', '/bodies/erase', request)).erased,
    showCache: () => json('GET', '/cache'),
    purgeCache: async (request) => (await json<{ readonly purged: number }>('POST', '/cache/purge', request)).purged,
    showStatus: () => json('GET', '/status'),
    reload: () => json('POST', '/reload'),
    verify: () => json('GET', '/verify'),
  }
}

interface RawSpendLine {
  readonly [dimension: string]: unknown
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly unpricedCalls: number
  readonly costUsd: number | null
  readonly costNanoUsd: string
}

function readSpendLine(by: readonly string[], line: RawSpendLine): SpendLine {
  const { calls, inputTokens, outputTokens, unpricedCalls } = line
  const costNanoUsd = BigInt(line.costNanoUsd)
  return {
    texts: Object.fromEntries(by.map((name) => [name, typeof line[name] === 'string' ? line[name] : null])),
    ...{ calls, inputTokens, outputTokens, unpricedCalls, costNanoUsd },
    costUsd: line.costUsd === null ? undefined : formatUsd(costNanoUsd),
  }
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value)
  return parameters.size === 0 ? '' : `?${parameters}`
}

async function send(options: ControlClientOptions, method: string, path: string, body: object | undefined): Promise<string> {
  const { url, adminKey } = options
  const request = new Request(`${url.replace(/\/+$/, '')}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  let response: Response
  let text: string
  try {
    response = await options.fetch(request)
    text = await response.text()
  } catch (thrown) {
    if (thrown instanceof ControlError) throw thrown
    const why = url.startsWith('https:') ? 'Is it running? A gateway speaks http, unless something before it speaks TLS.' : 'Is it running?'
    throw new ControlError('unreachable', `No gateway answers at ${url}. ${why}`, { cause: thrown })
  }
  if (!response.ok || !response.headers.has('x-signalbox-request-id')) throw readError(options, response, text)
  return text
}

interface ErrorBody {
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly request_id?: unknown }
}

function readError({ url, keyFrom }: ControlClientOptions, response: Response, text: string): ControlError {
  const { code, message, request_id: requestId } = parseErrorBody(text)?.error ?? {}
  if (typeof code !== 'string' || typeof message !== 'string' || typeof requestId !== 'string') {
    return new ControlError('not_signalbox', `What answers at ${url} is not a Signalbox control port (status ${response.status}).`)
  }
  if (code === 'unauthenticated' && keyFrom !== undefined) {
    const told = `The gateway at ${url} does not know the admin key of ${keyFrom}: it is another gateway, with a data folder of its own.`
    return new ControlError(code, `${told} Name its file with --config, or stop it.`, { requestId })
  }
  return new ControlError(code, message, { requestId })
}

function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    const body: unknown = JSON.parse(text)
    // Only fields that may be missing are promised, and each is looked at before it is used.
    return typeof body === 'object' && body !== null ? (body as ErrorBody) : undefined
  } catch {
    // A page of HTML, say: the caller reports it as somebody else's answer.
    return undefined
  }
}
