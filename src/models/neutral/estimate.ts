import type { Content } from './content.ts'
import type { NeutralRequest } from './request.ts'

/** Bytes of text that a token has, by and large, and what an image or a document costs where nobody says. */
const BYTES_A_TOKEN = 4
const TOKENS_AN_IMAGE = 1500
const BYTES_A_DOCUMENT_TOKEN = 20
const TOKENS_A_MESSAGE = 4

/** About how many tokens a request has. Linear in its length: no tokenizer runs on what callers write. */
export function estimateTokens({ messages, tools, output }: NeutralRequest): number {
  const said = messages.reduce(
    (sum, { content }) => sum + TOKENS_A_MESSAGE + content.reduce((tokens, piece) => tokens + tokensOf(piece), 0),
    0,
  )
  const described = tools === undefined ? 0 : tokensOfText(JSON.stringify(tools))
  return said + described + (output?.type === 'schema' ? tokensOfText(JSON.stringify(output.schema)) : 0)
}

function tokensOf(piece: Content): number {
  switch (piece.type) {
    case 'text':
    case 'refusal':
    case 'thinking':
      return tokensOfText(piece.text)
    case 'image':
      return TOKENS_AN_IMAGE
    case 'document':
    case 'audio': {
      const { source } = piece
      if (source.type === 'text') return tokensOfText(source.text)
      return source.type === 'base64' ? Math.ceil(source.data.length / BYTES_A_DOCUMENT_TOKEN) : TOKENS_AN_IMAGE
    }
    case 'tool-call':
      return tokensOfText(piece.name) + tokensOfText(piece.arguments)
    case 'tool-result':
      return piece.content.reduce((sum, inner) => sum + tokensOf(inner), TOKENS_A_MESSAGE)
    default:
      return piece satisfies never
  }
}

function tokensOfText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN)
}
