import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import { answersWanted, readOutputBound } from '../../neutral/read.ts'
import type { RequestBounds } from '../../types.ts'
import { serviceTierOf } from '../service-tier.ts'
import { plainTier } from './usage.ts'
import { field } from './words.ts'

/** Reads what bounds the cost of a request, and what about it nobody can bound. @throws invalid_request */
export function readBounds(value: JsonObject): RequestBounds {
  const contents = isObject(value.contents) ? [value.contents] : objectsIn(value.contents)
  const media = contents.flatMap(({ parts }) => (isObject(parts) ? [parts] : objectsIn(parts))).flatMap(mediaIn)
  const given = field(value, 'generationConfig')
  const config = isObject(given) ? given : {}
  const unbounded = media.length > 0 ? 'a file or an image among its contents' : findUnbounded(value, config)
  return {
    choices: answersWanted(field(config, 'candidateCount'), 'generationConfig.candidateCount'),
    mediaParts: media.length,
    mediaBytes: media.reduce((sum, size) => sum + size, 0),
    ...readOutputBound([
      ['generationConfig.maxOutputTokens', config.maxOutputTokens],
      ['generationConfig.max_output_tokens', config.max_output_tokens],
    ]),
    ...serviceTierOf(plainTier(field(value, 'serviceTier'))),
    ...(unbounded === undefined ? {} : { unbounded }),
  }
}

/** Sizes of what is no text in a part, also in what a tool answered. */
function mediaIn(part: JsonObject): readonly number[] {
  const answered = field(part, 'functionResponse')
  if (isObject(answered)) return objectsIn(answered.parts).flatMap(mediaIn)
  const inline = field(part, 'inlineData')
  if (isObject(inline)) return [typeof inline.data === 'string' ? inline.data.length : 0]
  return field(part, 'fileData') === undefined ? [] : [0]
}

/** What the provider does or counts by its own measure. */
function findUnbounded(value: JsonObject, config: JsonObject): string | undefined {
  const isOwn = objectsIn(value.tools).some((tool) =>
    Object.keys(tool).some((key) => key !== 'functionDeclarations' && key !== 'function_declarations'),
  )
  if (isOwn) return 'a tool of the provider’s own'
  if (field(value, 'cachedContent') !== undefined) return 'content that the provider keeps'
  const modalities = field(config, 'responseModalities')
  const isText = !Array.isArray(modalities) || modalities.every((one: Json) => one === 'TEXT')
  return isText ? undefined : 'an answer that is not text alone'
}
