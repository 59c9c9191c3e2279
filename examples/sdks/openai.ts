import OpenAI from 'openai'

const gateway = process.env.SIGNALBOX_URL_FOR_CALLS ?? 'http://127.0.0.1:4000'
const client = new OpenAI({
  baseURL: `${gateway}/v1`,
  apiKey: process.env.SIGNALBOX_KEY,
  defaultHeaders: { 'x-signalbox-labels': 'feature=search' },
})

const stream = await client.chat.completions.create({
  model: 'smart',
  messages: [{ role: 'user', content: 'What is a signal box?' }],
  stream: true,
  stream_options: { include_usage: true },
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
process.stdout.write('\n')

try {
  await client.chat.completions.create({ model: 'none', messages: [] })
} catch (thrown) {
  if (!(thrown instanceof OpenAI.APIError)) throw thrown
  process.stdout.write(`${thrown.code}, request ${thrown.requestID}\n`)
}
