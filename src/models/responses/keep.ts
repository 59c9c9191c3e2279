import type { Call } from '../../core/call.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Elsewhere } from '../../core/kept-objects.ts'
import type { Reply } from '../../core/reply.ts'
import { type Handler, type Stage, tap, transform } from '../../core/stage.ts'
import { inForeground, wantsBackground } from '../dialects/openai-responses/background.ts'
import {
  type KeptResponse,
  keepTurn,
  previousIdOf,
  readHistory,
  responseIn,
  wantsKept,
  withHistory,
} from '../dialects/openai-responses/kept.ts'
import { madeByOf, ownerOf } from '../owner.ts'
import { fullTextOf, type ModelCall, type ModelPart, type ModelRequest, type SendHooks } from '../types.ts'
import type { BackgroundRun, BackgroundRuns } from './background.ts'
import type { Keep, KeptResponses } from './kept-responses.ts'

/** What keeping needs. */
export interface KeepDeps {
  readonly responses: KeptResponses
  /** Made when the first is asked for. */
  readonly runs: () => BackgroundRuns
}

/**
 * Keeps what the wire `openai-responses` says is kept, whatever provider answers: a turn that names the one before it is sent with all that was
 * said, and what a caller made is that caller's alone. Stands outside of the guards: what is kept is what was told.
 * @throws invalid_request where the turn before is not kept, or is somebody else's; where what is to go on alone is not to be kept
 */
export function keepResponses(deps: KeepDeps): Stage<ModelCall, ModelPart> {
  return (call, asked, next) => {
    const { request } = asked
    return request.wire === 'openai-responses' && request.operation === 'generate' ? keepTurnOf(deps, call, asked, next) : next(call, asked)
  }
}

async function keepTurnOf(deps: KeepDeps, call: Call, asked: ModelCall, next: Handler<ModelCall, ModelPart>): Promise<Reply<ModelPart>> {
  const { text } = asked.request
  const isWanted = wantsKept(text)
  const where: Keep = isWanted ? deps.responses.where(call) : 'off'
  const background = wantsBackground(text) ? prepare(deps, call, asked, { isWanted, where }) : undefined
  let elsewhere: Elsewhere | undefined
  const hooks: SendHooks = {
    taken: (target) => {
      // Another wire has no such thing: its provider keeps nothing.
      if (target.wire !== 'openai-responses' || !isWanted) return
      elsewhere = { provider: target.provider, key: target.keyId }
      background?.noteSent(elsewhere)
    },
    ...(background === undefined ? {} : { before: () => begin(background, asked) }),
  }
  let reply: Reply<ModelPart>
  try {
    const request = await complete(deps, call, asked, background)
    const continues = previousOf(text)
    const beside = { hooks, ...(continues === undefined ? {} : { continues }) }
    // A guard may have the body read again.
    const decodeAgain = (body: string) => ({ ...asked.decodeAgain(body), ...beside })
    reply = await next(call, { ...asked, decodeAgain, request: { ...request, ...beside } })
  } catch (thrown) {
    if (background !== undefined && !background.hasBegun) deps.runs().forget(background)
    throw thrown
  }
  if (!isWanted || background?.hasBegun === true) return reply
  // Nothing had to be sent: the answer was there already.
  if (background !== undefined) deps.runs().forget(background)
  const keep = (part: ModelPart): Promise<void> | undefined => {
    const response = part.isLast || part.type === 'whole' ? responseIn(part) : undefined
    if (response === undefined) return undefined
    return deps.responses.put(keepTurn(fullTextOf(asked.request), response, { ...keptBy(call), ...(elsewhere && { elsewhere }) }), where)
  }
  if (where === 'memory' && elsewhere === undefined) return tap(reply, keep)
  // On disk before the caller hears of its end, who may continue it at once, elsewhere.
  return transform(reply, {
    part: (part): readonly ModelPart[] | Promise<readonly ModelPart[]> => {
      const kept = keep(part)
      return kept === undefined ? [part] : kept.then(() => [part])
    },
  })
}

/** Nothing refused it: its caller is answered, and it goes on alone. */
async function begin(background: BackgroundRun, { detach }: ModelCall): Promise<void> {
  if (background.hasBegun) return
  await background.begin()
  detach?.(background)
}

function keptBy(call: Call): Pick<KeptResponse, 'owner' | 'madeBy' | 'callId' | 'keptAtMs'> {
  return { owner: ownerOf(call.principal), madeBy: madeByOf(call.principal), callId: call.id, keptAtMs: call.world.now() }
}

/** Most requests name none: the text is read again only where one may be there. */
function previousOf(text: string): string | undefined {
  return text.includes('previous_response_id') ? previousIdOf(text) : undefined
}

/** The request as it is sent: with what was said before, and for whoever waits. */
async function complete(deps: KeepDeps, call: Call, asked: ModelCall, background: BackgroundRun | undefined): Promise<ModelRequest> {
  const { text } = asked.request
  const previousId = previousOf(text)
  if (previousId === undefined && background === undefined) return asked.request
  const full = fullTextOf(asked.request)
  const own = background === undefined ? full : inForeground(full)
  if (previousId === undefined) return asked.decodeAgain(own)
  const find = async (owner: string, id: string) => {
    const found = await deps.responses.get(owner, id)
    return found?.content ?? (found?.elsewhere === undefined ? undefined : 'elsewhere')
  }
  return asked.decodeAgain(withHistory(own, await readHistory(find, ownerOf(call.principal), previousId)))
}

/** @throws invalid_request */
function prepare(
  deps: KeepDeps,
  call: Call,
  asked: ModelCall,
  { isWanted, where }: { readonly isWanted: boolean; readonly where: Keep },
): BackgroundRun {
  if (asked.detach === undefined || where === 'off') {
    const why = isWanted ? 'this gateway keeps no responses (models.responses.keep)' : '"store" is false'
    throw new GatewayError('invalid_request', `The field "background" must be false: what nobody waits for must be kept, and ${why}.`, {
      param: 'background',
    })
  }
  return deps.runs().prepare(call, asked.request, where)
}
