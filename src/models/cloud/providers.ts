import type { ProviderConfig } from '../config.ts'
import type { How, ProviderRow } from '../providers.ts'
import type { WireName } from '../types.ts'
import { bedrockAuthorize, vertexAuthorize } from './authorize.ts'
import { INVOKE_FRAMING } from './event-stream-framing.ts'
import { azureAnthropicUrl, azureUrl, vertexUrl } from './places.ts'

/** Models at the large clouds. Needs and addresses as their documentation had them on 2026-11-21. */
export const CLOUD_PROVIDERS: Readonly<Record<string, ProviderRow>> = {
  azure: {
    wire: 'openai-chat',
    baseUrl: '',
    auth: 'api-key',
    traits: { maxTokensField: 'max_completion_tokens', takesOpenAiExtras: true },
    paths: azurePath,
    alsoSpeaks: ['openai-responses'],
  },
  'azure-anthropic': {
    wire: 'anthropic-messages',
    baseUrl: '',
    auth: 'api-key',
    paths: (_id, how, { baseUrl = '' }) => (how === 'embed' ? undefined : azureAnthropicUrl(baseUrl, how)),
  },
  vertex: {
    wire: 'gemini',
    baseUrl: '',
    auth: 'bearer',
    needs: ['project', 'region'],
    traits: { hasModelInPath: true },
    paths: vertexGeminiPath,
    authorize: vertexAuthorize,
  },
  'vertex-anthropic': {
    wire: 'anthropic-messages',
    baseUrl: '',
    auth: 'bearer',
    needs: ['project', 'region'],
    traits: { hasModelInPath: true, saysStream: true, bodyFields: { anthropic_version: 'vertex-2023-10-16' } },
    paths: (id, how, provider) =>
      how === 'whole' || how === 'stream'
        ? vertexUrl(vertexPlace(provider), 'anthropic', id, how === 'stream' ? 'streamRawPredict' : 'rawPredict')
        : undefined,
    authorize: vertexAuthorize,
  },
  bedrock: { wire: 'converse', baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com', auth: 'bearer', authorize: bedrockAuthorize },
  'bedrock-anthropic': {
    wire: 'anthropic-messages',
    baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
    auth: 'bearer',
    traits: { hasModelInPath: true, bodyFields: { anthropic_version: 'bedrock-2023-05-31' } },
    paths: (id, how) =>
      how === 'whole' || how === 'stream'
        ? `/model/${encodeURIComponent(id)}/${how === 'stream' ? 'invoke-with-response-stream' : 'invoke'}`
        : undefined,
    framing: INVOKE_FRAMING,
    authorize: bedrockAuthorize,
  },
}

/** Responses are at the v1 paths alone: a deployment of its own path has none. */
function azurePath(_id: string, how: How, provider: ProviderConfig, wire: WireName): string | undefined {
  const { baseUrl = '', deployment, apiVersion } = provider
  const isResponses = wire === 'openai-responses'
  if (how === 'count' || (isResponses && (how === 'embed' || deployment !== undefined))) return undefined
  const place = { baseUrl, ...(deployment === undefined ? {} : { deployment }), ...(apiVersion === undefined ? {} : { apiVersion }) }
  return azureUrl(place, isResponses ? 'responses' : how === 'embed' ? 'embeddings' : 'chat/completions')
}

function vertexGeminiPath(id: string, how: How, provider: ProviderConfig): string | undefined {
  if (how === 'embed') return undefined
  const method = how === 'stream' ? 'streamGenerateContent' : how === 'count' ? 'countTokens' : 'generateContent'
  return vertexUrl(vertexPlace(provider), 'google', id, method)
}

/** The check of the configuration has seen that project and region are there. */
function vertexPlace({ project = '', region = '', baseUrl }: ProviderConfig) {
  return { project, location: region, ...(baseUrl === undefined ? {} : { baseUrl }) }
}
