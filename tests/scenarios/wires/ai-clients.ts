import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, jsonSchema, type LanguageModel, Output, streamText, type ToolSet } from 'ai'
import { type Client, type Endpoint, SCHEMA } from './client.ts'

const PLACE = jsonSchema<{ city: string }>({ ...SCHEMA, type: 'object', properties: { city: { type: 'string' } } })

/** A tool without `execute` leaves its call to the caller: one step, one call of the model. */
function toolSet(names: readonly string[]): ToolSet {
  return Object.fromEntries(names.map((name) => [name, { description: name, inputSchema: PLACE }]))
}

/** The AI SDK in front of one of its providers. */
function aiClient(name: string, modelOf: (endpoint: Endpoint, model: string) => LanguageModel): Client {
  return {
    name,
    stops: { plain: 'stop', tools: 'tool-calls' },
    ask: async (endpoint, { model, prompt, isStream, tools, isStructured }) => {
      const request = {
        model: modelOf(endpoint, model),
        prompt,
        maxRetries: 0,
        maxOutputTokens: 1000,
        ...(tools === undefined ? {} : { tools: toolSet(tools) }),
        ...(isStructured ? { output: Output.object({ schema: PLACE }) } : {}),
      }
      const said = isStream ? streamText(request) : await generateText(request)
      const [text, calls, stop, usage] = await Promise.all([said.text, said.toolCalls, said.finishReason, said.usage])
      return {
        text: isStructured ? JSON.stringify(await said.output) : text,
        calls: calls.map(({ toolName, input }) => ({ name: toolName, arguments: input })),
        stop,
        inputTokens: usage.inputTokens,
        outputTokens: usage.outputTokens,
      }
    },
  }
}

/** The AI SDK with each of its providers whose wire the gateway speaks. */
export const AI_CLIENTS: readonly Client[] = [
  aiClient('ai + @ai-sdk/openai (chat)', ({ dataUrl, key }, model) => createOpenAI({ apiKey: key, baseURL: `${dataUrl}/v1` }).chat(model)),
  aiClient('ai + @ai-sdk/openai (responses)', ({ dataUrl, key }, model) =>
    createOpenAI({ apiKey: key, baseURL: `${dataUrl}/v1` }).responses(model),
  ),
  aiClient('ai + @ai-sdk/anthropic', ({ dataUrl, key }, model) => createAnthropic({ apiKey: key, baseURL: `${dataUrl}/v1` })(model)),
  aiClient('ai + @ai-sdk/google', ({ dataUrl, key }, model) => createGoogle({ apiKey: key, baseURL: `${dataUrl}/v1beta` })(model)),
]
