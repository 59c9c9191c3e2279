import { isObject, type Json, type JsonObject } from '../../../core/json.ts'
import { cannotCarry, Losses } from '../../neutral/loss.ts'
import { defined, optionalCount, optionalNumber, optionalString, optionalStrings, reportUnread, wrong } from '../../neutral/read.ts'
import type { NeutralRequest } from '../../neutral/request.ts'
import type { DecodeBounds, ModelRequest } from '../../types.ts'
import { decodeBody, parseAgain, readKeys, readModel, readStreamFlag, spanOf } from '../decode-body.ts'

const READ_KEYS = readKeys(['model', 'prompt', 'stream', 'stream_options', 'max_tokens', 'n'])
const READ = new Set([
  'model',
  'prompt',
  'stream',
  'stream_options',
  'max_tokens',
  'temperature',
  'top_p',
  'n',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'user',
])
/** What the wire gives where nothing is said. */
const DEFAULT_MAX_TOKENS = 16

/** Reads a completions request. */
export function decodeRequest(body: Uint8Array, bounds: DecodeBounds): ModelRequest {
  const { text, value, top } = decodeBody(body, bounds, READ_KEYS)
  const max = value.max_tokens
  const choices = value.n
  return {
    wire: 'openai-completions',
    operation: 'generate',
    model: readModel(value),
    isStream: readStreamFlag(value),
    wantsUsage: isObject(value.stream_options) && value.stream_options.include_usage === true,
    prompt: {},
    text,
    edits: { model: spanOf(top.keys, 'model') },
    bounds: {
      choices: typeof choices === 'number' && choices > 0 ? choices : 1,
      maxOutputTokens: typeof max === 'number' && max >= 0 ? max : DEFAULT_MAX_TOKENS,
      mediaParts: 0,
      mediaBytes: 0,
    },
    neutral: () => readRequest(parseAgain(text)),
  }
}

function readRequest(value: JsonObject): NeutralRequest {
  const losses = new Losses()
  const { best_of, suffix, echo, ...rest } = value
  reportUnread(rest, READ, { path: '', losses })
  if (typeof best_of === 'number' && best_of > 1) losses.drop('best_of', 'models are asked for answers, not for the best of several')
  if (typeof suffix === 'string' && suffix !== '') throw cannotCarry('suffix', 'models of today answer, they do not fill in')
  if (echo === true) losses.drop('echo', 'the prompt is not given back')
  const stop = typeof value.stop === 'string' ? [value.stop] : optionalStrings(value.stop, 'stop')
  const logprobs = optionalNumber(value.logprobs, 'logprobs')
  return defined<NeutralRequest>({
    messages: [{ role: 'user', content: [{ type: 'text', text: readPrompt(value.prompt) }] }],
    maxOutputTokens: optionalCount(value.max_tokens, 'max_tokens') ?? DEFAULT_MAX_TOKENS,
    temperature: optionalNumber(value.temperature, 'temperature'),
    topP: optionalNumber(value.top_p, 'top_p'),
    candidates: optionalCount(value.n, 'n'),
    stopSequences: stop === undefined || stop.length === 0 ? undefined : stop,
    seed: optionalNumber(value.seed, 'seed'),
    presencePenalty: optionalNumber(value.presence_penalty, 'presence_penalty'),
    frequencyPenalty: optionalNumber(value.frequency_penalty, 'frequency_penalty'),
    logprobs: logprobs === undefined ? undefined : { top: logprobs },
    endUser: optionalString(value.user, 'user'),
    losses: losses.list,
  })
}

function readPrompt(value: Json | undefined): string {
  const [only, ...others]: readonly Json[] = Array.isArray(value) ? value : [value ?? null]
  if (typeof only === 'number' || Array.isArray(only))
    throw cannotCarry('prompt', 'numbers of tokens mean something to the model of one provider only')
  if (typeof only !== 'string' || only === '') throw wrong('prompt', 'must be a non-empty text')
  if (others.length > 0) throw cannotCarry('prompt', 'several prompts are several requests; send them one by one')
  return only
}
