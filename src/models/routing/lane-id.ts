import { hash } from 'node:crypto'

/** A key as it may be written down: enough of its hash to tell it from others and from what it is changed to, and too little to find it. */
export function fingerprintOf(key: string | undefined): string {
  return key === undefined ? '-' : hash('sha256', key, 'hex').slice(0, 12)
}

/** What tells one way to a model from others. */
interface LaneIds {
  readonly laneId: string
  readonly accessId: string
  readonly keyId: string
}

/**
 * Names of one way to a model.
 * @param access a fingerprint of all that a provider is asked with: its address, its key, whatever else says who asks
 */
export function laneIdsOf(provider: string, keyFingerprint: string, access: string, modelId: string): LaneIds {
  const accessId = `${provider} ${access}`
  return { keyId: `${provider} ${keyFingerprint}`, accessId, laneId: `${accessId} ${modelId}` }
}
