import type { ListedModel } from './catalog.ts'

/** `GET /v1/models` in the shape of the caller's SDK. Prices stand beside the wire's own fields. */
export function encodeModelList(models: readonly ListedModel[], shape: 'openai' | 'anthropic'): string {
  if (shape === 'anthropic') {
    const data = models.map(({ name, price }) => ({
      type: 'model',
      id: name,
      display_name: name,
      created_at: '1970-01-01T00:00:00Z',
      ...shownPrice(price),
    }))
    return JSON.stringify({ data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null })
  }
  return JSON.stringify({
    object: 'list',
    data: models.map(({ name, provider, price }) => ({ id: name, object: 'model', created: 0, owned_by: provider, ...shownPrice(price) })),
  })
}

function shownPrice(price: ListedModel['price']) {
  if (price === undefined) return {}
  return { price: { currency: 'USD', input_per_million: price.inputPerMillion, output_per_million: price.outputPerMillion } }
}
