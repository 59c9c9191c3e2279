import { OpenAPIHono } from '@hono/zod-openapi'
import { GatewayError } from '../../core/errors.ts'
import { layerOfPath } from '../../core/layer.ts'
import type { ControlApiDeps } from './deps.ts'
import type { ControlApp, ControlEnv, Endpoint } from './endpoint.ts'
import { purgeCache, showCache } from './endpoints/cache.ts'
import { createKey } from './endpoints/create-key.ts'
import { eraseBodies } from './endpoints/erase-bodies.ts'
import { explainRoute } from './endpoints/explain-route.ts'
import { listBudgets } from './endpoints/list-budgets.ts'
import { listEvents } from './endpoints/list-events.ts'
import { listKeys } from './endpoints/list-keys.ts'
import { listLiveCalls } from './endpoints/list-live-calls.ts'
import { prices } from './endpoints/prices.ts'
import { probes } from './endpoints/probes.ts'
import { listProviders, resetProvider } from './endpoints/providers.ts'
import { rebuildSpend } from './endpoints/rebuild-spend.ts'
import { reload } from './endpoints/reload.ts'
import { revokeKey } from './endpoints/revoke-key.ts'
import { rotateKey } from './endpoints/rotate-key.ts'
import { showBody } from './endpoints/show-body.ts'
import { showKey } from './endpoints/show-key.ts'
import { showReceipt } from './endpoints/show-receipt.ts'
import { showStatus } from './endpoints/show-status.ts'
import { showTrace } from './endpoints/show-trace.ts'
import { sumSpend } from './endpoints/sum-spend.ts'
import { verifyLog } from './endpoints/verify-log.ts'
import { answerError, invalidRequest } from './errors.ts'
import { boundBody, nameRequest, refuseForeignPages, requireAdmin } from './guard.ts'

/** Every endpoint of the control API. */
const ENDPOINTS: readonly Endpoint[] = [
  listKeys, //      GET    /api/v1/keys
  createKey, //     POST   /api/v1/keys
  showKey, //       GET    /api/v1/keys/:id
  revokeKey, //     POST   /api/v1/keys/:id/revoke    DELETE /api/v1/keys/:id
  rotateKey, //     POST   /api/v1/keys/:id/rotate
  listEvents, //    GET    /api/v1/logs
  showReceipt, //   GET    /api/v1/receipts/:callId
  showTrace, //     GET    /api/v1/traces/:id
  sumSpend, //      GET    /api/v1/spend
  listBudgets, //   GET    /api/v1/budgets
  prices, //        GET    /api/v1/prices    POST /api/v1/prices  /api/v1/recost
  rebuildSpend, //  POST   /api/v1/spend/rebuild
  listLiveCalls, // GET    /api/v1/calls/live
  listProviders, // GET    /api/v1/providers
  resetProvider, // POST   /api/v1/providers/:name/reset
  explainRoute, //  POST   /api/v1/routes/explain
  showCache, //     GET    /api/v1/cache
  purgeCache, //    POST   /api/v1/cache/purge
  eraseBodies, //   POST   /api/v1/bodies/erase
  showBody, //      GET    /api/v1/bodies/:id
  showStatus, //    GET    /api/v1/status
  reload, //        POST   /api/v1/reload
  verifyLog, //     GET    /api/v1/verify
  probes, //        GET    /livez  /readyz  /metrics
]

/** The control port, as the server sees it. */
export interface ControlApi {
  fetch(request: Request): Promise<Response>
}

/** Makes the control API. Everything under /api needs the admin key, but for bodies that others may read. */
export function createControlApi(deps: ControlApiDeps): ControlApi {
  const app: ControlApp = new OpenAPIHono<ControlEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error)
    },
  })
  app.onError((thrown, context) => answerError(context, thrown))
  app.use(nameRequest(deps), refuseForeignPages(deps.hosts))
  app.use('/api/*', requireAdmin(deps))
  if (!deps.openMetrics) app.use('/metrics', requireAdmin(deps))
  app.use(boundBody(deps))
  for (const mount of ENDPOINTS) mount(app, deps)
  describe(app, deps)
  refuseTheRest(app)
  return { fetch: async (request) => app.fetch(request) }
}

function describe(app: ControlApp, deps: ControlApiDeps): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', { type: 'http', scheme: 'bearer' })
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Signalbox control API', version: deps.version },
    security: [{ adminKey: [] }],
  })
}

/** A known path with another method is 405, an unknown path 404: both in the shape of every other error. */
function refuseTheRest(app: ControlApp): void {
  const methods = Map.groupBy(
    app.routes.filter(({ method }) => method !== 'ALL'),
    ({ path }) => path,
  )
  for (const [path, routes] of methods) {
    const allowed = [...new Set(routes.map(({ method }) => method))].join(', ')
    app.all(path, (context) => {
      context.header('allow', allowed)
      throw new GatewayError('method_not_allowed', `${context.req.path} takes ${allowed}, not ${context.req.method.slice(0, 20)}.`)
    })
  }
  app.notFound(({ req: { path } }) => {
    const hint = layerOfPath(path) !== undefined ? 'Calls go to the data port (`listen.data`); this is the control port.' : ''
    const what = `There is nothing at ${path.slice(0, 200)}. ${hint}`.trimEnd()
    throw new GatewayError('not_found', `${what} GET /api/openapi.json lists what the control API answers.`)
  })
}
