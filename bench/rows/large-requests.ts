import { type Lab, measureBoth } from '../lab/lab.ts'
import { readPeakRssBytes, readRssBytes, resetPeakRss } from '../lab/proc.ts'
import type { Measured, Row } from '../lab/result.ts'
import { median, spreadOf } from '../lab/statistics.ts'
import { restart, type Target, tryCall } from '../lab/target.ts'

const shape = 'mock-whole'
const SIZE_BYTES = 10_000_000
const PICTURES = 4
const ROUNDS = 5
const WARM_CALLS = 20

/**
 * A request of 10 MB, nearly all of it pictures: the highest resident memory while it is answered, less what was resident before, in sizes of the
 * request. The first round after a start is one of the rounds, and what is not collected yet counts.
 */
export const largeRequests: Row = {
  names: ['large_request_memory', 'large_request_memory_across'],
  shapes: [shape],
  async measure(lab) {
    const same = await measureBoth(lab, (target) => copiesOf(lab, target, chat))
    const across = await copiesOf(lab, lab.gateway, messages)
    return [described('large_request_memory', same.gateway, same.floor), described('large_request_memory_across', across)]
  },
}

interface Rounds {
  readonly copies: readonly number[]
  readonly failures: number
}

function described(name: string, { copies, failures }: Rounds, floor?: Rounds): Measured {
  return {
    name,
    unit: 'copies of a 10 MB request',
    value: Math.max(...copies),
    ...(floor === undefined ? {} : { floor: Math.max(...floor.copies) }),
    ratio: 'none',
    bar: { on: 'value', atMost: 2 },
    spread: spreadOf([...copies]),
    note: `the highest of ${ROUNDS} rounds; the middle one ${median([...copies]).toFixed(2)}`,
    problems: failures === 0 ? [] : [`gateway: ${failures} calls were not answered`],
  }
}

interface Question {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function copiesOf(lab: Lab, target: Target, ask: (target: Target) => Question): Promise<Rounds> {
  await restart(target)
  for (let call = 0; call < WARM_CALLS; call++) await tryCall(target)
  const { path, headers, body } = ask(target)
  const copies: number[] = []
  let failures = 0
  for (let round = 0; round < ROUNDS; round++) {
    await Bun.sleep(lab.scale.idleSeconds * 1000)
    const idleBytes = readRssBytes(target.pid)
    resetPeakRss(target.pid)
    const reply = await fetch(`http://127.0.0.1:${target.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      body,
    })
    if (reply.status !== 200 || !(await reply.text()).includes('tokens')) failures++
    copies.push((readPeakRssBytes(target.pid) - idleBytes) / body.length)
  }
  return { copies, failures }
}

/** Base64 of what might be a PNG. */
function picture(): string {
  return `iVBORw0KGgo${'QUJD'.repeat(SIZE_BYTES / PICTURES / 4)}QQ=`
}

function chat(target: Target): Question {
  const pictures = Array.from({ length: PICTURES }, () => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${picture()}` } }))
  return {
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${target.key}` },
    body: bodyOf(target, pictures),
  }
}

function messages(target: Target): Question {
  const source = { type: 'base64', media_type: 'image/png', data: picture() }
  return {
    path: '/v1/messages',
    headers: { 'x-api-key': target.key, 'anthropic-version': '2023-06-01' },
    body: bodyOf(
      target,
      Array.from({ length: PICTURES }, () => ({ type: 'image', source })),
    ),
  }
}

function bodyOf(target: Target, pictures: readonly object[]): string {
  const content = [{ type: 'text', text: 'What is in these?' }, ...pictures]
  return JSON.stringify({ model: target.nameModel(shape), max_tokens: 100, messages: [{ role: 'user', content }] })
}
