/** A chat call of about two kilobytes, as an application with a system prompt and a few turns sends it. */
export interface ChatRequest {
  readonly model: string
  readonly isStreamed: boolean
}

const messages = [
  {
    role: 'system',
    content:
      'You are the on-call assistant of a platform team. Answer in at most five sentences. Say what happened, what was lost, and what to ' +
      'do next, in this order. Never guess: when the logs do not say it, say that they do not. Quote times in UTC. Do not repeat secrets ' +
      'that appear in logs, not even in part. When a step could lose data, name the risk before the step. Prefer steps that can be undone.',
  },
  { role: 'user', content: 'The deploy of 02:10 went red and the pager woke me up. Where do I start?' },
  {
    role: 'assistant',
    content:
      'The migration step failed at 02:12:40 with a lock timeout on the table orders. The rollout was stopped before any new instance ' +
      'took traffic, so customers still use the old version. Look at pg_stat_activity first: something held a lock for at least 30 seconds.',
  },
  {
    role: 'user',
    content:
      'It shows this: pid 4411, state active, query "COPY (SELECT * FROM orders WHERE created_at >= \'2026-11-19\') TO STDOUT", ' +
      'started 01:58:02, application nightly-export, waiting for nothing. And pid 4590, state idle in transaction, query "ALTER TABLE orders ' +
      'ADD COLUMN channel text", started 02:12:10, application migrate, waiting for relation. The export normally takes four minutes, but ' +
      'the table has grown. Can I just kill the export, and will the migration then pass on its own? Did we lose any orders?',
  },
]

/** The JSON text of a chat call. */
export function chatBody({ model, isStreamed }: ChatRequest): string {
  const options = isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}
  return JSON.stringify({ model, messages, temperature: 0.2, max_tokens: 400, user: 'on-call-7', ...options })
}

/** The whole HTTP request, as the official SDK would head it. */
export function chatRequest(request: ChatRequest & { readonly port: number; readonly key: string }): string {
  const body = chatBody(request)
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `Host: 127.0.0.1:${request.port}`,
    `Authorization: Bearer ${request.key}`,
    'Accept: application/json',
    'Content-Type: application/json',
    'User-Agent: OpenAI/JS 7.55.0',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** The same call in the wire Anthropic Messages, as its SDK would head it. */
export function messagesRequest(request: ChatRequest & { readonly port: number; readonly key: string }): string {
  const [first, ...turns] = messages
  const body = JSON.stringify({
    model: request.model,
    system: first?.content,
    messages: turns,
    temperature: 0.2,
    max_tokens: 400,
    metadata: { user_id: 'on-call-7' },
    ...(request.isStreamed ? { stream: true } : {}),
  })
  const head = [
    'POST /v1/messages HTTP/1.1',
    `Host: 127.0.0.1:${request.port}`,
    `X-Api-Key: ${request.key}`,
    'Anthropic-Version: 2023-06-01',
    'Accept: application/json',
    'Content-Type: application/json',
    'User-Agent: Anthropic/JS 1.11.0',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
