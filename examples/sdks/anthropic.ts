import Anthropic from '@anthropic-ai/sdk'

const gateway = process.env.SIGNALBOX_URL_FOR_CALLS ?? 'http://127.0.0.1:4000'
const client = new Anthropic({ baseURL: gateway, apiKey: process.env.SIGNALBOX_KEY })

// The model is one of OpenAI's wire: the gateway translates both ways.
const { data: message, response } = await client.messages
  .create({ model: 'smart', max_tokens: 200, messages: [{ role: 'user', content: 'What is a signal box?' }] })
  .withResponse()
for (const block of message.content) if (block.type === 'text') process.stdout.write(`${block.text}\n`)
process.stdout.write(`cost: $${response.headers.get('x-signalbox-cost-usd')}\n`)
