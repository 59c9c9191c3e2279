import { readFileSync } from 'node:fs'
import { embedLexically } from '../../src/models/cache/lexical.ts'
import { planCache, textOfTargets } from '../../src/models/cache/plan.ts'
import { readCacheWish } from '../../src/models/cache/wish.ts'
import { dialectOf } from '../../src/models/dialects/index.ts'
import { MemoryAnswerCache } from '../../src/storage/memory/answer-cache.ts'
import { openTestCall } from '../../src/testing/open-test-call.ts'
import { chatBody } from '../lab/chat-request.ts'
import { cpuOf } from '../lab/cpu.ts'
import { alternate, type Lab, measureCalls } from '../lab/lab.ts'
import type { Measured, Row } from '../lab/result.ts'
import { median } from '../lab/statistics.ts'

const shape = 'mock-whole'
const lookups = 2000
const lookupRounds = 15
const thresholds = [0.7, 0.8, 0.85, 0.9, 0.95, 0.98]

/** What a hit costs against a call of the floor, what a lookup costs by itself, and how good like questions are found. */
export const cache: Row = {
  names: ['cache_hit_cpu', 'cache_lookup', 'cache_semantic'],
  shapes: [shape],
  async measure(lab) {
    return [await hits(lab), lookup(), semantic()]
  },
}

async function hits(lab: Lab): Promise<Measured> {
  const cached = await lab.installCached()
  try {
    const pairs = await alternate({ ...lab, gateway: cached }, lab.scale.rounds, (target) =>
      measureCalls(lab, target, { shape, seconds: lab.scale.roundSeconds }),
    )
    return cpuOf('cache_hit_cpu', pairs, { bar: { on: 'ratio', atMost: 0.7 } })
  } finally {
    await cached.stop()
  }
}

/** Keys of a request of 2 kB, and the answer to it from a memory of 1,000: from the decoded request to the kept answer. */
function lookup(): Measured {
  const body = new TextEncoder().encode(chatBody({ model: 'mini', isStreamed: false }))
  const request = dialectOf('openai-chat').decodeRequest(body, { maxDepth: 256 }, { headers: new Headers(), url: 'http://127.0.0.1/' })
  const settings = { ttlMs: 600_000, scope: 'team', replay: 'instant', maxAnswerBytes: 1_000_000 } as const
  const targets = textOfTargets([{ provider: 'mock', id: 'mini', wire: 'openai-chat', url: 'http://127.0.0.1/' }])
  const call = openTestCall({ principal: { organisation: 'acme', team: 'bench', labels: {} } })
  const plan = () => planCache(call, { request, targets, settings, wish: readCacheWish(new Headers(), true) }, () => undefined)
  const store = new MemoryAnswerCache(() => ({ maxEntries: 10_000, maxBytes: 100_000_000 }))
  const keep = (id: string) =>
    store.keep({
      ...{ id, keys: [id], scope: '', model: 'mini', provider: 'mock', target: 'mini', labels: {}, wire: 'openai-chat', isStream: false },
      ...{ storedAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER, parts: [{ bytes: body, afterMs: 0 }] },
    })
  for (let index = 0; index < 1000; index++) keep(`other ${index}`)
  keep(plan()?.exactKey ?? '')
  const rounds: number[] = []
  let found = 0
  for (let round = 0; round < lookupRounds; round++) {
    const startMs = performance.now()
    for (let index = 0; index < lookups; index++) if (store.find([plan()?.exactKey ?? ''], 1) !== undefined) found++
    rounds.push(((performance.now() - startMs) * 1000) / lookups)
  }
  return {
    name: 'cache_lookup',
    unit: 'µs a lookup',
    value: median(rounds),
    bar: { on: 'value', atMost: 25 },
    note: `a request of ${body.length} bytes, 1,000 other answers`,
    problems: found === lookups * lookupRounds ? [] : ['The answer was not found.'],
  }
}

interface Pair {
  readonly a: string
  readonly b: string
  readonly same: boolean
}

/** Pairs of questions, half of them the same in other words, half alike and not the same: how often a hit is right, and how often there is one. */
function semantic(): Measured {
  const lines = readFileSync(new URL('../cache/paraphrases.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  // The file is the project's own.
  const pairs = lines.map((line) => JSON.parse(line) as Pair)
  const scored = pairs.map(({ a, b, same }) => ({ same, cosine: dot(embedLexically(a), embedLexically(b)) }))
  const all = scored.filter(({ same }) => same).length
  const shown = thresholds.map((threshold) => {
    const hit = scored.filter(({ cosine }) => cosine >= threshold)
    const right = hit.filter(({ same }) => same).length
    return `${threshold}: precision ${percent(right, hit.length)}, hits ${percent(right, all)}`
  })
  const atDefault = scored.filter(({ cosine }) => cosine >= 0.95)
  return {
    name: 'cache_semantic',
    unit: '% right of the hits at 0.95',
    value: (100 * atDefault.filter(({ same }) => same).length) / Math.max(1, atDefault.length),
    note: `embedder lexical, ${pairs.length} pairs. ${shown.join('. ')}`,
    problems: [],
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0)
}
