import { isObject, type Json, type JsonObject } from '../../core/json.ts'
import { type Caller, complete, createToolCaller, GateError, type ToolCaller } from './caller.ts'

/** The gateways that the agent calls, without a slash at the end. One that is left out is not called. */
export interface Gates {
  readonly models?: string | undefined
  readonly tools?: string | undefined
}

/** What an agent of the sandbox works with. */
export interface Work {
  readonly caller: Caller
  readonly gates: Gates
  /** The name of the model that it asks. */
  readonly model: string
}

/** A model that asks for one tool after the other is stopped here. */
const MAX_ROUNDS = 4

/**
 * Answers what the user said as an agent does: it asks the model, with the tools of the tools gateway; calls the tools that the model wants;
 * asks again with their results. Everything goes through the gateways, in the trace and with the key that it was given.
 * @throws GateError where a gateway refuses
 */
export async function answerAsAgent({ caller, gates, model }: Work, said: string): Promise<string> {
  if (gates.models === undefined) return `${INTRODUCTION} It was given no models gateway. You said: ${said}`
  const toolCaller = gates.tools === undefined ? undefined : createToolCaller(caller, gates.tools)
  const tools = ((await toolCaller?.list()) ?? []).map(asFunction)
  const messages: JsonObject[] = [{ role: 'user', content: said }]
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const message = await complete(caller, gates.models, { model, messages, ...(tools.length === 0 ? {} : { tools }) })
    const calls: readonly Json[] = Array.isArray(message.tool_calls) ? message.tool_calls : []
    if (toolCaller === undefined || calls.length === 0) return `${INTRODUCTION} The model says: ${String(message.content)}`
    messages.push(message, ...(await callAll(toolCaller, calls)))
  }
  throw new GateError(`the model asked for tools ${MAX_ROUNDS} times in a row`)
}

const INTRODUCTION = 'This is the Signalbox sandbox agent.'

/** A tool of MCP as models are offered it. */
function asFunction({ name, description, inputSchema }: JsonObject): JsonObject {
  return { type: 'function', function: { name, description, parameters: inputSchema } }
}

async function callAll(toolCaller: ToolCaller, calls: readonly Json[]): Promise<readonly JsonObject[]> {
  const answers = calls.filter(isObject).map(async (call) => ({
    role: 'tool',
    tool_call_id: call.id,
    content: await callOne(toolCaller, isObject(call.function) ? call.function : {}),
  }))
  return Promise.all(answers)
}

async function callOne(toolCaller: ToolCaller, { name, arguments: written }: JsonObject): Promise<string> {
  const given = parseArguments(written)
  if (given === undefined) return 'The arguments of this call are no JSON object.'
  const { content } = await toolCaller.call(String(name), given)
  const parts: readonly Json[] = Array.isArray(content) ? content : []
  return parts.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('\n')
}

/** The arguments as the model wrote them; undefined where they are no object, which the model is told. */
function parseArguments(written: Json | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(String(written))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
