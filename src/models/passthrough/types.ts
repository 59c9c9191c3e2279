import type { Usage } from '../../core/events.ts'
import type { Price } from '../prices/types.ts'
import type { Lane } from '../routing/lanes.ts'
import type { Target, Timeouts } from '../types.ts'
import type { Charging } from './charging.ts'
import type { AskedObject } from './objects/find.ts'
import type { ObjectOwners } from './objects/owners.ts'
import type { ObjectRow } from './objects/rows.ts'
import type { Method, PathRule } from './rules.ts'
import type { ModelName } from './usage/model-name.ts'

/** A way to a provider: one of its keys. */
export interface PassedLane extends Lane {
  readonly target: Pick<Target, 'provider' | 'wire' | 'headers' | 'credentials' | 'authorize' | 'connection'>
}

/** A provider to which something is passed through. */
export interface PassedProvider {
  /** `passthrough/<provider>`: what the list of models of a team or key grants, and what scopes of limits and budgets match. */
  readonly name: string
  /** Where its API begins, without a slash at its end. */
  readonly base: string
  /** With the first of its keys. */
  readonly target: PassedLane['target']
  /** One for each key. */
  readonly lanes: readonly [PassedLane, ...PassedLane[]]
  readonly timeouts: Timeouts
  /** What it keeps for whoever has its key. */
  readonly objects: readonly ObjectRow[]
  /** Whose that is: of the caller who made it, or of its team. */
  readonly ownedBy: 'caller' | 'team'
  readonly rules: readonly ChargedRule[]
  /** Of a model by its id here: the configured one, or that of the table. Undefined: not known. */
  readonly priceOf: (modelId: string) => Price | undefined
  /** Whether it takes calls to which guards apply. */
  readonly isUnguarded: boolean
}

/** A path that is listed, and what its calls cost. */
export interface ChargedRule extends PathRule {
  readonly charging: Charging
}

/** A request as it came, and where it is to go. */
export interface PassedCall {
  /** Of its one attempt: a second one could do the work twice. */
  readonly id: string
  readonly to: PassedProvider
  readonly method: Method
  readonly rule: ChargedRule
  readonly url: string
  readonly request: Request
  /** What is asked of the objects that the provider keeps; undefined where it is about none that is known. */
  readonly asked: AskedObject | undefined
  /** Where the body is JSON and was read. */
  readonly json?: Uint8Array
  /** Which model the body names, where its price counts: of a form it is known once that was sent. Set by `findPrice`. */
  readonly model?: ModelName
  /** Set by `ownObjects`. */
  readonly owned?: OwnedCall
}

/** What is known once it is known whose the objects are. */
export interface OwnedCall {
  readonly owners: ObjectOwners
  /** The key that it goes by; undefined: any. `isNeeded`: no other reaches what is asked for. */
  readonly key: { readonly keyId: string; readonly isNeeded: boolean } | undefined
  /** Whether the caller owns anything there. */
  readonly ownsAny: boolean
  /** Whether what the body names is not known yet: it is no JSON, whatever it is called. */
  readonly isUnread: boolean
  /** Whether the provider will keep what is made. */
  readonly isKept: boolean
}

/** A piece of the answer. Every reply that began has exactly one `head`, first. */
export type PassedPart =
  | {
      readonly type: 'head'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      /** Where each call costs the same, to have been taken is to be charged, however the body ends. */
      readonly usage?: Usage
    }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  /** What the answer told of its usage: last, where it ended well. Not for the caller. */
  | { readonly type: 'usage'; readonly usage: Usage }
