import { z } from '@hono/zod-openapi'
import type { Principal } from '../../core/call.ts'
import type { ToolAsk } from '../../core/events.ts'
import type { KeyRecord, LiveCall, LoggedEvent, LogPosition } from '../../core/ports.ts'
import { type KeyState, stateOf } from '../keys.ts'

const labels = z.record(z.string(), z.string())

/** A time as the API writes it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

export const shownKey = z
  .object({
    id: z.string().describe('Public id: the middle of sb_<id>_<secret>.'),
    state: z.enum(['active', 'expired', 'revoked', 'stopped']).describe('stopped: the team of the key left the configuration.'),
    name: z.string().optional(),
    team: z.string(),
    user: z.string().optional(),
    labels,
    models: z.array(z.string()).optional().describe('Absent: whatever the team may use.'),
    createdAt: z.string(),
    createdBy: z.string(),
    expiresAt: z.string().optional(),
    revokedAt: z.string().optional(),
    replaces: z.string().optional().describe('Id of the key that this one was made to replace. Spend goes on under the id of the first.'),
  })
  .openapi('Key')

/** A key as the API shows it. */
export type ShownKey = z.output<typeof shownKey>

/** A key as it is shown: without its hash. */
export function showKey(key: KeyRecord, teams: readonly string[], nowMs: number) {
  const state: KeyState = stateOf(key, teams, nowMs)
  return {
    id: key.id,
    state,
    ...(key.name === undefined ? {} : { name: key.name }),
    team: key.team,
    ...(key.user === undefined ? {} : { user: key.user }),
    labels: { ...key.labels },
    ...(key.models === undefined ? {} : { models: [...key.models] }),
    createdAt: isoTime(key.createdAtMs),
    createdBy: key.createdBy,
    ...(key.expiresAtMs === undefined ? {} : { expiresAt: isoTime(key.expiresAtMs) }),
    ...(key.revokedAtMs === undefined ? {} : { revokedAt: isoTime(key.revokedAtMs) }),
    ...(key.replaces === undefined ? {} : { replaces: key.replaces }),
  }
}

export const shownPrincipal = z
  .object({ organisation: z.string(), team: z.string().optional(), user: z.string().optional(), keyId: z.string().optional(), labels })
  .openapi('Principal')

/** Who asked. */
export function showPrincipal({ organisation, team, user, keyId, labels }: Principal) {
  return {
    organisation,
    ...(team === undefined ? {} : { team }),
    ...(user === undefined ? {} : { user }),
    ...(keyId === undefined ? {} : { keyId }),
    labels: { ...labels },
  }
}

const shownPrompt = z
  .object({ name: z.string().optional(), version: z.string().optional(), hash: z.string().optional() })
  .describe('Name and version as the caller said; the hash is of the system prompt.')

export const shownAsk = z
  .object({ call: z.string().describe('Id of the model call.'), model: z.string(), prompt: shownPrompt })
  .describe('The model call that asked for this tool, in the same trace.')
  .openapi('ToolAsk')

/** Which model call asked for a tool. */
export function showAsk({ callId, model, prompt }: ToolAsk) {
  return { call: callId, model, prompt: { ...prompt } }
}

export const shownLiveCall = z
  .object({
    callId: z.string(),
    startedAt: z.string(),
    runningMs: z.number(),
    principal: shownPrincipal,
    model: z.string().optional(),
    provider: z.string().optional(),
    target: z.string().optional(),
    wire: z.string().optional(),
    isStream: z.boolean().optional(),
    attempts: z.number(),
  })
  .openapi('LiveCall')

/** A running call as the API shows it. */
export type ShownLiveCall = z.output<typeof shownLiveCall>

/** A call that runs now. */
export function showLiveCall({ callId, facts, startedAtMs }: LiveCall, nowMs: number) {
  const { subject, provider, target, wire, isStream, attempts, principal } = facts
  return {
    callId,
    startedAt: isoTime(startedAtMs),
    runningMs: nowMs - startedAtMs,
    principal: showPrincipal(principal),
    ...(subject === undefined ? {} : { model: subject }),
    ...(provider === undefined ? {} : { provider }),
    ...(target === undefined ? {} : { target }),
    ...(wire === undefined ? {} : { wire }),
    ...(isStream === undefined ? {} : { isStream }),
    attempts,
  }
}

export const shownEvent = z
  .looseObject({ position: z.string().describe('Place in the log: a cursor.'), type: z.string(), atMs: z.number() })
  .describe('An event as it stands in the log (docs/events.md), with its place.')
  .openapi('Event')

/** An event as the API shows it. */
export type ShownEvent = z.output<typeof shownEvent>

/** An event with its place. */
export function showEvent({ position, event }: LoggedEvent): ShownEvent {
  return { position: formatPosition(position), ...event }
}

/** A place in the log as a cursor. */
export function formatPosition({ batch, index }: LogPosition): string {
  return `${batch}.${index}`
}

/** Reads a cursor; undefined where the text is none. */
export function parsePosition(text: string): LogPosition | undefined {
  const [, batch, index] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  return batch === undefined || index === undefined ? undefined : { batch: Number(batch), index: Number(index) }
}
