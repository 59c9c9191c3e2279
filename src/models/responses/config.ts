import { z } from 'zod'
import { choice, duration, size } from '../../core/fields.ts'

/** How responses of the wire `openai-responses` are kept for their callers. */
export const responsesField = z
  .strictObject({
    keep: choice(['policy', 'durable', 'memory', 'off'])
      .prefault('policy')
      .describe(
        'Where responses are kept that their callers may continue, fetch and delete: in the store (durable), in the memory of the process (memory), or nowhere (off). policy: in the store where bodies are kept in full (bodies.store, of the team and the model too), else in memory.',
      ),
    retention: duration({ min: '1m', max: '3650d' }).prefault('30d').describe('How long a response is kept.'),
    maxSize: size({ min: '1kB', max: '64MB' })
      .prefault('16MB')
      .describe('Largest response, with what was asked in its turn, that is kept. A larger one is told, and cannot be continued.'),
    maxTotal: size({ min: '1MB', max: '1TiB' })
      .prefault('1GiB')
      .describe('Bytes of kept responses in the store; the oldest go first. In memory it is 64 MiB at the most. Read at the start.'),
  })
  .prefault({})
  .describe('Responses that are kept for their callers (POST /v1/responses with store, which is so unless they say otherwise).')

/** Milliseconds and bytes. */
export type ResponsesConfig = z.output<typeof responsesField>
