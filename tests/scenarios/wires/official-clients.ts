import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { type Client, SCHEMA } from './client.ts'

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

/** The SDKs of those who made the wires. */
export const OFFICIAL_CLIENTS: readonly Client[] = [openaiChat, openaiResponses, anthropic, genai]
