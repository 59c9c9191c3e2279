/** A model of a configuration to be written. */
export interface DraftModel {
  readonly name: string
  readonly provider: string
  readonly id?: string
  readonly price?: { readonly inputPerMillion: number; readonly outputPerMillion: number }
  readonly timeouts?: Readonly<Record<string, string>>
  readonly guards?: readonly string[]
}

/** A route of a configuration to be written. */
export interface DraftRoute {
  readonly name: string
  readonly strategy: string
  readonly targets: readonly { readonly model: string; readonly weight?: number }[]
  readonly retries?: { readonly max: number }
  readonly timeouts?: Readonly<Record<string, string>>
  readonly onFiltered?: 'next'
}

/** The section `models`, as it is written. */
export interface DraftModels {
  readonly providers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly models: readonly DraftModel[]
  readonly routes?: readonly DraftRoute[]
  readonly breaker?: Readonly<Record<string, unknown>>
}

/** What became of another gateway's configuration. */
export interface Imported {
  readonly models: DraftModels
  /** What was not carried over, or not as it was, with where it stood. */
  readonly notes: readonly string[]
}

/** The file cannot be understood at all; the message says why. */
export class ImportError extends Error {}

/** A name that Signalbox takes, near to the one that is given. */
export function nameFor(text: string): string {
  if (text === '*') return text
  const wildcard = text.endsWith('*') ? '*' : ''
  const name = text
    .slice(0, text.length - wildcard.length)
    .replace(/[^A-Za-z0-9._:/-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
  return name === '' ? 'model' : name.slice(0, 127) + wildcard
}

/** The first of `name`, `name-2`, `name-3`, … that is not taken, which is taken then. */
export function takeName(taken: Set<string>, name: string): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (taken.has(candidate)) continue
    taken.add(candidate)
    return candidate
  }
}
