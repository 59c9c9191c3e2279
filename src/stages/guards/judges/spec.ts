import type { Secret } from '../../../core/secret.ts'

/** Who is asked, and how. Plain: the ports that do it are elsewhere. */
export type JudgeSpec = ModelJudge | ModerationJudge | WebhookJudge

/** A configured model that is asked for a verdict. */
export interface ModelJudge {
  readonly type: 'model'
  readonly model: string
  /** What it shall look for. */
  readonly instructions: string
}

/** The moderation endpoint of a provider. */
export interface ModerationJudge {
  readonly type: 'moderation'
  readonly url: string
  readonly headers: Readonly<Record<string, string | Secret>>
  /** The endpoint's own name of its model; left out: its default. */
  readonly model: string | undefined
  readonly allowPrivate: boolean
}

/** A service of the operator. */
export interface WebhookJudge {
  readonly type: 'webhook'
  readonly url: string
  readonly headers: Readonly<Record<string, string | Secret>>
  readonly allowPrivate: boolean
}
