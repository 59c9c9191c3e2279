import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { readOutputBound } from '../../neutral/read.ts'
import type { RequestBounds } from '../../types.ts'
import { serviceTierOf } from '../service-tier.ts'

/** Parts that are no text. */
const MEDIA: ReadonlySet<unknown> = new Set(['input_image', 'input_file', 'input_audio'])

/** Reads what bounds the cost of a request, and what about it nobody can bound. @throws invalid_request */
export function readBounds(value: JsonObject): RequestBounds {
  const items: readonly Json[] = Array.isArray(value.input) ? value.input : []
  const media = items.filter(isObject).flatMap(({ content, output }) => [...mediaIn(content), ...mediaIn(output)])
  const unbounded = media.length > 0 ? 'a file or an image among its input' : findUnbounded(value, items)
  return {
    choices: 1,
    mediaParts: media.length,
    mediaBytes: media.reduce((sum, size) => sum + size, 0),
    ...readOutputBound([['max_output_tokens', value.max_output_tokens]]),
    ...serviceTierOf(value.service_tier),
    ...(unbounded === undefined ? {} : { unbounded }),
  }
}

/** Sizes of the parts that are no text. */
function mediaIn(parts: Json | undefined): readonly number[] {
  const list: readonly Json[] = Array.isArray(parts) ? parts : []
  return list
    .filter(isObject)
    .filter(({ type }) => MEDIA.has(type))
    .map(({ image_url: image, file_data: file, input_audio: audio }) => {
      const data = image ?? file ?? (isObject(audio) ? audio.data : undefined)
      return typeof data === 'string' ? data.length : 0
    })
}

/** What the provider does, keeps or counts by its own measure. */
function findUnbounded(value: JsonObject, items: readonly Json[]): string | undefined {
  const tools: readonly Json[] = Array.isArray(value.tools) ? value.tools : []
  if (tools.some((tool) => isObject(tool) && tool.type !== 'function' && tool.type !== 'custom')) return 'a tool of the provider’s own'
  if (Array.isArray(value.plugins) && value.plugins.length > 0) return 'plugins, which the provider runs itself'
  const isKept = ['previous_response_id', 'conversation', 'prompt'].some((key) => value[key] !== undefined && value[key] !== null)
  const isReferred = items.some((item) => isObject(item) && item.type === 'item_reference')
  return isKept || isReferred ? 'a conversation that the provider keeps' : undefined
}
