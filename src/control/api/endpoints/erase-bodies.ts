import { createRoute, z } from '@hono/zod-openapi'
import { GatewayError } from '../../../core/errors.ts'
import type { BodyFilter } from '../../../core/ports.ts'
import { refuseUnrecorded } from '../../keys.ts'
import { ADMIN, type Endpoint, errorAnswers, fields, jsonAnswer, jsonBody } from '../endpoint.ts'
import { isoTime } from '../shapes.ts'
import { readTime, TIME_HINT } from '../times.ts'

const route = createRoute({
  method: 'post',
  path: '/api/v1/bodies/erase',
  summary:
    'Erases stored prompts and replies, those among them that are kept for their callers and those that are cached. All that is given must fit; at least one must be given. The log is untouched.',
  request: {
    body: jsonBody(
      fields({
        callId: z.string().min(1, { error: 'is empty' }).optional(),
        team: z.string().min(1, { error: 'is empty' }).optional(),
        user: z.string().min(1, { error: 'is empty' }).optional(),
        keyId: z.string().min(1, { error: 'is empty' }).optional(),
        before: z.string().optional().describe(`Only what was kept before: ${TIME_HINT}.`),
      }).openapi('BodyFilter'),
    ),
  },
  responses: { 200: jsonAnswer('How many were erased.', z.object({ erased: z.number() })), ...errorAnswers },
})

export const eraseBodies: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { before, ...owner } = context.req.valid('json')
    const beforeMs = before === undefined ? undefined : readTime('before', before, deps.world.now())
    const filter = definedOnly({ ...owner, beforeMs })
    if (Object.keys(filter).length === 0) {
      throw new GatewayError('invalid_request', 'Nothing says what to erase. Give callId, team, user, keyId or before.')
    }
    refuseUnrecorded(deps.log)
    let erased = 0
    const record = () =>
      // It is done: the record of it must not be lost, whatever the disk does now.
      deps.log.keep({ type: 'body.erased', atMs: deps.world.now(), by: ADMIN, bodies: erased, where: describeFilter(filter) })
    try {
      erased += await deps.bodies.erase(filter)
      erased += await deps.eraseKept(filter)
    } catch (thrown) {
      if (erased > 0) record()
      throw thrown
    }
    record()
    return context.json({ erased }, 200)
  })
}

interface WantedFilter {
  readonly callId?: string | undefined
  readonly team?: string | undefined
  readonly user?: string | undefined
  readonly keyId?: string | undefined
  readonly beforeMs: number | undefined
}

function definedOnly({ callId, team, user, keyId, beforeMs }: WantedFilter): BodyFilter {
  return {
    ...(callId === undefined ? {} : { callId }),
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(beforeMs === undefined ? {} : { beforeMs }),
  }
}

function describeFilter({ beforeMs, ...owner }: BodyFilter): string {
  const words = Object.entries(owner).map(([name, value]) => `${name} = ${value}`)
  return [...words, ...(beforeMs === undefined ? [] : [`kept before ${isoTime(beforeMs)}`])].join(' and ')
}
