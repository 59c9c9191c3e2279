// The matrix of what each wire carries, found out by asking its translators: it cannot say anything that they do not do.
import { GatewayError } from '../src/core/errors.ts'
import type { Dialect, ReplyContext } from '../src/models/dialect.ts'
import { dialects } from '../src/models/dialects/index.ts'
import type { Content } from '../src/models/neutral/content.ts'
import { freeTool } from '../src/models/neutral/free-tools.ts'
import type { Loss } from '../src/models/neutral/loss.ts'
import type { Candidate, NeutralReply } from '../src/models/neutral/reply.ts'
import type { NeutralRequest } from '../src/models/neutral/request.ts'
import { PROVIDERS } from '../src/models/providers.ts'
import type { Target, WireName } from '../src/models/types.ts'

const HELLO: NeutralRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello?' }] }], losses: [] }
const PNG = { type: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const TOOLS = [{ name: 'weather', description: 'The weather.', schema: SCHEMA }]
const CUSTOM = freeTool('patch', 'Edits files.', { grammar: { syntax: 'regex', definition: '[a-z]+' } })
const CALL: Content = { type: 'tool-call', id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' }
const RESULT = { type: 'tool-result', callId: 'call_1', name: 'weather', content: [{ type: 'text', text: 'sunny' }] } as const

const asks = (...content: Content[]): NeutralRequest => ({ ...HELLO, messages: [{ role: 'user', content }] })
const withResult = (result: Content, more: Partial<NeutralRequest> = {}): NeutralRequest => ({
  ...HELLO,
  messages: [...HELLO.messages, { role: 'assistant', content: [CALL] }, { role: 'user', content: [result] }],
  tools: TOOLS,
  ...more,
})

const shares = (name: string, value: string): NeutralRequest => ({ ...HELLO, shared: [{ name, path: name, value }] })

/** What may be asked, by what a reader would call it. */
const REQUESTS: readonly (readonly [feature: string, request: NeutralRequest])[] = [
  ['text', HELLO],
  [
    'system and developer messages',
    { ...HELLO, messages: [{ role: 'system', content: [{ type: 'text', text: 'a' }] }, ...HELLO.messages] },
  ],
  ['instructions between turns', { ...HELLO, messages: [...HELLO.messages, { role: 'system', content: [{ type: 'text', text: 'a' }] }] }],
  ['image', asks({ type: 'image', source: PNG })],
  ['image by its address', asks({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } })],
  ['PDF', asks({ type: 'document', source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' }, name: 'a.pdf' })],
  ['PDF by its address', asks({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } })],
  ['audio', asks({ type: 'audio', source: { type: 'base64', mediaType: 'audio/wav', data: 'UklGRg==' } })],
  ['tools', { ...HELLO, tools: TOOLS, toolChoice: { type: 'required' } }],
  ['one tool at a time', { ...HELLO, tools: TOOLS, allowsParallelTools: false }],
  ['strict tools', { ...HELLO, tools: TOOLS.map((tool) => ({ ...tool, isStrict: true })) }],
  ['custom tools: free text, with a grammar', { ...HELLO, tools: [CUSTOM] }],
  ['results of tools', withResult(RESULT)],
  ['a tool that failed', withResult({ ...RESULT, isError: true })],
  ['a picture from a tool', withResult({ ...RESULT, content: [{ type: 'image', source: PNG }] })],
  ['tool history without tools', { ...HELLO, messages: withResult(RESULT).messages }],
  ['JSON schema', { ...HELLO, output: { type: 'schema', name: 'place', schema: SCHEMA, isStrict: true } }],
  ['JSON of any form', { ...HELLO, output: { type: 'json' } }],
  ['reasoning effort', { ...HELLO, reasoning: { type: 'effort', effort: 'high' } }],
  ['reasoning budget', { ...HELLO, reasoning: { type: 'budget', tokens: 8192 } }],
  ['temperature, top_p, stop', { ...HELLO, temperature: 0.5, topP: 0.9, stopSequences: ['END'] }],
  ['top_k', { ...HELLO, topK: 40 }],
  ['seed', { ...HELLO, seed: 7 }],
  ['penalties', { ...HELLO, presencePenalty: 0.5, frequencyPenalty: 0.5 }],
  ['log-probabilities', { ...HELLO, logprobs: { top: 3 } }],
  ['several candidates', { ...HELLO, candidates: 2 }],
  ['cache marks', asks({ type: 'text', text: 'a', cache: {} })],
  ["the end user's id", { ...HELLO, endUser: 'u1' }],
  ['a tier of service: flex, priority', shares('service_tier', 'flex')],
  ["OpenAI's verbosity, keys and options of caching, moderation, metadata", shares('verbosity', 'low')],
]

const answers = (
  candidate: Partial<Candidate> & { readonly content: readonly Content[] },
  more: Partial<NeutralReply> = {},
): NeutralReply => ({
  candidates: [{ stop: { type: 'stop' }, ...candidate }],
  losses: [],
  ...more,
})

/** What may be answered. */
const REPLIES: readonly (readonly [feature: string, reply: NeutralReply])[] = [
  ['text', answers({ content: [{ type: 'text', text: 'a' }] })],
  ['calls of tools', answers({ content: [CALL, { ...CALL, id: 'call_2' }], stop: { type: 'tool-calls' } })],
  ['thinking, with its signature', answers({ content: [{ type: 'thinking', text: 'a', seal: { wire: 'cohere', value: 'x' } }] })],
  ['refusal', answers({ content: [{ type: 'refusal', text: 'a' }] })],
  ['citations of the web', answers({ content: [{ type: 'text', text: 'a', citations: [{ url: 'https://example.com', title: 'a' }] }] })],
  ['log-probabilities', answers({ content: [{ type: 'text', text: 'a' }], logprobs: [{ token: 'a', logprob: -1, top: [] }] })],
  ['several candidates', { candidates: [{ content: [] }, { content: [] }], losses: [] }],
]

const CONTEXT: ReplyContext = { request: { model: 'm', wantsUsage: true, text: '{}' }, callId: 'call_1', nowSeconds: 0 }
/** A model of today in each wire; what older ones cannot stands in their makers' documentation. */
const MODELS: Readonly<Partial<Record<WireName, string>>> = {
  'anthropic-messages': 'claude-opus-5',
  gemini: 'gemini-3-pro',
  converse: 'anthropic.claude-opus-5-v1:0',
}

function targetOf(wire: WireName): Target {
  return {
    ...{ name: 'm', provider: 'p', id: MODELS[wire] ?? 'gpt-5', wire, url: '', headers: {}, credentials: [], price: undefined },
    ...{ laneId: 'p/m', accessId: 'k', keyId: 'k', keyIndex: 0, keyCount: 1 },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    ...(wire.startsWith('openai') ? { traits: { takesOpenAiExtras: true } as const } : {}),
    ...(wire === 'anthropic-messages' ? { traits: { takesSystemTurns: true } as const } : {}),
  }
}

/** How something was carried, and a note where it was not whole. */
type Cell = { readonly mark: string; readonly note?: string }

function cellOf(run: () => readonly Loss[]): Cell {
  try {
    const losses = run()
    const worst = ['dropped', 'emulated', 'approximated'].find((action) => losses.some((loss) => loss.action === action))
    if (worst === undefined) return { mark: 'yes' }
    return { mark: worst, note: losses.map(({ path, reason }) => `\`${path}\`: ${reason}`).join('; ') }
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'request_not_carried') return { mark: 'refused', note: thrown.message }
    throw thrown
  }
}

const INTRO = `Which wires callers may speak, which providers stand behind, and what is lost where the two differ.

Where caller and provider speak the same wire, the bytes pass: nothing is lost, fields that the gateway does not know included. Where they differ,
a request is read into one neutral form and written out of it, and what cannot be carried is a **loss**: counted in \`x-signalbox-losses\`, listed in
the receipt with its path and reason, or refused with 400 where the model says \`fidelity: strict\`. The tables below are made by running the
translators.

- **yes**: carried whole. **approximated**: carried as something near to it. **emulated**: brought about by other means. **dropped**: left out.
- **refused**: 400 \`request_not_carried\` before anything is sent, since the question would be another one without it; a route tries its next target.
- What both wires of OpenAI have and no other (\`metadata\` of what is stored, \`service_tier\`, \`verbosity\`, \`prompt_cache_key\`, \`prompt_cache_options\`,
  \`prompt_cache_retention\`, \`moderation\`, \`safety_identifier\`, \`store\`) goes from one to the other at providers of the kind \`openai\` and \`azure\`. Other
  servers that speak \`openai-chat\` mostly refuse fields that they do not know, so there they are losses, unless the server is configured with
  \`kind: openai\`; other servers that speak \`openai-responses\` are given those of the Open Responses standard.
- Custom tools of both wires of OpenAI (free text in place of arguments, as the \`apply_patch\` of Codex) are custom tools at providers of these kinds. At all
  others a function with one string, \`input\`, stands for each, its grammar in its description; what the model writes comes back as a call of the
  custom tool, whole and streamed, and the history of such calls goes along. [decisions/0035](../decisions/0035-what-both-wires-of-openai-have.md) says why.
- A stream whose provider says that its answer is complete, and which leaves a call of a tool in the middle of its arguments, is \`broken\`
  (\`provider_malformed\`): the caller is told of an error, on the same wire too, in place of the terminal event. Where the bound of the output ended it,
  that is the answer. What a model wrote into a call that was ended, or into a whole reply, is its own and goes on as it is
  ([decisions/0036](../decisions/0036-calls-without-an-end-and-without-an-answer.md)).
- A history with a call that nothing answers is refused where the provider is known to refuse it, with the place in the caller's words; a result that
  comes later is put behind its call. Where a call must be made and thinking is asked for too, a Claude that thinks by a
  budget is made to call, and does not think before.
- Instructions between the turns stay what they are at Anthropic's own API, for Claude Opus 4.8 and what came after but Sonnet 5, where they follow what
  the user said and an answer or nothing follows them. Elsewhere the user says them, which is a loss.
- Thinking that a provider signs or encrypts is handed to callers of every wire, and goes back byte for byte to a provider of the wire that it came from.
`

/** The page docs/wires.md. */
export function wiresPage(note: string): string {
  const all: readonly Dialect[] = Object.values(dialects)
  const providers = all.filter(({ isForCallersOnly }) => !isForCallersOnly)
  const callers = all.filter(({ endpoints }) => endpoints.length > 0)
  const paths = callers.map(({ wire, endpoints }) => [code(wire), endpoints.map(({ path }) => code(path)).join(' ')])
  const rows = Object.entries(PROVIDERS).map(([name, { wire, alsoSpeaks = [], keyEnv }]) => [
    code(name),
    [wire, ...alsoSpeaks].map(code).join(', '),
    keyEnv === undefined ? '–' : code(keyEnv),
  ])
  const asked = matrix(REQUESTS, providers, (dialect, request) => dialect.writeRequest(request, false, targetOf(dialect.wire)).losses)
  const answered = matrix(REPLIES, callers, (dialect, reply) => dialect.writeReply(reply, CONTEXT).losses)
  return [
    `# Wires\n\n${note}\n\n${INTRO}`,
    `## Where callers ask\n\n${table(['Wire', 'Paths'], paths)}`,
    `Models are listed at \`GET /v1/models\` (in Anthropic's shape where \`anthropic-version\` is sent) and \`GET /v1beta/models\`. Responses that a caller made are at \`/v1/responses/{id}\`, its alone: [responses.md](responses.md) says where they are kept.\n`,
    `## What of Responses stands beside the call\n\n${table(['What', 'A provider of this wire', 'A provider of another'], RESPONSES)}`,
    `## Known providers\n\nAny other of these wires needs \`wire\` and \`baseUrl\`; a second account at a known one needs \`kind\`.\n\n${table(['Name', 'Wire', 'Key in'], rows)}`,
    `## What a provider's wire carries of a request\n\n${asked}`,
    `## What a caller's wire carries of an answer\n\n${answered}`,
  ].join('\n')
}

function matrix<Probe>(
  probes: readonly (readonly [feature: string, probe: Probe])[],
  columns: readonly Dialect[],
  lossesOf: (dialect: Dialect, probe: Probe) => readonly Loss[],
): string {
  const notes: string[] = []
  const rows = probes.map(([feature, probe]) => [
    feature,
    ...columns.map((dialect) => {
      const { mark, note } = cellOf(() => lossesOf(dialect, probe))
      if (note === undefined) return mark
      const known = notes.indexOf(note)
      const number = known === -1 ? notes.push(note) : known + 1
      return `${mark} (${number})`
    }),
  ])
  const listed = notes.map((note, index) => `${index + 1}. ${note}\n`).join('')
  return `${table(['', ...columns.map(({ wire }) => code(wire))], rows)}${notes.length === 0 ? '' : `\n${listed}`}`
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`
}

/** What the wire `openai-responses` has beside a call that is answered at once; tests/scenarios/wires/{responses,kept-responses,background}.test.ts show each. */
const RESPONSES: readonly (readonly string[])[] = [
  ['`store`, `previous_response_id`', 'kept by the gateway, and by the provider as it was asked', 'kept by the gateway'],
  ['`GET`, `DELETE`, `input_items`', 'by the gateway; by the provider where that alone has it; deleted at both', 'by the gateway'],
  ['`background: true`, polling, `cancel`', 'by the gateway; the provider is asked with `background: false`', 'by the gateway'],
  ['`background` with `stream`, `starting_after`', 'by the gateway that runs it, until five minutes after its end', 'the same'],
  ['`background` with `store: false`', '400', '400'],
  ['`conversation`, `prompt`', 'passed on', '400'],
]
