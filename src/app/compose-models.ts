import type { BodyFilter } from '../core/ports.ts'
import type { ProviderStates } from '../core/provider-report.ts'
import type { RouteExplanation, RouteQuestion } from '../core/route-explanation.ts'
import { createModels, type ModelsDeps, type ModelsLayer } from '../models/index.ts'
import { responsesField } from '../models/responses/config.ts'
import { KeptResponses } from '../models/responses/kept-responses.ts'
import { providerStates } from '../models/routing/report.ts'
import { RouterState } from '../models/routing/router.ts'
import type { ComposeDeps } from './compose.ts'
import { dataFolder } from './data-folder.ts'
import { explainRoute } from './explain-route.ts'
import { keepProviderStates } from './keep-provider-states.ts'
import { shareProviderStates } from './share-provider-states.ts'

/** The gateway for models, with what it remembers of its providers. */
export interface Models {
  readonly layer: ModelsLayer
  readonly providers: ProviderStates
  /** Where a call would go now. @throws model_not_found */
  explain(question: RouteQuestion): RouteExplanation
  /** Erases what this process keeps in memory for callers. Returns how many those were. */
  eraseKept(filter: BodyFilter): number
  /** Ends what runs beside the calls. */
  close(): void
}

/** Puts the gateway for models together. Loaded where it runs. */
export function composeModels(
  deps: ComposeDeps,
  common: Omit<ModelsDeps, 'router' | 'responses' | 'objects' | 'catalog' | 'overload'>,
): Models {
  const { world, logger, snapshot } = deps
  const router = new RouterState(() => snapshot.get().breaker)
  const stopKeeping = keepProviderStates({ world, logger, folder: dataFolder(snapshot.get().config), lanes: router.lanes })
  const { objects } = deps.store
  const settings = () => snapshot.get().config.models?.responses ?? UNSAID
  const responses = new KeptResponses({ world, objects, keeping: common.bodyKeeping, settings })
  const talk = shareProviderStates({ world, logger, lanes: router.lanes, shared: () => snapshot.get().config.shared })
  const layer = createModels({
    ...common,
    ...{ router, responses, objects },
    catalog: () => snapshot.get().catalog,
    overload: () => snapshot.get().overload,
  })
  const states = providerStates(router, world, () => snapshot.get().catalog.lanes())
  const reset = (provider: string) => {
    talk.reset(provider)
    return states.reset(provider)
  }
  const close = () => {
    talk.close()
    stopKeeping()
  }
  const explain = (question: RouteQuestion) => explainRoute(question, { snapshot: snapshot.get(), lanes: router.lanes, world })
  return { layer, providers: { ...states, reset }, explain, eraseKept: (filter) => responses.erase(filter), close }
}

/** After a reload that took the section away, what still runs ends by these. */
const UNSAID = responsesField.parse(undefined)
