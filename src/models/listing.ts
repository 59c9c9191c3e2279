import type { JsonObject } from '../core/json.ts'
import type { ListedModel } from './catalog.ts'
import type { WireName } from './types.ts'

/** Models in the shape of the caller's SDK. What they cost and can do stands beside the wire's own fields. */
export function encodeModels(models: readonly ListedModel[], wire: WireName): string {
  switch (wire) {
    case 'anthropic-messages': {
      const data = models.map(anthropicModel)
      return JSON.stringify({ data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null })
    }
    case 'gemini':
      return JSON.stringify({ models: models.map(geminiModel) })
    default:
      return JSON.stringify({ object: 'list', data: models.map(openaiModel) })
  }
}

/** One model in the shape of the caller's SDK. */
export function encodeModel(model: ListedModel, wire: WireName): string {
  return JSON.stringify(wire === 'anthropic-messages' ? anthropicModel(model) : wire === 'gemini' ? geminiModel(model) : openaiModel(model))
}

function openaiModel(model: ListedModel): JsonObject {
  return { id: model.name, object: 'model', created: 0, owned_by: model.provider, ...beside(model) }
}

function anthropicModel(model: ListedModel) {
  const { context, output } = model.can ?? {}
  return {
    type: 'model',
    id: model.name,
    display_name: model.name,
    created_at: '1970-01-01T00:00:00Z',
    ...(context === undefined ? {} : { max_input_tokens: context }),
    ...(output === undefined ? {} : { max_tokens: output }),
    ...beside(model),
  }
}

function geminiModel(model: ListedModel): JsonObject {
  const { context, output } = model.can ?? {}
  return {
    name: `models/${model.name}`,
    baseModelId: model.name,
    displayName: model.name,
    version: '1',
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
    ...(context === undefined ? {} : { inputTokenLimit: context }),
    ...(output === undefined ? {} : { outputTokenLimit: output }),
    ...beside(model),
  }
}

/** What no wire has a field for. */
function beside({ price, can }: ListedModel): JsonObject {
  return {
    ...(price === undefined
      ? {}
      : { price: { currency: 'USD', input_per_million: price.inputPerMillion, output_per_million: price.outputPerMillion } }),
    ...(can === undefined || Object.keys(can).length === 0 ? {} : { capabilities: { ...can } }),
  }
}
