import type { Call } from '../../../core/call.ts'
import { GatewayError } from '../../../core/errors.ts'
import { isObject, MOST_PIECES, parseJson, scanTopLevel } from '../../../core/json.ts'
import type { Stage } from '../../../core/stage.ts'
import { isJson, type PassedLimits, readWhole } from '../body.ts'
import type { BodyWatch } from '../objects/owners.ts'
import type { PassedCall, PassedPart } from '../types.ts'
import { boundaryOf, FormModel } from './form-model.ts'
import { ModelName } from './model-name.ts'

/** What finding a price needs. */
interface FindPriceDeps {
  readonly limits: () => PassedLimits & { readonly jsonDepth: number }
}

const MODEL: ReadonlySet<string> = new Set(['model'])

/**
 * Finds which model a call names, where that says what it costs: in a body of JSON now, in a form as it goes by. All else may name one that nobody reads
 * here, and has no price.
 * @throws duplicate_key, request_too_large, request_timeout, client_closed
 */
export function findPrice({ limits }: FindPriceDeps): Stage<PassedCall, PassedPart> {
  return async (call, passed, next) => {
    if (passed.rule.charging.type !== 'tokens') return next(call, passed)
    const { request } = passed
    const model = new ModelName()
    if (request.body === null) {
      model.sayNone()
      return next(call, { ...passed, model })
    }
    if (!isJson(request)) {
      if (boundaryOf(request.headers.get('content-type')) === undefined) model.sayUnclear()
      return next(call, { ...passed, model })
    }
    const json = passed.json ?? (await readJson(call, passed, limits()))
    sayModelIn(json, limits().jsonDepth, model)
    return next(call, { ...passed, json, model })
  }
}

function readJson(call: Call, passed: PassedCall, { jsonBodyBytes, bodyDeadlineMs }: PassedLimits): Promise<Uint8Array> {
  return readWhole(call, passed, jsonBodyBytes, bodyDeadlineMs)
}

function sayModelIn(json: Uint8Array, maxDepth: number, model: ModelName): void {
  const text = new TextDecoder().decode(json)
  const top = scanTopLevel(text, MODEL, maxDepth, MOST_PIECES)
  const body = top.type === 'object' ? parseJson(text) : undefined
  const isTwice = top.type === 'object' && top.duplicates.length > 0
  if (isTwice)
    throw new GatewayError('duplicate_key', 'The key "model" stands twice in the request, and it says what the call costs.', {
      param: 'model',
    })
  const said = isObject(body) ? (body.model ?? undefined) : null
  if (said === undefined) model.sayNone()
  else if (typeof said === 'string') model.say(said)
  else model.sayUnclear()
}

/** Whoever reads the model of a form as it goes by; undefined where that is not asked for, or known. */
export function formWatch({ model, request }: PassedCall): BodyWatch | undefined {
  if (model === undefined || model.isSettled) return undefined
  const boundary = boundaryOf(request.headers.get('content-type'))
  return boundary === undefined ? undefined : new FormModel(model, boundary)
}
