import type { JsonObject } from '../../core/json.ts'
import type { Content, ToolCallContent } from './content.ts'
import type { Losses } from './loss.ts'
import { defined } from './read.ts'
import type { FreeInput, NeutralRequest, Tool } from './request.ts'

/** Arguments of the function that stands for a tool with free text. */
const STAND_IN: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
}

/** A tool whose input is one free text. */
export function freeTool(name: string, description: string | undefined, free: FreeInput): Tool {
  return defined<Tool>({ name, description, schema: STAND_IN, free })
}

/** Names of the tools with free text that a request offers; undefined where it offers none, as most do. */
export function freeNames({ tools }: NeutralRequest): ReadonlySet<string> | undefined {
  const names = tools?.flatMap(({ name, free }) => (free === undefined ? [] : [name])) ?? []
  return names.length === 0 ? undefined : new Set(names)
}

/** The arguments of a call as JSON, also where they are free text. */
export function jsonArguments({ arguments: text, isFree }: ToolCallContent): string {
  return isFree ? JSON.stringify({ input: text }) : text
}

/**
 * A request for a wire that has functions alone: a function with one string stands for each tool with free text, in the history too. What is
 * answered is told as a call of the tool again (`free-calls.ts`).
 */
export function withFunctionsAlone(request: NeutralRequest, losses: Losses): NeutralRequest {
  const { tools, messages } = request
  const isFreeAnywhere = messages.some(({ content }) => content.some(isFree))
  const offersFree = tools?.some(({ free }) => free !== undefined) === true
  if (offersFree) losses.emulate('tools', 'a function with one string stands for a tool of free text: this provider has functions alone')
  if (tools?.some(({ free }) => free?.grammar !== undefined))
    losses.approximate('tools.format', 'the grammar of a tool is told to the model in words, and nothing holds it to that')
  if (!offersFree && !isFreeAnywhere) return request
  return {
    ...request,
    ...(tools === undefined ? {} : { tools: tools.map(asFunction) }),
    messages: isFreeAnywhere ? messages.map(({ role, content }) => ({ role, content: content.map(asPlain) })) : messages,
  }
}

function isFree(piece: Content): boolean {
  return (piece.type === 'tool-call' || piece.type === 'tool-result') && piece.isFree === true
}

function asFunction({ free, ...tool }: Tool): Tool {
  if (free?.grammar === undefined) return tool
  const { syntax, definition } = free.grammar
  const rule = `The input must keep to this grammar (${syntax}):\n${definition}`
  return { ...tool, description: tool.description === undefined ? rule : `${tool.description}\n\n${rule}` }
}

function asPlain(piece: Content): Content {
  if (piece.type === 'tool-call') {
    const { isFree: _free, ...call } = piece
    return { ...call, arguments: jsonArguments(piece) }
  }
  if (piece.type !== 'tool-result') return piece
  const { isFree: _free, ...result } = piece
  return result
}
