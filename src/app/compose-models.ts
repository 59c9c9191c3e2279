import type { ProviderStates } from '../core/provider-report.ts'
import { createModels, type ModelsDeps, type ModelsLayer } from '../models/index.ts'
import { MemoryResponseStore } from '../models/responses.ts'
import { providerStates } from '../models/routing/report.ts'
import { RouterState } from '../models/routing/router.ts'
import type { ComposeDeps } from './compose.ts'
import { dataFolder } from './data-folder.ts'
import { keepProviderStates } from './keep-provider-states.ts'
import { shareProviderStates } from './share-provider-states.ts'

/** The gateway for models, with what it remembers of its providers. */
export interface Models {
  readonly layer: ModelsLayer
  readonly providers: ProviderStates
  /** Ends what runs beside the calls. */
  close(): void
}

/** Puts the gateway for models together. Loaded where it runs. */
export function composeModels(deps: ComposeDeps, common: Omit<ModelsDeps, 'router' | 'responses' | 'catalog' | 'overload'>): Models {
  const { world, logger, snapshot } = deps
  const router = new RouterState(() => snapshot.get().breaker)
  const stopKeeping = keepProviderStates({ world, logger, folder: dataFolder(snapshot.get().config), lanes: router.lanes })
  const talk = shareProviderStates({ world, logger, lanes: router.lanes, shared: () => snapshot.get().config.shared })
  const layer = createModels({
    ...common,
    router,
    responses: new MemoryResponseStore(world),
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
  return { layer, providers: { ...states, reset }, close }
}
