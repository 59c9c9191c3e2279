/** A wire that callers speak: how it asks the route `smart`, or another model, and what stands in its stream only at a good end. */
export interface AskingWire {
  readonly path: (stream: boolean, model?: string) => string
  readonly body: (stream: boolean, model?: string) => object
  readonly end: string
}

const QUESTION = 'How is it today, and how was it yesterday?'
const MESSAGES = [{ role: 'user', content: QUESTION }]

/** The wires of callers. */
export const ASKING_WIRES: Readonly<Record<string, AskingWire>> = {
  'openai-chat': {
    path: () => '/v1/chat/completions',
    body: (stream, model = 'smart') => ({ model, stream, messages: MESSAGES }),
    end: '[DONE]',
  },
  'openai-responses': {
    path: () => '/v1/responses',
    body: (stream, model = 'smart') => ({ model, stream, input: QUESTION }),
    end: 'response.completed',
  },
  'anthropic-messages': {
    path: () => '/v1/messages',
    body: (stream, model = 'smart') => ({ model, max_tokens: 50, stream, messages: MESSAGES }),
    end: 'message_stop',
  },
  gemini: {
    path: (stream, model = 'smart') => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: QUESTION }] }] }),
    end: '"finishReason":"STOP"',
  },
}
