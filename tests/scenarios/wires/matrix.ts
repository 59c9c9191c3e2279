import { AI_CLIENTS } from './ai-clients.ts'
import type { Client, Said } from './client.ts'
import { LANGCHAIN_CLIENTS } from './langchain-clients.ts'
import { OFFICIAL_CLIENTS } from './official-clients.ts'

/** Every SDK that stands in front of the gateway in these tests. */
export const CLIENTS: readonly Client[] = [...OFFICIAL_CLIENTS, ...AI_CLIENTS, ...LANGCHAIN_CLIENTS]

/** The wires that a provider is asked in, each with the path of its API below the mock's address. */
export const PROVIDER_WIRES: readonly { readonly wire: string; readonly path: string; readonly id: string }[] = [
  { wire: 'openai-chat', path: '/v1', id: 'gpt-4o' },
  { wire: 'anthropic-messages', path: '/v1', id: 'claude-sonnet-4-5' },
  { wire: 'openai-responses', path: '/v1', id: 'gpt-4o' },
  { wire: 'gemini', path: '/v1beta', id: 'gemini-2.5-flash' },
  { wire: 'converse', path: '', id: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
]

/** What is asked in a cell. */
export type Kind = 'plain' | 'tools' | 'structured'

/** Where a client reads something else than was sent, and why that is not the gateway's doing. */
export interface Exception {
  readonly client: string
  readonly wires: readonly string[]
  readonly kind: Kind
  /** Both ways where left out. */
  readonly isStream?: boolean
  /** What it reads instead, or the message of the error that it throws. */
  readonly reads: Partial<Said> | string
  readonly because: string
  /** Whether it reads the same where it asks the mock itself, with no gateway between: a test asks. */
  readonly isSameDirectly: boolean
}

const EVERY_WIRE = PROVIDER_WIRES.map(({ wire }) => wire)
const MOCKS_OWN_WORD = 'the mock ends a Gemini tool call by a word of its own, which passes as it is where both sides speak that wire'

/** Every cell of the matrix that is not as the others: a cell that is neither is a failure. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    client: '@google/genai',
    wires: ['gemini'],
    kind: 'tools',
    reads: { stop: 'FUNCTION_CALL' },
    because: MOCKS_OWN_WORD,
    isSameDirectly: true,
  },
  {
    client: 'ai + @ai-sdk/google',
    wires: ['gemini'],
    kind: 'tools',
    reads: { stop: 'other' },
    because: MOCKS_OWN_WORD,
    isSameDirectly: true,
  },
  {
    client: '@langchain/openai (responses)',
    wires: EVERY_WIRE,
    kind: 'structured',
    isStream: true,
    reads: 'Cannot handle non-string output.',
    because: 'its parser of streamed JSON takes text alone, and its own chunks of this wire hold lists',
    isSameDirectly: true,
  },
  {
    client: '@langchain/anthropic',
    wires: ['anthropic-messages'],
    kind: 'plain',
    isStream: true,
    reads: { inputTokens: 11, outputTokens: 14 },
    because: 'it adds the output tokens of message_start to those of message_delta, and the mock tells all of them in both',
    isSameDirectly: true,
  },
  {
    client: '@langchain/anthropic',
    wires: ['openai-chat', 'openai-responses', 'gemini', 'converse'],
    kind: 'plain',
    isStream: true,
    reads: { inputTokens: 6, outputTokens: 7 },
    because: 'it reads input tokens from message_start alone; these providers tell them at the end, so what it reads is the estimate',
    isSameDirectly: false,
  },
]

/** The exception that holds for a cell. */
export function exceptionOf(cell: { client: Client; wire: string; kind: Kind; isStream: boolean }): Exception | undefined {
  return EXCEPTIONS.find(
    ({ client, wires, kind, isStream }) =>
      client === cell.client.name && wires.includes(cell.wire) && kind === cell.kind && (isStream ?? cell.isStream) === cell.isStream,
  )
}
