import { createRoute } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { showConfig, shownConfig } from './show-status.ts'

const route = createRoute({
  method: 'post',
  path: '/api/v1/reload',
  summary: 'Reads the configuration file again. One with problems is refused (409), and the one in force stays.',
  responses: { 200: jsonAnswer('The configuration in force.', shownConfig), ...errorAnswers },
})

export const reload: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const status = await deps.reload()
    const problems = status.lastProblems ?? []
    if (problems.length > 0) {
      throw new GatewayError(
        'conflict',
        `The configuration was not loaded; revision ${status.revision} stays in force.\n${problems.join('\n')}`,
      )
    }
    return context.json(showConfig(status), 200)
  })
}
