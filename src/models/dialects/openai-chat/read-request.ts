import type { Json, JsonObject } from '../../../core/json.ts'
import { isObject } from '../../../core/json.ts'
import { checkTools } from '../../neutral/check-tools.ts'
import { isEffort } from '../../neutral/effort.ts'
import { freeTool } from '../../neutral/free-tools.ts'
import { readSchema } from '../../neutral/json-schema.ts'
import { Losses } from '../../neutral/loss.ts'
import { MessageList } from '../../neutral/messages.ts'
import {
  defined,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalString,
  optionalStrings,
  optionalWithin,
  readList,
  readObject,
  readString,
  reportUnread,
  wrong,
} from '../../neutral/read.ts'
import type { NeutralRequest, OutputForm, Reasoning, Tool, ToolChoice } from '../../neutral/request.ts'
import { readGrammar } from '../grammar.ts'
import { openAiFieldNames, readOpenAiFields } from '../openai-fields.ts'
import { readMessage } from './read-message.ts'

const READ = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'n',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  ...openAiFieldNames('openai-chat'),
])

/** What a chat completions request says, in no wire's words. */
export function readRequest(value: JsonObject): NeutralRequest {
  const losses = new Losses()
  reportUnread(withoutDefaults(value), READ, { path: '', losses })
  // Empty, it asks for a search all the same.
  if (isObject(value.web_search_options)) losses.drop('web_search_options', 'no other wire has this field')
  const messages = new MessageList()
  const list = readList(value.messages, 'messages')
  if (list.length === 0) throw wrong('messages', 'must hold at least one message')
  list.forEach((message, index) => {
    readMessage(messages, message, { path: `messages[${index}]`, losses })
  })
  const stop = typeof value.stop === 'string' ? [value.stop] : optionalStrings(value.stop, 'stop')
  const tools = readTools(value.tools, losses)
  const toolChoice = readToolChoice(value.tool_choice)
  checkTools({ ...(tools && { tools }), ...(toolChoice && { toolChoice }) }, { given: value.tools, tools: 'tools', choice: 'tool_choice' })
  return defined<NeutralRequest>({
    messages: messages.list,
    unanswered: messages.unanswered,
    tools,
    toolChoice,
    allowsParallelTools: optionalBoolean(value.parallel_tool_calls, 'parallel_tool_calls'),
    maxOutputTokens: optionalCount(value.max_completion_tokens ?? value.max_tokens, 'max_completion_tokens'),
    temperature: optionalWithin(value.temperature, 'temperature', [0, 2]),
    topP: optionalWithin(value.top_p, 'top_p', [0, 1]),
    topK: optionalNumber(value.top_k, 'top_k'),
    seed: optionalNumber(value.seed, 'seed'),
    stopSequences: stop === undefined || stop.length === 0 ? undefined : stop,
    presencePenalty: optionalNumber(value.presence_penalty, 'presence_penalty'),
    frequencyPenalty: optionalNumber(value.frequency_penalty, 'frequency_penalty'),
    candidates: optionalCount(value.n, 'n'),
    logprobs: readLogprobs(value),
    output: readOutputForm(value.response_format),
    reasoning: readReasoning(value),
    endUser: optionalString(value.safety_identifier ?? value.user, 'user'),
    shared: readOpenAiFields(value, 'openai-chat'),
    losses: losses.list,
  })
}

function readLogprobs(value: JsonObject): NeutralRequest['logprobs'] {
  const isWanted = optionalBoolean(value.logprobs, 'logprobs') === true
  const top = optionalWithin(value.top_logprobs, 'top_logprobs', [0, 20])
  if (!isWanted && top !== undefined && top > 0) throw wrong('top_logprobs', 'wants logprobs to be true')
  return isWanted ? { top: top ?? 0 } : undefined
}

/** Without what says only what would be so anyway. */
function withoutDefaults(value: JsonObject): JsonObject {
  const { modalities, ...rest } = value
  const isTextOnly = Array.isArray(modalities) && modalities.every((one: Json) => one === 'text')
  return {
    ...rest,
    ...(isTextOnly ? {} : { modalities }),
  }
}

