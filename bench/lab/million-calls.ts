import { SpendProjection } from '../../src/control/projections/spend.ts'
import type { Principal } from '../../src/core/call.ts'
import type { CallEnded } from '../../src/core/events.ts'
import { realWorld } from '../../src/platform/world.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'

const HOUR_MS = 3_600_000
const DAYS = 60
const TEAMS = 20
const KEYS = 200
const MODELS = [
  ['claude-opus', 'anthropic'],
  ['claude-haiku', 'anthropic'],
  ['gpt-mini', 'openai'],
  ['gpt-large', 'openai'],
  ['gemini-flash', 'google'],
  ['llama', 'local'],
] as const
/** Events of one batch: what waits to be written has a bound. */
const BATCH = 5000

/**
 * Writes calls into the data folder of a gateway that does not run, by the store's own way: each is an event of the log, folded into spend.
 * They are spread over 60 days, 20 teams, 200 keys and 6 models, of which each key uses three, so that nearly every call is a row of its own
 * in the sums by the hour. Only the endings are written: spend reads no others.
 * @returns what they cost together
 */
export async function writeCalls(folder: string, count: number): Promise<bigint> {
  const options = { world: realWorld(), version: 'bench', lastResort: () => {}, report: () => {} }
  const store = await openSqliteStore(folder, { ...options, projections: [() => new SpendProjection()] })
  const principals = Array.from({ length: KEYS }, (_, index) => principalOf(index))
  const beginMs = Date.now() - DAYS * 24 * HOUR_MS
  let sum = 0n
  for (let written = 0; written < count; written += BATCH) {
    const many = Math.min(BATCH, count - written)
    const events = Array.from({ length: many }, (_, index) => endedCall(written + index, { principals, beginMs, count }))
    for (const { costNanoUsd = 0 } of events) sum += BigInt(costNanoUsd)
    await Promise.all(events.map((event) => store.log.append(event)))
  }
  await store.close()
  return sum
}

function principalOf(index: number): Principal {
  return {
    organisation: 'bench',
    team: `team-${index % TEAMS}`,
    user: `user-${index % 50}`,
    keyId: `key${index}`,
    labels: { feature: `feature-${index % 8}` },
  }
}

interface Spread {
  readonly principals: readonly Principal[]
  readonly beginMs: number
  readonly count: number
}

function endedCall(index: number, { principals, beginMs, count }: Spread): CallEnded {
  // Steps that share no factor with the sizes go round through all combinations.
  const principal = principals[(index * 7) % KEYS] ?? principalOf(0)
  const [subject, provider] = MODELS[(((index * 7) % KEYS) + (Math.floor(index / KEYS) % 3)) % MODELS.length] ?? MODELS[0]
  const atMs = beginMs + Math.floor((index / count) * DAYS * 24 * HOUR_MS)
  const callId = `call_bench${index}`
  const usage = { inputTokens: 500 + (index % 1000), outputTokens: 100 + (index % 300) }
  return {
    type: 'call.ended',
    atMs,
    startedAtMs: atMs - 900,
    durationMs: 900,
    callId,
    layer: 'models',
    action: 'models.call',
    traceId: callId,
    spanId: callId,
    principal,
    prompt: {},
    wire: 'openai-chat',
    subject,
    provider,
    target: subject,
    outcome: 'ok',
    status: 200,
    attempts: 1,
    usage,
    costNanoUsd: usage.inputTokens * 1000 + usage.outputTokens * 2000,
    priceVersion: 'bench',
  }
}
