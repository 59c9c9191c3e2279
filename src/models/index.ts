import type { AnswerCache } from '../core/answer-cache.ts'
import type { Call } from '../core/call.ts'
import { GatewayError } from '../core/errors.ts'
import type { Usage } from '../core/events.ts'
import type { ObjectStore } from '../core/kept-objects.ts'
import type { Layer } from '../core/layer.ts'
import { OnDemand } from '../core/on-demand.ts'
import type { AskModel, ToolAsks } from '../core/ports.ts'
import { readBody, readBodyPieces } from '../core/read-body.ts'
import { type Handler, pipeline, replyOf } from '../core/stage.ts'
import { admit } from '../stages/admit.ts'
import { authenticate } from '../stages/authenticate.ts'
import { authorize } from '../stages/authorize.ts'
import { budget } from '../stages/budget.ts'
import { guardInput, guardOutput } from '../stages/guard.ts'
import { keepBodies } from '../stages/keep-bodies.ts'
import type { LayerDeps, RequestLimits } from '../stages/layer-deps.ts'
import { limit } from '../stages/limit.ts'
import { limitAttempts } from '../stages/limit-attempts.ts'
import { type Charge, meter } from '../stages/meter.ts'
import { noteToolAsks } from '../stages/note-tool-asks.ts'
import { CallQueue, type QueueRules, queue } from '../stages/queue.ts'
import { receive } from '../stages/receive.ts'
import { record } from '../stages/record.ts'
import { askModel, embedWithModel } from './ask.ts'
import type { Embedder } from './cache/semantic.ts'
import { cacheModels } from './cache/stage.ts'
import { readCacheWish } from './cache/wish.ts'
import type { ListedModel, ModelCatalog } from './catalog.ts'
import { guardedTexts } from './guarded-texts.ts'
import { createHttp, type Incoming } from './http.ts'
import { callDialect } from './operation.ts'
import { guardReferences } from './passthrough/guard-references.ts'
import type { PassedPart } from './passthrough/types.ts'
import { charge } from './prices/charge.ts'
import { estimator, likelyTokens } from './prices/estimate.ts'
import { keepResponses } from './responses/keep.ts'
import type { KeptAnswer } from './responses/kept-answer.ts'
import type { KeptResponses } from './responses/kept-responses.ts'
import { routeCalls } from './routing/route-calls.ts'
import type { RouterState } from './routing/router.ts'
import { sessionIn } from './routing/session.ts'
import { SHADOW_ACTION } from './routing/shadow.ts'
import { send } from './send.ts'
import { guardServerTools } from './server-tools.ts'
import { translate } from './translate.ts'
import { type Attempt, type DecodeBounds, fullTextOf, type ModelCall, type ModelPart, type ModelRequest } from './types.ts'

/** Bounds on what a caller may send. */
export interface ModelLimits extends RequestLimits {
  /** Of a body that is passed through and is not JSON. */
  readonly otherBodyBytes: number
}

/** What the models layer needs of the rest; each read of `catalog` gives the snapshot in force. */
export interface ModelsDeps extends LayerDeps {
  /** Told which tools the models ask for. */
  readonly asks: ToolAsks
  readonly catalog: () => ModelCatalog
  /** Where answers are kept; undefined where nothing is cached. */
  readonly cache: () => AnswerCache | undefined
  readonly limits: () => ModelLimits
  /** How many calls are taken at once; undefined: as many as come. */
  readonly overload: () => QueueRules | undefined
  /** What routing remembers of the providers. */
  readonly router: RouterState
  /** How long a reply is read on after its client left; undefined: not at all. */
  readonly drainMs: () => number | undefined
  /** Where responses are kept for their callers. */
  readonly responses: KeptResponses
  /** Whose something is that stands here or at a provider. */
  readonly objects: ObjectStore
}

/** The AI gateway, for callers and for the other parts of this one. */
export interface ModelsLayer extends Layer {
  readonly ask: AskModel
}