function readTools(value: Json | undefined, losses: Losses): readonly Tool[] | undefined {
  if (value === undefined || value === null) return undefined
  const tools = readList(value, 'tools').flatMap((item, index): readonly Tool[] => {
    const path = `tools[${index}]`
    const tool = readObject(item, path)
    if (tool.type === 'custom') return [readCustom(readObject(tool.custom, `${path}.custom`), `${path}.custom`)]
    if (tool.type !== 'function') {
      losses.drop(path, `only OpenAI's wire has tools of the type "${String(tool.type).slice(0, 50)}"`)
      return []
    }
    return [readFunction(readObject(tool.function, `${path}.function`), `${path}.function`)]
  })
  return tools.length === 0 ? undefined : tools
}

function readFunction(value: JsonObject, path: string): Tool {
  const schema = value.parameters === undefined || value.parameters === null ? {} : readSchema(value.parameters, `${path}.parameters`)
  return defined<Tool>({
    name: readString(value.name, `${path}.name`),
    description: optionalString(value.description, `${path}.description`),
    schema,
    isStrict: optionalBoolean(value.strict, `${path}.strict`),
  })
}

/** A tool of free text. Source: https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools (read 2026-11-21). */
function readCustom(value: JsonObject, path: string): Tool {
  const format = value.format === undefined || value.format === null ? {} : readObject(value.format, `${path}.format`)
  const name = readString(value.name, `${path}.name`)
  const description = optionalString(value.description, `${path}.description`)
  if (format.type !== 'grammar') return freeTool(name, description, {})
  return freeTool(name, description, readGrammar(readObject(format.grammar, `${path}.format.grammar`), `${path}.format.grammar`))
}

function readToolChoice(value: Json | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value }
  const choice = readObject(value, 'tool_choice')
  if (choice.type === 'function' || choice.type === 'custom') return { type: 'tool', name: readChosen(choice, 'tool_choice') }
  if (choice.type === 'allowed_tools') {
    const allowed = readObject(choice.allowed_tools, 'tool_choice.allowed_tools')
    const names = readList(allowed.tools, 'tool_choice.allowed_tools.tools').map((tool, index) => {
      const path = `tool_choice.allowed_tools.tools[${index}]`
      return readChosen(readObject(tool, path), path)
    })
    return { type: 'some', names, isRequired: allowed.mode === 'required' }
  }
  throw wrong('tool_choice', 'must be auto, none, required, or name a function')
}

/** The name of a tool, of either kind, that a choice is about. */
function readChosen(choice: JsonObject, path: string): string {
  const kind = choice.type === 'custom' ? 'custom' : 'function'
  return readString(readObject(choice[kind], `${path}.${kind}`).name, `${path}.${kind}.name`)
}

function readOutputForm(value: Json | undefined): OutputForm | undefined {
  if (value === undefined || value === null) return undefined
  const format = readObject(value, 'response_format')
  if (format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json' }
  if (format.type !== 'json_schema') throw wrong('response_format.type', 'must be text, json_object or json_schema')
  const path = 'response_format.json_schema'
  const described = readObject(format.json_schema, path)
  return defined<OutputForm & { readonly type: 'schema' }>({
    type: 'schema',
    name: optionalString(described.name, `${path}.name`),
    schema: readSchema(described.schema, `${path}.schema`),
    isStrict: optionalBoolean(described.strict, `${path}.strict`),
    description: optionalString(described.description, `${path}.description`),
  })
}

/** `reasoning_effort`, and the `reasoning` object by which several compatible providers say more. */
function readReasoning(value: JsonObject): Reasoning | undefined {
  const said = isObject(value.reasoning) ? value.reasoning : {}
  const isShown = said.exclude === true ? { isShown: false } : {}
  const tokens = optionalCount(said.max_tokens, 'reasoning.max_tokens')
  if (tokens !== undefined) return { type: 'budget', tokens, ...isShown }
  const effort = optionalString(value.reasoning_effort ?? said.effort, 'reasoning_effort')
  if (effort === undefined) return undefined
  if (effort === 'none') return { type: 'off' }
  if (!isEffort(effort)) throw wrong('reasoning_effort', 'must be none, minimal, low, medium, high, xhigh or max')
  return { type: 'effort', effort, ...isShown }
}
