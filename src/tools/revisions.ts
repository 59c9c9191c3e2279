/** Revisions of MCP that are spoken with callers, newest first. Source: https://modelcontextprotocol.io/specification (read 2026-11-21). */
export const REVISIONS = ['2025-11-25', '2025-06-18'] as const

/** A revision that is spoken with callers. */
export type Revision = (typeof REVISIONS)[number]

/** Older ones that a server may answer with: what the gateway sends to it is the same there. */
const SPOKEN_TO_SERVERS: ReadonlySet<string> = new Set([...REVISIONS, '2025-03-26', '2024-11-05'])

/** The newest one: what is answered to callers of a revision that is not spoken. */
export const LATEST: Revision = REVISIONS[0]

/** Whether this is a revision that is spoken with callers. */
export function isRevision(value: unknown): value is Revision {
  return REVISIONS.some((revision) => revision === value)
}

/** Whether a server of this revision can be spoken to. */
export function isSpokenToServers(value: unknown): value is string {
  return typeof value === 'string' && SPOKEN_TO_SERVERS.has(value)
}

/** Since 2025-11-25 arguments that do not fit are told to the model, as the result of the tool, so that it can mend them. */
export function tellsModelOfBadArguments(revision: string): boolean {
  return revision >= '2025-11-25'
}
