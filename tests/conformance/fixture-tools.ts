import type { CallToolResult, ElicitRequestFormParams, ServerContext, Tool } from '@modelcontextprotocol/server'

/** A tool of the fixture: what it lists, and what it does. */
interface FixtureTool {
  readonly tool: Tool
  readonly run: (given: Readonly<Record<string, unknown>>, context: ServerContext) => CallToolResult | Promise<CallToolResult>
}

/** One red pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
/** A WAV file without a sound. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA='

const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', properties: {} }
const text = (said: string) => ({ type: 'text', text: said }) as const
const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const
const resource = (uri: string, mimeType: string, said: string) => ({ type: 'resource', resource: { uri, mimeType, text: said } }) as const

function plain(name: string, description: string, content: CallToolResult['content']): FixtureTool {
  return { tool: { name, description, inputSchema: NO_ARGUMENTS }, run: () => ({ content }) }
}

function elicits(name: string, description: string, requestedSchema: ElicitRequestFormParams['requestedSchema']): FixtureTool {
  return {
    tool: { name, description, inputSchema: NO_ARGUMENTS },
    run: async (_given, { mcpReq }) => {
      const { action, content } = await mcpReq.elicitInput({ message: 'Please fill this in', requestedSchema })
      return { content: [text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`)] }
    },
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

const WITH_CONTEXT: readonly FixtureTool[] = [
  {
    tool: { name: 'test_tool_with_logging', description: 'Logs while it works', inputSchema: NO_ARGUMENTS },
    run: async (_given, { mcpReq }) => {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await mcpReq.log('info', data)
        await pause()
      }
      return { content: [text('Tool with logging executed successfully')] }
    },
  },
  {
    tool: { name: 'test_tool_with_progress', description: 'Tells of its progress', inputSchema: NO_ARGUMENTS },
    run: async (_given, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
        }
        await pause()
      }
      return { content: [text('Tool with progress executed successfully')] }
    },
  },
  {
    tool: {
      name: 'test_sampling',
      description: 'Asks the model of the client',
      inputSchema: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    },
    run: async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.requestSampling({ messages: [{ role: 'user', content: text(String(prompt)) }], maxTokens: 100 })
      return { content: [text(`LLM response: ${JSON.stringify(content)}`)] }
    },
  },
  {
    tool: {
      name: 'test_elicitation',
      description: 'Asks the user of the client',
      inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
    },
    run: async ({ message }, { mcpReq }) => {
      const { action, content } = await mcpReq.elicitInput({
        message: String(message),
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email" },
          },
          required: ['username', 'email'],
        },
      })
      return { content: [text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`)] }
    },
  },
]

const titled = (values: readonly string[], titles: readonly string[]) =>
  values.map((value, index) => ({ const: value, title: titles[index] ?? '' }))

/** The tools that the suite asks for, by name. Source: what its scenarios say that they need (read 2026-11-21). */
export const FIXTURE_TOOLS: readonly FixtureTool[] = [
  plain('test_simple_text', 'Says something', [text('This is a simple text response for testing.')]),
  plain('test_image_content', 'Shows a picture', [image]),
  plain('test_audio_content', 'Plays a sound', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]),
  plain('test_embedded_resource', 'Gives a resource', [
    resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ]),
  plain('test_multiple_content_types', 'Gives some of each', [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ]),
  {
    tool: { name: 'test_error_handling', description: 'Fails', inputSchema: NO_ARGUMENTS },
    run: () => ({ content: [text('This tool intentionally returns an error for testing')], isError: true }),
  },
  ...WITH_CONTEXT,
  elicits('test_elicitation_sep1034_defaults', 'Asks with defaults', {
    type: 'object',
    properties: {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    },
  }),
  elicits('test_elicitation_sep1330_enums', 'Asks with choices', {
    type: 'object',
    properties: {
      untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
      titledSingle: { type: 'string', oneOf: titled(['value1', 'value2', 'value3'], ['First Option', 'Second Option', 'Third Option']) },
      legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
      untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
      titledMulti: {
        type: 'array',
        items: { anyOf: titled(['value1', 'value2', 'value3'], ['First Choice', 'Second Choice', 'Third Choice']) },
      },
    },
  }),
  {
    tool: {
      name: 'json_schema_2020_12_tool',
      description: 'Has a schema with words of 2020-12',
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
        properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
        additionalProperties: false,
      },
    },
    run: (given) => ({ content: [text(`JSON Schema 2020-12 tool called with: ${JSON.stringify(given)}`)] }),
  },
]
