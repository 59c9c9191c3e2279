/**
 * Where clients name their session, the first that is there. Sources, read 2026-11-21: Claude Code (code.claude.com/docs/en/llm-gateway-protocol), Codex
 * (openai/codex, codex-rs/codex-api), and what other gateways take.
 */
const HEADERS = ['x-claude-code-session-id', 'session_id', 'session-id', 'x-session-id', 'conversation_id'] as const

/** A longer name is none. */
const MAX_CHARACTERS = 256

/** What a client's headers name its session by: calls of one session ask for what a provider has cached of it. */
export function sessionIn(headers: Headers): string | undefined {
  for (const name of HEADERS) {
    const value = headers.get(name)?.trim()
    if (value !== undefined && value !== '' && value.length <= MAX_CHARACTERS) return value
  }
  return undefined
}
