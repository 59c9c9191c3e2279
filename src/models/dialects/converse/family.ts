import type { Target } from '../../types.ts'
import { generationOf } from '../anthropic-messages/generation.ts'

/** What the makers of models on Bedrock do differently within its one wire. Told by the id: a model's, or that of an inference profile. */
export type Family = 'claude' | 'nova' | 'gpt' | 'other'

/** The family of a model; `other` where its id does not say, as that of an application's inference profile. */
export function familyOf({ id }: Pick<Target, 'id'>): Family {
  if (/anthropic\.|claude/i.test(id)) return 'claude'
  if (/amazon\.nova|nova-/i.test(id)) return 'nova'
  return /openai\.gpt|gpt-oss/i.test(id) ? 'gpt' : 'other'
}

/** Whether marks behind which a prompt is cached mean something to the model; others refuse them. */
export function cachesPrompts(target: Pick<Target, 'id'>): boolean {
  const family = familyOf(target)
  return family === 'claude' || family === 'nova'
}

/** Whether the model thinks by a budget of tokens, and takes temperature and its like. Of Claude only. */
export function claudeOf({ id }: Pick<Target, 'id'>): ReturnType<typeof generationOf> {
  return generationOf(id)
}
