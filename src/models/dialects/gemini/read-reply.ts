import { isObject, type Json, type JsonObject, objectsIn } from '../../../core/json.ts'
import type { Citation, Content } from '../../neutral/content.ts'
import { Losses } from '../../neutral/loss.ts'
import type { Candidate, NeutralReply, TokenLogprob } from '../../neutral/reply.ts'
import { readSignature } from './signature.ts'
import { readUsage } from './usage.ts'
import { blockReason, field, readStop } from './words.ts'

/** What a whole answer says. The decoder has seen that it is one. */
export function readReply(value: JsonObject): NeutralReply {
  const losses = new Losses()
  const usage = readUsage(field(value, 'usageMetadata'))
  const head = readHead(value)
  const ids = callIds(head.id)
  const candidates = objectsIn(value.candidates).map((candidate) => readCandidate(candidate, ids, losses))
  const blocked: readonly Candidate[] = blockReason(value) === undefined ? [] : [{ content: [], stop: { type: 'content-filter' } }]
  return {
    ...head,
    candidates: candidates.length === 0 ? blocked : candidates,
    ...(usage === undefined ? {} : { usage }),
    losses: losses.list,
  }
}

/** Id, model and time of an answer or a chunk. */
export function readHead(value: JsonObject): Pick<NeutralReply, 'id' | 'model' | 'createdSeconds'> {
  const id = field(value, 'responseId')
  const model = field(value, 'modelVersion')
  const created = field(value, 'createTime')
  const createdMs = typeof created === 'string' ? Date.parse(created) : Number.NaN
  return {
    ...(typeof id === 'string' && id !== '' ? { id } : {}),
    ...(typeof model === 'string' && model !== '' ? { model } : {}),
    ...(Number.isNaN(createdMs) ? {} : { createdSeconds: Math.floor(createdMs / 1000) }),
  }
}

/** Names the calls that the provider gave no id, each another name, also over the answers of a conversation. */
export function callIds(responseId: string | undefined): () => string {
  let count = 0
  const name = (responseId ?? 'gemini').replace(/[^\w-]/g, '').slice(0, 40)
  return () => `call_${name}_${count++}`
}

/** What one part of an answer says. */
export function readAnswerPart(part: JsonObject, ids: () => string, losses: Losses): readonly Content[] {
  const signature = field(part, 'thoughtSignature')
  const text = typeof part.text === 'string' ? part.text : ''
  if (part.thought === true) {
    if (typeof signature !== 'string') return text === '' ? [] : [{ type: 'thinking', text }]
    return [{ type: 'thinking', text, seal: readSignature(signature, 'thought') }]
  }
  const seal: readonly Content[] =
    typeof signature === 'string' ? [{ type: 'thinking', text: '', seal: readSignature(signature, 'other') }] : []
  const call = field(part, 'functionCall')
  if (isObject(call)) return [...seal, readCall(call, ids)]
  const other = Object.keys(part).find((key) => NOT_CARRIED.has(key))
  if (other !== undefined) losses.drop(`candidates.content.parts.${other}`, 'other wires cannot carry it in an answer')
  return text === '' ? seal : [...seal, { type: 'text', text }]
}

const NOT_CARRIED = new Set(['inlineData', 'fileData', 'executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'])

function readCall(call: JsonObject, ids: () => string): Content {
  const { id, name, args } = call
  return {
    type: 'tool-call',
    id: typeof id === 'string' && id !== '' ? id : ids(),
    name: typeof name === 'string' ? name : '',
    arguments: JSON.stringify(isObject(args) ? args : {}),
  }
}

function readCandidate(candidate: JsonObject, ids: () => string, losses: Losses): Candidate {
  const parts = isObject(candidate.content) ? objectsIn(candidate.content.parts) : []
  const content = withCitations(joined(parts.flatMap((part) => readAnswerPart(part, ids, losses))), readCitations(candidate))
  const stop = readStop(
    field(candidate, 'finishReason'),
    content.some(({ type }) => type === 'tool-call'),
  )
  const logprobs = readLogprobs(field(candidate, 'logprobsResult'))
  return { content, ...(stop === undefined ? {} : { stop }), ...(logprobs.length === 0 ? {} : { logprobs }) }
}

/** Parts of plain text that follow each other are one text: where they end means nothing. */
function joined(content: readonly Content[]): readonly Content[] {
  const made: Content[] = []
  for (const piece of content) {
    const last = made.at(-1)
    if (piece.type === 'text' && last?.type === 'text') made[made.length - 1] = { ...last, text: last.text + piece.text }
    else made.push(piece)
  }
  return made
}

function withCitations(content: readonly Content[], citations: readonly Citation[]): readonly Content[] {
  const at = content.findIndex(({ type }) => type === 'text')
  return citations.length === 0
    ? content
    : content.map((piece, index) => (index === at && piece.type === 'text' ? { ...piece, citations } : piece))
}

/** Sources of a grounded answer, and of one that quotes. Places in the text are counted in bytes here, and left out. */
export function readCitations(candidate: JsonObject): readonly Citation[] {
  const metadata = field(candidate, 'citationMetadata')
  const quoted = isObject(metadata) ? objectsIn(metadata.citations ?? metadata.citationSources) : []
  const grounding = field(candidate, 'groundingMetadata')
  const found = isObject(grounding)
    ? objectsIn(field(grounding, 'groundingChunks')).flatMap(({ web, maps }) => [web, maps].filter(isObject))
    : []
  return [...quoted, ...found].flatMap(({ uri, title }) =>
    typeof uri === 'string' && uri !== '' ? [{ url: uri, ...(typeof title === 'string' && title !== '' ? { title } : {}) }] : [],
  )
}

/** `logprobsResult` of a candidate. */
export function readLogprobs(value: Json | undefined): readonly TokenLogprob[] {
  if (!isObject(value)) return []
  const tops = objectsIn(field(value, 'topCandidates'))
  return objectsIn(field(value, 'chosenCandidates')).map((chosen, index) => ({
    ...readLogprob(chosen),
    top: objectsIn(tops[index]?.candidates).map(readLogprob),
  }))
}

function readLogprob(value: JsonObject): { readonly token: string; readonly logprob: number } {
  const probability = field(value, 'logProbability')
  return { token: typeof value.token === 'string' ? value.token : '', logprob: typeof probability === 'number' ? probability : 0 }
}
