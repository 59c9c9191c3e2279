import { createRoute, z } from '@hono/zod-openapi'
import { didYouMean } from '../../../core/did-you-mean.ts'
import { GatewayError } from '../../../core/errors.ts'
import { EVENT_DOCS } from '../../../core/events.ts'
import type { LoggedEvent, LogPosition } from '../../../core/ports.ts'
import { type Endpoint, errorAnswers, fields, jsonAnswer } from '../endpoint.ts'
import { comparePositions, scanLog } from '../scan-log.ts'
import { formatPosition, parsePosition, showEvent, shownEvent } from '../shapes.ts'
import { readSpan, TIME_HINT } from '../times.ts'

const EVENT_TYPES: readonly string[] = Object.keys(EVENT_DOCS)

const route = createRoute({
  method: 'get',
  path: '/api/v1/logs',
  summary: 'Reads the event log. All filters given must fit.',
  request: {
    query: fields({
      limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('Most events in the answer.'),
      order: z.enum(['newest-first', 'oldest-first']).default('newest-first'),
      after: z
        .string()
        .optional()
        .describe('A cursor: only events written after it. With oldest-first and the cursor of each answer the log is followed.'),
      before: z.string().optional().describe('A position: only events written before it.'),
      since: z.string().optional().describe(`Only events from then on: ${TIME_HINT}.`),
      until: z.string().optional().describe('Only events before then, written likewise.'),
      team: z.string().optional(),
      key: z.string().optional().describe('Public id of a key.'),
      model: z.string().optional().describe("The caller's name for the model, or the provider's id of it."),
      outcome: z.enum(['ok', 'refused', 'broken', 'cancelled', 'paused']).optional().describe('Only calls that ended so.'),
      type: z.string().optional().describe('Event types, separated by commas; one with ! before it is left out.'),
    }),
  },
  responses: {
    200: jsonAnswer(
      'Events.',
      z.object({ events: z.array(shownEvent), cursor: z.string().describe('Pass it as `after` for what is written from now on.') }),
    ),
    ...errorAnswers,
  },
})

export const listEvents: Endpoint = (app, deps) => {
  app.openapi(route, async (context) => {
    const { limit, order, after, before, since, until, ...filter } = context.req.valid('query')
    // Taken before the log is read: what is written meanwhile is then seen twice rather than never.
    const end = await deps.reader.end()
    const from = readCursor('after', after)
    const to = readCursor('before', before)
    const span = readSpan({ since, until }, deps.world.now())
    const found = await scanLog(
      deps.reader,
      { limit, order, ...span, ...(from === undefined ? {} : { after: from }), ...(to === undefined ? {} : { before: to }) },
      { team: filter.team, keyId: filter.key, subject: filter.model, outcome: filter.outcome, types: readTypes(filter.type) },
    )
    const isCut = order === 'oldest-first' && found.length === limit
    return context.json(
      { events: found.map(showEvent), cursor: formatPosition(cursorOf(found, isCut ? undefined : latest(end, from))) },
      200,
    )
  })
}

/** The furthest place that the reader has seen: the end of the log, or, of an answer that was cut off, its last event. */
function cursorOf(found: readonly LoggedEvent[], end: LogPosition | undefined): LogPosition {
  const positions = [...found.map(({ position }) => position), ...(end === undefined ? [] : [end])]
  return positions.reduce((furthest, position) => (comparePositions(furthest, position) < 0 ? position : furthest), { batch: 0, index: 0 })
}

function latest(end: LogPosition, from: LogPosition | undefined): LogPosition {
  return from !== undefined && comparePositions(end, from) < 0 ? from : end
}

function readCursor(param: string, text: string | undefined): LogPosition | undefined {
  if (text === undefined) return undefined
  const position = parsePosition(text)
  if (position !== undefined) return position
  throw new GatewayError('invalid_request', `${param} is no cursor; use the one of an answer, such as 12.3.`, { param })
}

/** The event types that are wanted; undefined where all are. */
function readTypes(written: string | undefined): ReadonlySet<string> | undefined {
  if (written === undefined) return undefined
  const wanted = new Set<string>()
  const unwanted = new Set<string>()
  for (const item of written.split(',').map((text) => text.trim())) {
    const type = item.replace(/^!/, '')
    if (!EVENT_TYPES.includes(type)) {
      const known = didYouMean(type, EVENT_TYPES) || `; they are ${EVENT_TYPES.join(', ')}.`
      throw new GatewayError('invalid_request', `There is no event type "${type.slice(0, 60)}"${known}`, { param: 'type' })
    }
    ;(item.startsWith('!') ? unwanted : wanted).add(type)
  }
  return new Set((wanted.size === 0 ? EVENT_TYPES : [...wanted]).filter((type) => !unwanted.has(type)))
}
