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
  reportUnread,
  wrong,
} from '../../neutral/read.ts'
import type { NeutralRequest, OutputForm, Reasoning } from '../../neutral/request.ts'
import { Conversation, callPath, readInstruction, readParts } from './read-parts.ts'
import { readToolChoice, readTools } from './read-tools.ts'
import { toJsonSchema } from './schema.ts'
import { field, snakeCase } from './words.ts'

const READ = new Set(
  ['model', 'contents', 'systemInstruction', 'generationConfig', 'tools', 'toolConfig'].flatMap((name) => [name, snakeCase(name)]),
)
const READ_CONFIG = new Set(
  [
    'temperature',
    'topP',
    'topK',
    'candidateCount',
    'maxOutputTokens',
    'stopSequences',
    'responseMimeType',
    'responseSchema',
    'responseJsonSchema',
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'responseLogprobs',
    'logprobs',
    'thinkingConfig',
    'responseModalities',
  ].flatMap((name) => [name, snakeCase(name)]),
)

/** What a `generateContent` request says, in no wire's words. Fields are named as the caller wrote them, in camel or in snake case. */
export function readRequest(value: JsonObject): NeutralRequest {
  const losses = new Losses()
  reportUnread(value, READ, { path: '', losses })
  const conversation = new Conversation(new MessageList())
  const { messages } = conversation
  messages.add('system', readInstruction(field(value, 'systemInstruction'), { path: nameIn(value, 'systemInstruction'), losses }))
  readContents(value.contents, conversation, losses)
  const path = nameIn(value, 'generationConfig')
  const given = field(value, 'generationConfig')
  const config = given === undefined || given === null ? {} : readObject(given, path)
  reportUnread(config, READ_CONFIG, { path, losses })
  const read = <Value>(name: string, by: (item: Json | undefined, at: string) => Value) =>
    by(field(config, name), `${path}.${nameIn(config, name)}`)
  if (!isTextOnly(field(config, 'responseModalities'))) losses.drop(`${path}.responseModalities`, 'other wires answer in text')
  const stop = read('stopSequences', optionalStrings)
  const tools = readTools(value.tools, losses)
  const choicePath = nameIn(value, 'toolConfig')
  const toolChoice = readToolChoice(field(value, 'toolConfig'), { path: choicePath, losses })
  checkTools({ ...(tools && { tools }), ...(toolChoice && { toolChoice }) }, { given: value.tools, tools: 'tools', choice: choicePath })
  return defined<NeutralRequest>({
    messages: messages.list,
    unanswered: messages.unanswered,
    tools,
    toolChoice,
    maxOutputTokens: read('maxOutputTokens', optionalCount),
    temperature: read('temperature', (item, at) => optionalWithin(item, at, [0, 2])),
    topP: read('topP', (item, at) => optionalWithin(item, at, [0, 1])),
    topK: read('topK', optionalNumber),
    seed: read('seed', optionalNumber),
    stopSequences: stop === undefined || stop.length === 0 ? undefined : stop,
    presencePenalty: read('presencePenalty', optionalNumber),
    frequencyPenalty: read('frequencyPenalty', optionalNumber),
    candidates: read('candidateCount', optionalCount),
    logprobs: read('responseLogprobs', optionalBoolean) === true ? { top: read('logprobs', optionalNumber) ?? 0 } : undefined,
    output: readOutputForm(config, path, losses),
    reasoning: read('thinkingConfig', readReasoning),
    losses: losses.list,
  })
}

/** The name under which a field stands, for messages. */
function nameIn(value: JsonObject, name: string): string {
  return value[name] === undefined && value[snakeCase(name)] !== undefined ? snakeCase(name) : name
}

/** One content may stand without its list, and a text without its parts: the official clients write it so before they send it. */
function readContents(value: Json | undefined, conversation: Conversation, losses: Losses): void {
  const list = isObject(value) ? [value] : readList(value, 'contents')
  if (list.length === 0) throw wrong('contents', 'must hold at least one content')
  list.forEach((item, index) => {
    const path = `contents[${index}]`
    const content = readObject(item, path)
    const role = readRole(content.role, `${path}.role`)
    const parts = isObject(content.parts) ? [content.parts] : content.parts
    const read = readParts(parts, conversation, { path: `${path}.parts`, losses })
    conversation.messages.add(role, read, (nth) => callPath(parts, `${path}.parts`, nth))
  })
}

function readRole(value: Json | undefined, path: string): 'user' | 'assistant' {
  const role = typeof value === 'string' ? value.toLowerCase() : value
  switch (role) {
    case undefined:
    case null:
    case 'user':
    case 'function':
      return 'user'
    case 'model':
      return 'assistant'
    default:
      throw wrong(path, 'must be user or model')
  }
}

function isTextOnly(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) && value.every((one: Json) => one === 'TEXT' || one === 'MODALITY_UNSPECIFIED')
}

function readOutputForm(config: JsonObject, path: string, losses: Losses): OutputForm | undefined {
  const mime = optionalString(field(config, 'responseMimeType'), `${path}.responseMimeType`)
  const standard = field(config, 'responseJsonSchema')
  const own = field(config, 'responseSchema')
  if (standard !== undefined && standard !== null) {
    return { type: 'schema', schema: readSchema(standard, `${path}.responseJsonSchema`) }
  }
  if (own !== undefined && own !== null) return { type: 'schema', schema: toJsonSchema(readObject(own, `${path}.responseSchema`)) }
  if (mime === 'application/json') return { type: 'json' }
  if (mime !== undefined && mime !== 'text/plain')
    losses.drop(`${path}.responseMimeType`, `other wires cannot answer in ${mime.slice(0, 50)}`)
  return undefined
}

function readReasoning(value: Json | undefined, path: string): Reasoning | undefined {
  if (value === undefined || value === null) return undefined
  const config = readObject(value, path)
  const shown = optionalBoolean(field(config, 'includeThoughts'), `${path}.includeThoughts`)
  const isShown = shown === undefined ? {} : { isShown: shown }
  const level = optionalString(field(config, 'thinkingLevel'), `${path}.thinkingLevel`)?.toLowerCase()
  if (level !== undefined && level !== 'thinking_level_unspecified') {
    if (!isEffort(level)) throw wrong(`${path}.thinkingLevel`, 'must be MINIMAL, LOW, MEDIUM or HIGH')
    return { type: 'effort', effort: level, ...isShown }
  }
  const tokens = optionalNumber(field(config, 'thinkingBudget'), `${path}.thinkingBudget`)
  if (tokens === 0) return { type: 'off' }
  if (tokens === undefined || tokens === -1) return { type: 'adaptive', ...isShown }
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw wrong(`${path}.thinkingBudget`, 'must be a whole number from 0, or -1')
  return { type: 'budget', tokens, ...isShown }
}
