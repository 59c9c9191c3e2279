import { hash } from 'node:crypto'

/** A key as it may be written down: enough of its hash to tell it from others and from what it is changed to, and too little to find it. */
export function fingerprintOf(key: string | undefined): string {
  return key === undefined ? '-' : hash('sha256', key, 'hex').slice(0, 12)
}

/** Names of one way to a model. */
export function laneIdsOf(provider: string, keyFingerprint: string, modelId: string): { readonly laneId: string; readonly keyId: string } {
  const keyId = `${provider} ${keyFingerprint}`
  return { keyId, laneId: `${keyId} ${modelId}` }
}
