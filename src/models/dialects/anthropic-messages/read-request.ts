import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { checkTools } from '../../neutral/check-tools.ts'
import { isEffort } from '../../neutral/effort.ts'
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
import type { SharedField } from '../../neutral/shared-field.ts'
import { THREAD } from './error.ts'
import { callPath, readBlocks, readCache } from './read-blocks.ts'

const READ = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
])
/** As OpenAI names it. The other value, `auto`, says what would be so anyway, there as here. */
const STANDARD_ONLY: SharedField = { name: 'service_tier', path: 'service_tier', value: 'default', isSpare: true }
const READ_CONFIG = new Set(['format', 'effort'])
const READ_TOOL = new Set(['name', 'description', 'input_schema', 'strict', 'type', 'cache_control'])

/** What a messages request says, in no wire's words. A request to count may leave out what only an answer needs. */
export function readRequest(value: JsonObject, { isCount }: { readonly isCount: boolean }): NeutralRequest {
  // A client that is not told would send the rest of the conversation without its beginning.
  if (isObject(value.thread)) throw wrong(THREAD, 'asks for a thread, and the provider of this model speaks a wire that keeps none')
  const losses = new Losses()
  reportUnread(value, READ, { path: '', losses })
  const maxOutputTokens = optionalCount(value.max_tokens, 'max_tokens')
  if (maxOutputTokens === undefined && !isCount) throw wrong('max_tokens', 'is required')
  const config = value.output_config === undefined || value.output_config === null ? {} : readObject(value.output_config, 'output_config')
  reportUnread(config, READ_CONFIG, { path: 'output_config', losses })
  const stop = optionalStrings(value.stop_sequences, 'stop_sequences')
  const metadata = isObject(value.metadata) ? value.metadata : {}
  const tools = readTools(value.tools, losses)
  const choice = readToolChoice(value.tool_choice)
  checkTools({ ...(tools && { tools }), ...choice }, { given: value.tools, tools: 'tools', choice: 'tool_choice' })
  const messages = readMessages(value, losses)
  return defined<NeutralRequest>({
    messages: messages.list,
    unanswered: messages.unanswered,
    tools,
    ...choice,
    maxOutputTokens,
    temperature: optionalWithin(value.temperature, 'temperature', [0, 1]),
    topP: optionalWithin(value.top_p, 'top_p', [0, 1]),
    topK: optionalNumber(value.top_k, 'top_k'),
    stopSequences: stop === undefined || stop.length === 0 ? undefined : stop,
    output: readOutputForm(config.format ?? value.output_format),
    reasoning: readReasoning(value.thinking, config.effort),
    endUser: optionalString(metadata.user_id, 'metadata.user_id'),
    shared: value.service_tier === 'standard_only' ? [STANDARD_ONLY] : undefined,
    losses: losses.list,
  })
}

function readMessages(value: JsonObject, losses: Losses): MessageList {
  const messages = new MessageList()
  if (value.system !== undefined && value.system !== null)
    messages.add('system', readBlocks(messages, value.system, { path: 'system', losses }))
  const list = readList(value.messages, 'messages')
  if (list.length === 0) throw wrong('messages', 'must hold at least one message')
  list.forEach((item, index) => {
    const path = `messages[${index}]`
    const message = readObject(item, path)
    const { role } = message
    if (role !== 'user' && role !== 'assistant' && role !== 'system') throw wrong(`${path}.role`, 'must be user, assistant or system')
    messages.add(role, readBlocks(messages, message.content, { path: `${path}.content`, losses }), (nth) =>
      callPath(message.content, `${path}.content`, nth),
    )
  })
  return messages
}

function readTools(value: Json | undefined, losses: Losses): readonly Tool[] | undefined {
  if (value === undefined || value === null) return undefined
  const tools = readList(value, 'tools').flatMap((item, index): readonly Tool[] => {
    const path = `tools[${index}]`
    const tool = readObject(item, path)
    if (tool.type !== undefined && tool.type !== null && tool.type !== 'custom') {
      losses.drop(path, `only Anthropic has tools of the type "${String(tool.type).slice(0, 50)}"`)
      return []
    }
    reportUnread(tool, READ_TOOL, { path, losses })
    return [
      defined<Tool>({
        name: readString(tool.name, `${path}.name`),
        description: optionalString(tool.description, `${path}.description`),
        schema: readSchema(tool.input_schema, `${path}.input_schema`),
        isStrict: optionalBoolean(tool.strict, `${path}.strict`),
        ...readCache(tool),
      }),
    ]
  })
  return tools.length === 0 ? undefined : tools
}

function readToolChoice(value: Json | undefined): Pick<NeutralRequest, 'toolChoice' | 'allowsParallelTools'> {
  if (value === undefined || value === null) return {}
  const choice = readObject(value, 'tool_choice')
  const isSingle = optionalBoolean(choice.disable_parallel_tool_use, 'tool_choice.disable_parallel_tool_use')
  return { toolChoice: choiceOf(choice), ...(isSingle === undefined ? {} : { allowsParallelTools: !isSingle }) }
}

function choiceOf(choice: JsonObject): ToolChoice {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { type: choice.type }
    case 'any':
      return { type: 'required' }
    case 'tool':
      return { type: 'tool', name: readString(choice.name, 'tool_choice.name') }
    default:
      throw wrong('tool_choice.type', 'must be auto, any, tool or none')
  }
}

function readOutputForm(value: Json | undefined): OutputForm | undefined {
  if (value === undefined || value === null) return undefined
  const format = readObject(value, 'output_config.format')
  if (format.type !== 'json_schema') throw wrong('output_config.format.type', 'must be json_schema')
  return { type: 'schema', schema: readSchema(format.schema, 'output_config.format.schema'), isStrict: true }
}

function readReasoning(value: Json | undefined, effort: Json | undefined): Reasoning | undefined {
  const said = optionalString(effort, 'output_config.effort')
  if (said !== undefined && !isEffort(said)) throw wrong('output_config.effort', 'must be low, medium, high, xhigh or max')
  if (value === undefined || value === null) return said === undefined ? undefined : { type: 'effort', effort: said }
  const thinking = readObject(value, 'thinking')
  const shown = thinking.display === 'omitted' ? { isShown: false } : { isShown: true }
  switch (thinking.type) {
    case 'disabled':
    // The least that a model does which cannot be told not to think.
    case 'between_tools':
      return { type: 'off' }
    case 'adaptive':
      return { type: 'adaptive', ...(said === undefined ? {} : { effort: said }), ...shown }
    case 'enabled': {
      const tokens = optionalCount(thinking.budget_tokens, 'thinking.budget_tokens')
      if (tokens === undefined) throw wrong('thinking.budget_tokens', 'is required')
      return { type: 'budget', tokens, ...shown }
    }
    default:
      throw wrong('thinking.type', 'must be enabled, adaptive, disabled or between_tools')
  }
}
