import { isObject, parseJson } from '../../core/json.ts'
import type { ObjectStore } from '../../core/kept-objects.ts'
import type { Stage } from '../../core/stage.ts'
import { isJson, type PassedLimits, readWhole } from './body.ts'
import { ObjectOwners } from './objects/owners.ts'
import type { PassedCall, PassedPart } from './types.ts'

/** What knowing owners needs. */
export interface OwnObjectsDeps {
  readonly objects: ObjectStore
  readonly limits: () => PassedLimits
}

/**
 * Sees to it that a call is about nothing that a provider keeps for somebody else: neither by its path nor by what its body names.
 * @throws not_found, request_too_large, request_timeout, client_closed, store_unavailable
 */
export function ownObjects({ objects, limits }: OwnObjectsDeps): Stage<PassedCall, PassedPart> {
  return async (call, passed, next) => {
    const { to, asked, request } = passed
    if (to.objects.length === 0) return next(call, passed)
    const owners = new ObjectOwners(objects, call, to)
    const byPath = await owners.keyFor(asked)
    const { jsonBodyBytes, bodyDeadlineMs } = limits()
    const json = isJson(request) ? await readWhole(call, passed, jsonBodyBytes, bodyDeadlineMs) : undefined
    // What is no JSON names nothing; the provider will say what it thinks of it.
    const body = json === undefined ? undefined : parseJson(new TextDecoder().decode(json))
    const byBody = body === undefined ? undefined : await owners.keyForBody(body)
    const isKept = asked?.ask !== 'create' || (asked.row.isKept?.(isObject(body) ? body : {}) ?? true)
    const key = byPath?.isNeeded === true ? byPath : (byBody ?? byPath)
    return next(call, {
      ...passed,
      ...(json === undefined ? {} : { json }),
      owned: { owners, key, ownsAny: byPath !== undefined, isUnread: body === undefined, isKept },
    })
  }
}