/** The AI gateway. Its stages, in the order in which a call meets them. */
export function createModels(deps: ModelsDeps): ModelsLayer {
  const edge = <Part>() => [
    record<Incoming, Part>(deps), // outermost: refusals are recorded too
    admit<Incoming, Part>(({ problem }) => problem),
    authenticate<Incoming, Part>(deps.access), // from the header alone: a body is read only for a caller who is known
  ]
  const subjectOf = ({ route }: ModelCall) => route.name
  const guarding = {
    guardsOf: ({ principal }: Call, { route }: ModelCall) =>
      deps.guards().choose(principal, { kind: 'models', name: route.name, guards: route.guards }),
    texts: guardedTexts,
    judges: deps.judges,
  }
  const embedder = (model: string): Embedder => ({
    name: model,
    embed: (text, asking) =>
      embedWithModel({ ...deps, answer: own }, asking, { model, text, purpose: 'cache', deadlineMs: EMBED_DEADLINE_MS }),
  })
  const runs = new OnDemand(() => new (backgroundCode().BackgroundRuns)(deps))
  const calls = new CallQueue()
  const call = pipeline<Incoming, ModelPart>(
    [...edge<ModelPart>(), queue<Incoming, ModelPart>(calls, deps.overload)], // before the body: what waits takes no memory
    receive(
      (call, incoming) => decode(deps, call, incoming),
      pipeline<ModelCall, ModelPart>(
        [
          authorize((call, { route }) => permitModel(deps, call, route.name)),
          limit({ ...deps.money, subjectOf, tokensOf: (_call, { request }) => likelyTokens(request) }),
          guardServerTools(() => deps.catalog().serverTools),
          guardReferences(deps), // behind the limit: ids are not to be guessed
          keepResponses({ responses: deps.responses, runs: () => runs.get() }),
          guardInput(guarding),
          keepBodies({
            store: deps.bodies,
            keeping: deps.bodyKeeping,
            requestOf: ({ request }) => fullTextOf(request),
            bytesOf: (part) => part.bytes,
          }),
          budget({ ...deps.money, subjectOf }),
          guardOutput(guarding), // inside of what keeps bodies: neither what was hidden nor what may not be said is kept
          cacheModels({ ...deps, embedder }), // inside of the guards: what is kept passes them again
        ],
        (call, asked) => attempts(call, asked),
      ),
    ),
  )
  /** What guards and budgets stand in front of. */
  const attempts: Handler<ModelCall, ModelPart> = routeCalls(
    deps.router,
    deps,
    pipeline<Attempt, ModelPart>(
      [
        limitAttempts({
          ...deps.money,
          targetOf: ({ target }) => target,
          idOf: ({ id }) => id,
          tokensOf: ({ request }) => likelyTokens(request),
          usageOf: ({ usage }) => usage,
        }),
        translate, // inside of routing: each target has its own wire; outside of meter: what is metered is what the provider said
        meter({
          usageOf: (part) => part.usage ?? (part.countedTokens === undefined ? undefined : NOTHING_USED),
          sizeOf: (part) => part.bytes.length,
          isPiece: ({ type, isPreamble }) => type === 'frame' && isPreamble !== true,
          isEnd: ({ finishReason, isLast, error }) => finishReason !== undefined || isLast || error !== undefined,
          pricedOf: ({ target }) => target.price,
          price: (price, usage) => (usage === NOTHING_USED ? FREE : charge(price, usage, deps.world.now())),
          holds: { ...estimator, ...deps.money },
          drainMs: deps.drainMs,
        }),
        noteToolAsks({
          asks: deps.asks,
          toolCallsOf: (part) => part.toolCalls,
          isDropped: ({ record }) => record.action === SHADOW_ACTION,
          modelOf: ({ target }) => target.name,
        }),
      ],
      send,
    ),
  )
  const list = pipeline<Incoming, readonly ListedModel[]>(edge(), async (call, { at }) =>
    replyOf([listModels(deps, call, at?.model)], call.signal),
  )
  const kept = pipeline<Incoming, KeptAnswer>(edge(), (call, { request, at }) => {
    const query = new URL(request.url).searchParams
    const question = { method: request.method, id: at?.model ?? '', what: at?.endpoint.kept ?? 'response', query }
    return answerCode().answerKept({ ...deps, runs: runs.get() }, call, question)
  })
  const passed = new OnDemand(() => passthroughCode().createPassthrough(deps))
  const passthrough = pipeline<Incoming, PassedPart>(
    [...edge<PassedPart>(), queue<Incoming, PassedPart>(calls, deps.overload)],
    (call, incoming) => passed.get()(call, incoming),
  )
  const own = pipeline<ModelCall, ModelPart>([record<ModelCall, ModelPart>(deps), budget({ ...deps.money, subjectOf })], attempts)
  return {
    ...createHttp({ world: deps.world, log: deps.log, isOpen: deps.isOpen, call, list, kept, passthrough }),
    ask: (asking, question) => askModel({ ...deps, answer: own }, asking, question),
  }
}

/** From here on a body is held once, in the pieces in which it came. */
const LARGE_BYTES = 256 * 1024
const largeBodyCode = () => require('./large-body/decode.ts') as typeof import('./large-body/decode.ts')
/** Few callers ask for any of these. */
const backgroundCode = () => require('./responses/background.ts') as typeof import('./responses/background.ts')
const passthroughCode = () => require('./passthrough/index.ts') as typeof import('./passthrough/index.ts')
const answerCode = () => require('./responses/answer.ts') as typeof import('./responses/answer.ts')

