import type { Usage } from '../../../core/events.ts'
import type { Json } from '../../../core/json.ts'
import { type Stage, transform } from '../../../core/stage.ts'
import type { Charging } from '../charging.ts'
import type { PassedCall, PassedPart } from '../types.ts'
import { EventProbe } from './event-probe.ts'
import { JsonProbe, type Pointer } from './json-probe.ts'
import { USAGE_PLACES } from './wires.ts'

/** Reads the usage out of an answer as it goes by, and tells it at a good end. What was cut has told nothing: it may have been half of it. */
export function tellUsage(): Stage<PassedCall, PassedPart> {
  return async (call, passed, next) => {
    const reply = await next(call, passed)
    const places = placesOf(passed.rule.charging)
    if (places === undefined) return reply
    let probe: JsonProbe | EventProbe | undefined
    return transform<PassedPart, PassedPart>(reply, {
      part: (part) => {
        if (part.type === 'head') probe = probeFor(part.headers['content-type'], places.at)
        else if (part.type === 'piece') probe?.push(part.bytes)
        return [part]
      },
      flush: () => {
        const usage = probe && places.read(probe.found)
        return usage === undefined ? [] : [{ type: 'usage', usage }]
      },
    })
  }
}

interface Places {
  readonly at: readonly Pointer[]
  readonly read: (found: readonly (Json | undefined)[]) => Usage | undefined
}

function placesOf(charging: Charging): Places | undefined {
  switch (charging.type) {
    case 'flat':
      return undefined
    case 'tokens':
      return USAGE_PLACES[charging.wire]
    case 'units':
      return { at: [charging.count], read: ([count]) => unitsOf(count) }
    default:
      return charging satisfies never
  }
}

/** A part of a unit is charged as a whole one. What is no count was not told. */
function unitsOf(count: Json | undefined): Usage | undefined {
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? { units: Math.ceil(count) } : undefined
}

function probeFor(contentType: string | undefined, at: readonly Pointer[]): JsonProbe | EventProbe | undefined {
  if (/^\s*text\/event-stream\s*(;|$)/i.test(contentType ?? '')) return new EventProbe(at)
  return /^\s*application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType ?? '') ? new JsonProbe(at) : undefined
}
