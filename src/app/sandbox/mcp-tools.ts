import type { Json, JsonObject } from '../../core/json.ts'

/** A tool of the sandbox: how it is listed, and what it does. */
export interface SandboxTool {
  readonly description: string
  /** The server's word on what the tool does, in MCP's terms. */
  readonly annotations: JsonObject
  /** By name; all of them are required. */
  readonly parameters: Readonly<Record<string, 'string' | 'number'>>
  readonly run: (call: ToolCall) => ToolResult
}

/** A call whose arguments are there and of their types. */
interface ToolCall {
  readonly text: (name: string) => string
  readonly number: (name: string) => number
  /** Lives as long as the server. */
  readonly notes: Map<string, string>
}

/** What a tool answers. */
export interface ToolResult {
  readonly text: string
  readonly isError?: true
  readonly structured?: JsonObject
}

const READS = { readOnlyHint: true, openWorldHint: false }
const WRITES = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false }
const DESTROYS = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false }

/** Most notes that the server keeps. */
const MAX_NOTES = 100

/** The tools, by name. They say of themselves that they are a sandbox's, and touch nothing outside of its process. */
export const SANDBOX_TOOLS: Readonly<Record<string, SandboxTool>> = {
  echo: {
    description: 'Sandbox: gives back the text that it is given.',
    annotations: READS,
    parameters: { text: 'string' },
    run: ({ text }) => ({ text: text('text') }),
  },
  add: {
    description: 'Sandbox: adds two numbers.',
    annotations: READS,
    parameters: { a: 'number', b: 'number' },
    run: ({ number }) => {
      const sum = number('a') + number('b')
      return { text: String(sum), structured: { sum } }
    },
  },
  note_write: {
    description: 'Sandbox: keeps a note in the memory of this server, in place of one of the same name.',
    annotations: WRITES,
    parameters: { name: 'string', text: 'string' },
    run: ({ text, notes }) => {
      if (notes.size >= MAX_NOTES && !notes.has(text('name'))) return { text: `There is room for ${MAX_NOTES} notes.`, isError: true }
      notes.set(text('name'), text('text'))
      return { text: `Kept the note ${text('name')}.` }
    },
  },
  note_read: {
    description: 'Sandbox: reads a note that was kept.',
    annotations: READS,
    parameters: { name: 'string' },
    run: ({ text, notes }) => {
      const note = notes.get(text('name'))
      return note === undefined ? noNote(text('name')) : { text: note }
    },
  },
  note_delete: {
    description: 'Sandbox: throws a note away.',
    annotations: DESTROYS,
    parameters: { name: 'string' },
    run: ({ text, notes }) => (notes.delete(text('name')) ? { text: `Threw the note ${text('name')} away.` } : noNote(text('name'))),
  },
}

function noNote(name: string): ToolResult {
  return { text: `There is no note ${name}.`, isError: true }
}

/** The tools as MCP lists them. */
export function listTools(): readonly Json[] {
  return Object.entries(SANDBOX_TOOLS).map(([name, { description, annotations, parameters }]) => ({
    name,
    title: `Sandbox: ${name}`,
    description,
    annotations,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(parameters).map(([parameter, type]) => [parameter, { type }])),
      required: Object.keys(parameters),
      additionalProperties: false,
    },
    ...(name === 'add' ? { outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] } } : {}),
  }))
}

/** Runs a tool, or says what is wrong with its arguments: the model that wrote them can put that right. */
export function callTool({ parameters, run }: SandboxTool, given: JsonObject, notes: Map<string, string>): ToolResult {
  const wrong = Object.entries(parameters).filter(([name, type]) => typeof given[name] !== type)
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(parameters, name))
  if (wrong.length > 0) return { text: wrong.map(([name, type]) => `${name} must be a ${type}.`).join(' '), isError: true }
  if (unknown.length > 0) return { text: `There is no parameter ${unknown.join(', ')}.`, isError: true }
  return run({ text: (name) => String(given[name]), number: (name) => Number(given[name]), notes })
}