/** A question whose vector takes longer is asked as one that nobody asked before. */
const EMBED_DEADLINE_MS = 2000

/** Providers count tokens without a charge. */
const NOTHING_USED: Usage = { inputTokens: 0, outputTokens: 0 }
const FREE: Charge = { type: 'priced', costNanoUsd: 0, version: 'free', lines: [] }

/** Reads and decodes the body, and finds the model or the route. */
async function decode(deps: ModelsDeps, call: Call, incoming: Incoming): Promise<ModelCall> {
  const limits = deps.limits()
  const bounds = { maxBytes: limits.jsonBodyBytes, deadlineMs: limits.bodyDeadlineMs, signal: call.signal }
  const decodeText = (body: Uint8Array) => decodeOperation(incoming, body, { maxDepth: limits.jsonDepth })
  const { facts } = call.record
  // Where no length was declared, it may be.
  const isLarge = Number(incoming.request.headers.get('content-length') ?? Number.POSITIVE_INFINITY) > LARGE_BYTES
  let request: ModelRequest
  if (isLarge && incoming.at?.endpoint.operation === 'generate') {
    const pieces = await readBodyPieces(incoming.request, bounds, call.world)
    request = largeBodyCode().decodeLarge(pieces, call, decodeText)
  } else {
    const bytes = await readBody(incoming.request, bounds, call.world)
    request = decodeText(bytes)
    facts.sizeInBytes = bytes.length
  }
  facts.isStream = request.isStream
  facts.subject = request.model.slice(0, 200)
  if (request.prompt.hash !== undefined) facts.prompt = { ...facts.prompt, hash: request.prompt.hash }
  const route = deps.catalog().find(request.model)
  if (route === undefined) {
    throw new GatewayError('model_not_found', `There is no model "${request.model.slice(0, 200)}". ${describeUsable(deps, call)}`, {
      param: 'model',
    })
  }
  const target = route.only?.lanes[0]
  facts.provider = target?.provider
  facts.target = target?.id
  const cacheWish = readCacheWish(incoming.request.headers, route.cache !== undefined)
  const decodeAgain = (text: string) => decodeText(new TextEncoder().encode(text))
  const session = () => sessionIn(incoming.request.headers)
  return { request, route, cacheWish, decodeAgain, session, ...(incoming.detach === undefined ? {} : { detach: incoming.detach }) }
}

/** The body in the words of its endpoint. */
function decodeOperation({ request, at }: Incoming, bytes: Uint8Array, bounds: DecodeBounds): ModelRequest {
  if (at === undefined) throw new GatewayError('internal', 'A call without an endpoint was let in.')
  const { endpoint, model } = at
  const { isStream } = endpoint
  return callDialect(endpoint.wire, endpoint.operation).decodeRequest(bytes, bounds, {
    headers: request.headers,
    url: request.url,
    ...(model === undefined ? {} : { model }),
    ...(isStream === undefined ? {} : { isStream }),
  })
}

function permitModel(deps: ModelsDeps, call: Call, model: string): void {
  if (deps.access.mayUseModel(call.principal, model)) return
  throw new GatewayError('model_not_allowed', `This key may not use the model "${model}". ${describeUsable(deps, call)}`, {
    param: 'model',
  })
}

/** The models that the caller may use: the same function filters the list and guards the call. */
function usableModels(deps: ModelsDeps, call: Call): readonly ListedModel[] {
  return deps
    .catalog()
    .list()
    .filter(({ name }) => deps.access.mayUseModel(call.principal, name))
}

/** @throws model_not_found where one is asked for that the caller may not use: to it there is none */
function listModels(deps: ModelsDeps, call: Call, name: string | undefined): readonly ListedModel[] {
  const models = usableModels(deps, call)
  if (name === undefined) return models
  const configured = deps.catalog().configuredName(name)
  const found = models.find((model) => model.name === configured)
  if (found !== undefined) return [{ ...found, name }]
  throw new GatewayError('model_not_found', `There is no model "${name.slice(0, 200)}". ${describeUsable(deps, call)}`)
}

function describeUsable(deps: ModelsDeps, call: Call): string {
  const models = usableModels(deps, call)
  if (models.length === 0) return 'The key may use none of the configured models; ask who runs this gateway.'
  const shown = models
    .slice(0, 20)
    .map(({ name }) => name)
    .join(', ')
  return `The key may use: ${shown}${models.length > 20 ? `, and ${models.length - 20} more (GET /v1/models lists them)` : ''}.`
}
