import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { answersWanted, readOutputBound } from '../../neutral/read.ts'
import type { RequestBounds } from '../../types.ts'
import { serviceTierOf } from '../service-tier.ts'

/** Reads what bounds the cost of a request, and what about it nobody can bound. @throws invalid_request */
export function readBounds(value: JsonObject): RequestBounds {
  const media = readMedia(value.messages)
  const unbounded = media.parts > 0 ? `${media.kind} among its messages` : findUnbounded(value)
  return {
    choices: answersWanted(value.n, 'n'),
    mediaBytes: media.sizeBytes,
    mediaParts: media.parts,
    ...readOutputBound([
      ['max_completion_tokens', value.max_completion_tokens],
      ['max_tokens', value.max_tokens],
    ]),
    ...serviceTierOf(value.service_tier),
    ...(unbounded === undefined ? {} : { unbounded }),
  }
}

/** What the provider does or counts by its own measure. */
function findUnbounded(value: JsonObject): string | undefined {
  if (isObject(value.web_search_options)) return 'a search that the provider makes (web_search_options)'
  if (Array.isArray(value.plugins) && value.plugins.length > 0) return 'plugins, which the provider runs itself'
  if (isObject(value.prediction)) return 'a prediction, of which rejected parts are charged as output'
  if (value.audio !== undefined && value.audio !== null) return 'audio as output'
  const foreign = Array.isArray(value.tools)
    ? value.tools.find((tool) => !isObject(tool) || !['function', 'custom'].includes(String(tool.type)))
    : undefined
  return foreign === undefined ? undefined : 'a tool that the provider runs itself'
}

function readMedia(messages: Json | undefined): { parts: number; sizeBytes: number; kind: string } {
  const media = { parts: 0, sizeBytes: 0, kind: '' }
  if (!Array.isArray(messages)) return media
  for (const message of messages) {
    if (!isObject(message) || !Array.isArray(message.content)) continue
    for (const part of message.content) {
      if (!isObject(part) || part.type === 'text' || part.type === 'refusal') continue
      media.parts++
      media.sizeBytes += largestText(part)
      media.kind = `a part of type ${JSON.stringify(part.type ?? null).slice(0, 40)}`
    }
  }
  return media
}

/** Length of the longest text of a part, which is where its bytes stand in base64, or its address. */
function largestText(part: JsonObject): number {
  let largest = 0
  for (const value of Object.values(part)) {
    if (typeof value === 'string') largest = Math.max(largest, value.length)
    else if (isObject(value)) largest = Math.max(largest, largestText(value))
  }
  return largest
}
