import { GatewayError } from '../../core/errors.ts'

/** Addresses of models at the large clouds, each by the rule of its provider. Pure. */

/** A model at Azure OpenAI. */
export interface AzurePlace {
  /** Of the resource: `https://NAME.openai.azure.com`. */
  readonly baseUrl: string
  /** Left out: the v1 paths, on which the deployment is the model of the body. */
  readonly deployment?: string
  /** Left out: none on the v1 paths, which is the latest; on those of deployments it must be given. */
  readonly apiVersion?: string
}

/**
 * Where Azure OpenAI takes an operation, such as `chat/completions`.
 * Source: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle (read 2026-11-21).
 * @throws invalid_request where a deployment's path has no version
 */
export function azureUrl({ baseUrl, deployment, apiVersion }: AzurePlace, operation: string): string {
  const root = baseUrl.replace(/\/+$/, '').replace(/\/openai(?:\/v1)?$/, '')
  const version = apiVersion === undefined ? '' : `?api-version=${encodeURIComponent(apiVersion)}`
  if (deployment === undefined) return `${root}/openai/v1/${operation}${version}`
  if (version === '') throw new GatewayError('invalid_request', 'A deployment of Azure OpenAI needs an apiVersion, such as 2024-10-21.')
  return `${root}/openai/deployments/${encodeURIComponent(deployment)}/${operation}${version}`
}

/**
 * Where Claude is asked in Microsoft Foundry.
 * @param baseUrl of the resource: `https://NAME.services.ai.azure.com`, with or without `/anthropic`
 * Source: https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry (read 2026-11-21).
 */
export function azureAnthropicUrl(baseUrl: string, how: 'whole' | 'stream' | 'count'): string {
  const root = baseUrl.replace(/\/+$/, '').replace(/\/anthropic(?:\/v1)?$/, '')
  return `${root}/anthropic/v1/messages${how === 'count' ? '/count_tokens' : ''}`
}

/** A model at Vertex AI. */
export interface VertexPlace {
  readonly project: string
  /** A region (`europe-west4`), a multi-region (`us`, `eu`), or `global`. */
  readonly location: string
  /** Left out: Google's own of the location. */
  readonly baseUrl?: string
}

/** Methods by which models at Vertex are called: the first two of Gemini, the last two of partners such as Anthropic. */
export type VertexMethod = 'generateContent' | 'streamGenerateContent' | 'countTokens' | 'rawPredict' | 'streamRawPredict'

/**
 * Where Vertex AI takes a call of a publisher's model.
 * Source: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (read 2026-11-21).
 */
export function vertexUrl(place: VertexPlace, publisher: 'google' | 'anthropic', modelId: string, method: VertexMethod): string {
  const query = method === 'streamGenerateContent' ? '?alt=sse' : ''
  return `${vertexRoot(place)}/publishers/${publisher}/models/${encodeURIComponent(modelId)}:${method}${query}`
}

function vertexRoot({ project, location, baseUrl }: VertexPlace): string {
  const base = baseUrl?.replace(/\/+$/, '') ?? `https://${vertexHost(location)}/v1`
  return `${base}/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`
}

function vertexHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`
  return `${encodeURIComponent(location)}-aiplatform.googleapis.com`
}
