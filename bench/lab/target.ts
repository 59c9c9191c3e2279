import { chatBody, chatRequest } from './chat-request.ts'

/** A proxy under test: the floor, or a gateway. Restarting keeps its folder and its key. */
export interface Target {
  readonly name: 'floor' | 'gateway'
  /** The Bun process, not its launcher. */
  readonly pid: number
  readonly port: number
  readonly key: string
  /** The name under which this proxy knows a shape of the mock. */
  nameModel(shape: string): string
  /** Starts the process and does not wait until it answers. */
  launch(): Promise<void>
  waitUntilReady(): Promise<void>
  stop(): Promise<void>
}

/** A fresh process, for rows about memory. */
export async function restart(target: Target): Promise<void> {
  await target.stop()
  await target.launch()
  await target.waitUntilReady()
}

/** The bytes of a chat call to this target that asks the mock for a shape. */
export function requestOf(target: Target, shape: string): string {
  return chatRequest({ port: target.port, key: target.key, model: target.nameModel(shape), isStreamed: shape !== 'mock-whole' })
}

/** Makes one chat call; false when nothing listens yet or the answer is not the mock's. */
export async function tryCall(target: Target): Promise<boolean> {
  try {
    const reply = await fetch(`http://127.0.0.1:${target.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${target.key}`, 'content-type': 'application/json', connection: 'close' },
      body: chatBody({ model: target.nameModel('mock-whole'), isStreamed: false }),
    })
    return reply.status === 200 && (await reply.text()).includes('"total_tokens"')
  } catch {
    return false
  }
}
