/** Where a model is called, below the base URL. Ids may come with their collection in front. */
export function modelPath(modelId: string, method: string): string {
  const [, collection = 'models', name = modelId] = /^(models|tunedModels)\/(.+)$/s.exec(modelId) ?? []
  return `/${collection}/${encodeURIComponent(name)}:${method}`
}
