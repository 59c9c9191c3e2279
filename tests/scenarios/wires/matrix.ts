import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import type { Scenario } from '../../../src/testing/scenario.ts'

/** What a caller's SDK made of an answer, in words that all SDKs share. */
export interface Said {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[]
  /** As the wire of the SDK names it. */
  readonly stop: string | null | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** What is asked. */
export interface Asked {
  readonly model: string
  readonly prompt: string
  readonly isStream: boolean
  readonly tools?: readonly string[]
  /** Whether the answer is to be JSON of this shape: `{ city: string }`. */
  readonly isStructured?: boolean
}

/** An official SDK in front of the gateway. */
export interface Client {
  readonly name: string
  /** The words of its wire for an answer that ended, and for one that asks for tools. */
  readonly stops: { readonly plain: string; readonly tools: string }
  ask(scenario: Scenario, asked: Asked): Promise<Said>
}

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

const openaiChat: Client = {
  name: 'openai (chat)',
  stops: { plain: 'stop', tools: 'tool_calls' },
  ask: async ({ dataUrl, key }, { model, prompt, isStream, tools, isStructured }) => {
    const { completions } = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 }).chat
    const request = {
      model,
      messages: [{ role: 'user' as const, content: prompt }],
      ...(tools === undefined
        ? {}
        : { tools: tools.map((name) => ({ type: 'function' as const, function: { name, parameters: SCHEMA } })) }),
      ...(isStructured
        ? { response_format: { type: 'json_schema' as const, json_schema: { name: 'place', schema: SCHEMA, strict: true } } }
        : {}),
    }
    const { choices, usage } = isStream
      ? await completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
      : await completions.create(request)
    const [choice] = choices
    return {
      text: choice?.message.content ?? '',
      calls: (choice?.message.tool_calls ?? []).flatMap((call) =>
        call.type === 'function' ? [{ name: call.function.name, arguments: JSON.parse(call.function.arguments) }] : [],
      ),
      stop: choice?.finish_reason,
      inputTokens: usage?.prompt_tokens,
      outputTokens: usage?.completion_tokens,
    }
  },
}

const anthropic: Client = {
  name: '@anthropic-ai/sdk',
  stops: { plain: 'end_turn', tools: 'tool_use' },
  ask: async ({ dataUrl, key }, { model, prompt, isStream, tools, isStructured }) => {
    const { messages } = new Anthropic({ apiKey: key, baseURL: dataUrl, maxRetries: 0 })
    const request = {
      model,
      max_tokens: 1000,
      messages: [{ role: 'user' as const, content: prompt }],
      ...(tools === undefined ? {} : { tools: tools.map((name) => ({ name, input_schema: { ...SCHEMA, type: 'object' as const } })) }),
      ...(isStructured ? { output_config: { format: { type: 'json_schema' as const, schema: SCHEMA } } } : {}),
    }
    const message = isStream ? await messages.stream(request).finalMessage() : await messages.create(request)
    return {
      text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
      calls: message.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [])),
      stop: message.stop_reason,
      inputTokens: message.usage.input_tokens,
      outputTokens: message.usage.output_tokens,
    }
  },
}

const openaiResponses: Client = {
  name: 'openai (responses)',
  stops: { plain: 'completed', tools: 'completed' },
  ask: async ({ dataUrl, key }, { model, prompt, isStream, tools, isStructured }) => {
    const { responses } = new OpenAI({ apiKey: key, baseURL: `${dataUrl}/v1`, maxRetries: 0 })
    const request = {
      model,
      input: prompt,
      store: false,
      ...(tools === undefined
        ? {}
        : { tools: tools.map((name) => ({ type: 'function' as const, name, parameters: SCHEMA, strict: true })) }),
      ...(isStructured ? { text: { format: { type: 'json_schema' as const, name: 'place', schema: SCHEMA, strict: true } } } : {}),
    }
    const said = isStream ? await responses.stream(request).finalResponse() : await responses.create(request)
    return {
      text: said.output_text,
      calls: said.output.flatMap((item) =>
        item.type === 'function_call' ? [{ name: item.name, arguments: JSON.parse(item.arguments) }] : [],
      ),
      stop: said.status,
      inputTokens: said.usage?.input_tokens,
      outputTokens: said.usage?.output_tokens,
    }
  },
}

const genai: Client = {
  name: '@google/genai',
  stops: { plain: 'STOP', tools: 'STOP' },
  ask: async ({ dataUrl, key }, { model, prompt, isStream, tools, isStructured }) => {
    const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: dataUrl } })
    const request = {
      model,
      contents: prompt,
      config: {
        ...(tools === undefined
          ? {}
          : { tools: [{ functionDeclarations: tools.map((name) => ({ name, parametersJsonSchema: SCHEMA })) }] }),
        ...(isStructured ? { responseMimeType: 'application/json', responseJsonSchema: SCHEMA } : {}),
      },
    }
    const chunks = []
    if (isStream) for await (const chunk of await models.generateContentStream(request)) chunks.push(chunk)
    else chunks.push(await models.generateContent(request))
    const last = chunks.at(-1)
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
    return {
      text: parts.map(({ text }) => text ?? '').join(''),
      calls: parts.flatMap(({ functionCall }) =>
        functionCall === undefined ? [] : [{ name: functionCall.name ?? '', arguments: functionCall.args }],
      ),
      stop: last?.candidates?.[0]?.finishReason,
      inputTokens: last?.usageMetadata?.promptTokenCount,
      outputTokens: last?.usageMetadata?.candidatesTokenCount,
    }
  },
}

/** Every official SDK that stands in front of the gateway in these tests. */
export const CLIENTS: readonly Client[] = [openaiChat, openaiResponses, anthropic, genai]

/** The wires that a provider is asked in, each with the path of its API below the mock's address. */
export const PROVIDER_WIRES: readonly { readonly wire: string; readonly path: string; readonly id: string }[] = [
  { wire: 'openai-chat', path: '/v1', id: 'gpt-4o' },
  { wire: 'anthropic-messages', path: '/v1', id: 'claude-sonnet-4-5' },
  { wire: 'openai-responses', path: '/v1', id: 'gpt-4o' },
  { wire: 'gemini', path: '/v1beta', id: 'gemini-2.5-flash' },
  { wire: 'converse', path: '', id: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
]
