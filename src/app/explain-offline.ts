import { GatewayError } from '../core/errors.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import type { RouteExplanation, RouteQuestion } from '../core/route-explanation.ts'
import type { World } from '../core/world.ts'
import { RouterState } from '../models/routing/router.ts'
import { realWorld } from '../platform/world.ts'
import { dataFolder } from './data-folder.ts'
import { explainRoute } from './explain-route.ts'
import { readProviderStates } from './keep-provider-states.ts'
import { type FileRequest, loadFile } from './load-file.ts'
import { withoutSecrets } from './without-secrets.ts'

export type { RouteExplanation, RouteQuestion } from '../core/route-explanation.ts'

/** An explanation without a gateway: what it goes by, and what it does not know. */
export interface OfflineExplanation {
  readonly explanation: RouteExplanation
  /** When a gateway wrote down the states of its providers last, in milliseconds since the epoch; undefined: none has. */
  readonly statesAtMs: number | undefined
  /** Variables of the environment that are not set here: whether their keys are parked or at a limit is not known. */
  readonly notSet: readonly string[]
}

/**
 * Chooses by the file and the states that a gateway left in its data folder. Secrets need not be set.
 * @throws PlaceError where the configuration has problems; model_not_found
 */
export function explainOffline(question: RouteQuestion, file: FileRequest, world: World = realWorld()): OfflineExplanation {
  const missing = new Set<string>()
  const snapshot = loadFile({ ...file, env: withoutSecrets(file.env, (name) => missing.add(name)) })
  const { lanes } = new RouterState(() => snapshot.breaker)
  const statesAtMs = readProviderStates(dataFolder(snapshot.config), lanes)
  return { explanation: explainRoute(question, { snapshot, lanes, world }), statesAtMs, notSet: [...missing] }
}

/** The body of a request, from its text. @throws invalid_json */
export function readRequest(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new GatewayError('invalid_json', 'The request is not valid JSON.', { cause })
  }
  if (!isObject(value)) throw new GatewayError('invalid_json', 'The request is no JSON object.')
  return value
}
