import { ChatAnthropic } from '@langchain/anthropic'
import type { AIMessageChunk, UsageMetadata } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type Asked, type Client, type Endpoint, SCHEMA } from './client.ts'

/** LangChain in front of one of its chat models; `stopIn` is where the integration puts the stop reason of its wire. */
interface Integration {
  readonly name: string
  readonly stops: Client['stops']
  readonly stopIn: string
  readonly chat: (endpoint: Endpoint, model: string) => ChatOpenAI | ChatAnthropic
}

function toolsOf({ tools = [] }: Asked) {
  return tools.map((name) => ({ type: 'function' as const, function: { name, description: name, parameters: SCHEMA } }))
}

function langchainClient({ name, stops, stopIn, chat }: Integration): Client {
  return {
    name,
    stops,
    ask: async (endpoint, asked) => {
      const model = chat(endpoint, asked.model)
      if (asked.isStructured) {
        const structured = model.withStructuredOutput<{ city: string }>(SCHEMA, { name: 'place', method: 'jsonSchema' })
        const places = asked.isStream
          ? await Array.fromAsync(await structured.stream(asked.prompt))
          : [await structured.invoke(asked.prompt)]
        return { text: JSON.stringify(places.at(-1)), calls: [], stop: undefined, inputTokens: undefined, outputTokens: undefined }
      }
      const bound = asked.tools === undefined ? model : model.bindTools(toolsOf(asked))
      const said: AIMessageChunk = asked.isStream ? await wholeOf(await bound.stream(asked.prompt)) : await bound.invoke(asked.prompt)
      const told: Readonly<Record<string, unknown>> = { ...said.additional_kwargs, ...said.response_metadata }
      const stop = told[stopIn]
      return {
        text: said.text,
        calls: (said.tool_calls ?? []).map((call) => ({ name: call.name, arguments: call.args })),
        stop: typeof stop === 'string' ? stop : undefined,
        ...tokensOf(said),
      }
    },
  }
}

/** A message types its usage by its content blocks, which these tests leave open. */
function tokensOf({ usage_metadata: usage }: { readonly usage_metadata?: UsageMetadata | undefined }) {
  return { inputTokens: usage?.input_tokens, outputTokens: usage?.output_tokens }
}

/** The message that the chunks of a stream add up to. */
async function wholeOf(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined
  for await (const chunk of chunks) whole = whole?.concat(chunk) ?? chunk
  if (whole === undefined) throw new Error('The stream had no chunk.')
  return whole
}

const openai = (useResponsesApi: boolean) => (endpoint: Endpoint, model: string) =>
  new ChatOpenAI({ model, apiKey: endpoint.key, maxRetries: 0, useResponsesApi, configuration: { baseURL: `${endpoint.dataUrl}/v1` } })

/** LangChain with each of its integrations whose wire the gateway speaks. */
export const LANGCHAIN_CLIENTS: readonly Client[] = [
  langchainClient({
    name: '@langchain/openai (chat)',
    stops: { plain: 'stop', tools: 'tool_calls' },
    stopIn: 'finish_reason',
    chat: openai(false),
  }),
  langchainClient({
    name: '@langchain/openai (responses)',
    stops: { plain: 'completed', tools: 'completed' },
    stopIn: 'status',
    chat: openai(true),
  }),
  langchainClient({
    name: '@langchain/anthropic',
    stops: { plain: 'end_turn', tools: 'tool_use' },
    stopIn: 'stop_reason',
    chat: ({ dataUrl, key }, model) => new ChatAnthropic({ model, apiKey: key, maxRetries: 0, anthropicApiUrl: dataUrl }),
  }),
]
