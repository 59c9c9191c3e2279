import { createRoute, z } from '@hono/zod-openapi'
import type { ConfigStatus } from '../deps.ts'
import { type Endpoint, errorAnswers, jsonAnswer } from '../endpoint.ts'
import { formatPosition, isoTime } from '../shapes.ts'
import { readinessShape, showReadiness } from './probes.ts'

export const shownConfig = z
  .object({
    revision: z.string(),
    file: z.string().optional().describe('Absent where the gateway runs without a file.'),
    loadedAt: z.string(),
    problems: z.array(z.string()).describe('What keeps the file as it stands now from coming into force.'),
  })
  .openapi('ConfigStatus')

/** The configuration in force, as the API shows it. */
export type ShownConfig = z.output<typeof shownConfig>

/** The configuration in force. */
export function showConfig({ revision, file, loadedAtMs, lastProblems }: ConfigStatus) {
  return { revision, ...(file === undefined ? {} : { file }), loadedAt: isoTime(loadedAtMs), problems: [...(lastProblems ?? [])] }
}

const status = readinessShape
  .extend({
    version: z.string(),
    startedAt: z.string(),
    config: shownConfig,
    log: z.object({ isWritable: z.boolean(), end: z.string().describe('Cursor of the last event.') }),
    keys: z.number(),
    liveCalls: z.number(),
    droppedBodies: z.number().describe('Bodies that were not kept since the start, because the queue was full or the disk refused.'),
  })
  .openapi('Status')

/** How the gateway is. */
export type Status = z.output<typeof status>

const route = createRoute({
  method: 'get',
  path: '/api/v1/status',
  summary: 'Shows how the gateway is.',
  responses: { 200: jsonAnswer('The status.', status), ...errorAnswers },
})

export const showStatus: Endpoint = (app, deps) => {
  app.openapi(route, async (context) =>
    context.json(
      {
        ...showReadiness(deps.readiness()),
        version: deps.version,
        startedAt: isoTime(deps.startedAtMs),
        config: showConfig(deps.configStatus()),
        log: { isWritable: deps.log.isWritable, end: formatPosition(await deps.reader.end()) },
        keys: deps.access.list().length,
        liveCalls: deps.live.list().length,
        droppedBodies: deps.bodies.dropped,
      },
      200,
    ),
  )
}
