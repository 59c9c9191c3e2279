/** What providers put around a conversation: its beginning, and what introduces tools to the model. Published figures are below 750. */
const AROUND_TOKENS = 1024

/**
 * A bound on the input tokens of a request of texts, from its JSON.
 *
 * Tokenizers of language models cut the bytes of a text into pieces of one byte or more, so there are no more tokens than bytes. Some bring
 * the text into a normal form first, which can be longer (U+FDFA: 3 bytes become 33), so the bytes of the longest form are counted. JSON
 * only adds: an escape is never shorter than what it stands for, and what stands around a message or a tool (20 to 60 bytes) is more than the
 * few tokens that chat templates put there. For what is put around the whole, a fixed number is added.
 */
export function strictInputTokens(text: string, sizeBytes: number): number {
  const isPlain = sizeBytes === text.length && !text.includes('\\u')
  return (isPlain ? sizeBytes : Math.max(sizeBytes, longestForm(text))) + AROUND_TOKENS
}

function longestForm(text: string): number {
  // Decoded and written again, every character stands there as itself.
  const written = JSON.stringify(JSON.parse(text))
  return Math.max(Buffer.byteLength(written.normalize('NFKD')), Buffer.byteLength(written.normalize('NFKC')))
}
