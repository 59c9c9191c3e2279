import { z } from 'zod'
import { choice, field, quote, Refused, text, usd } from '../../core/fields.ts'
import type { NanoUsd } from '../../core/money.ts'
import type { ConfigProblem } from '../../core/section.ts'
import type { Pointer } from './usage/json-probe.ts'
import { USAGE_WIRES, type UsageWire } from './usage/wires.ts'

/** How a call of a listed path is charged. */
export type Charging =
  /** Each call alike; undefined: not known. */
  | { readonly type: 'flat'; readonly nanoUsd: NanoUsd | undefined }
  /** By the tokens that the answer tells, at the price of the model that the request names, or else of the one with this id. */
  | { readonly type: 'tokens'; readonly wire: UsageWire; readonly id: string | undefined; readonly atMostNanoUsd: NanoUsd }
  /** By a number in the answer. */
  | { readonly type: 'units'; readonly count: Pointer; readonly nanoUsdEach: NanoUsd; readonly atMostNanoUsd: NanoUsd }

const POINTER = /^(?:\/(?:[^~/]|~[01])+){1,8}$/

const pointer = () =>
  field<Pointer>({ unit: 'JSON pointer', pattern: POINTER.source, examples: ['/usage_info/pages_processed'] }, (written) =>
    typeof written === 'string' && POINTER.test(written)
      ? written
          .slice(1)
          .split('/')
          .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
      : new Refused(`${quote(written)} is no place in an answer; write the keys that lead to it, such as /usage_info/pages_processed`),
  )

/** How the calls of one path are charged, where that is not as `usdPerCall` of its provider says. */
export const chargeField = z
  .strictObject({
    usdPerCall: usd('USD').exactOptional().describe('What each call costs. Write 0 where it costs nothing.'),
    wire: choice(USAGE_WIRES)
      .exactOptional()
      .describe(
        'The wire in whose words the answer tells tokens: they are charged at the price of the model that the request names, configured or of the table.',
      ),
    id: text(['gpt-image-1']).exactOptional().describe("The provider's id of the model whose price counts where the request names none."),
    count: pointer().exactOptional().describe('Where in the answer the number stands that is charged: pages, search units, seconds.'),
    usdEach: usd('USD').exactOptional().describe('What each of count costs. A part of one is charged as a whole.'),
    usdAtMost: usd('USD')
      .exactOptional()
      .describe(
        'What no call costs more than: budgets hold it before the call is sent, and are charged it where the answer tells no usage.',
      ),
  })
  .describe('How it is charged: by usdPerCall; by wire and usdAtMost; or by count, usdEach and usdAtMost.')

type ChargeConfig = z.output<typeof chargeField>

/** Keys that belong together. */
const KINDS = [
  { needs: ['usdPerCall'], may: [] },
  { needs: ['wire', 'usdAtMost'], may: ['id'] },
  { needs: ['count', 'usdEach', 'usdAtMost'], may: [] },
] as const satisfies readonly { readonly needs: readonly (keyof ChargeConfig)[]; readonly may: readonly (keyof ChargeConfig)[] }[]

/** What no key by itself can say. */
export function checkCharge(path: readonly string[], written: ChargeConfig): readonly ConfigProblem[] {
  const keys = Object.keys(written)
  const kinds = KINDS.filter(({ needs: [first] }) => keys.includes(first))
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    return [{ path, message: 'needs one of usdPerCall, wire and count, which say how it is charged' }]
  const missing = kind.needs.filter((key) => !keys.includes(key))
  const known: readonly string[] = [...kind.needs, ...kind.may]
  return [
    ...(missing.length === 0 ? [] : [{ path, message: `needs ${missing.join(' and ')} beside ${kind.needs[0]}` }]),
    ...(written.usdAtMost === 0
      ? [
          {
            path: [...path, 'usdAtMost'],
            message: 'is 0, and answers that tell no usage would be free; where calls cost nothing, write usdPerCall: 0',
          },
        ]
      : []),
    ...keys
      .filter((key) => !known.includes(key))
      .map((key) => ({ path: [...path, key], message: `has no meaning beside ${kind.needs[0]}` })),
  ]
}

/** What is charged for a call of a path, as far as it was checked. @param otherwise of its provider, for a path of which nothing is said */
export function chargingOf(written: ChargeConfig | undefined, otherwise: NanoUsd | undefined): Charging {
  const { usdPerCall, wire, id, count, usdEach, usdAtMost } = written ?? {}
  if (wire !== undefined && usdAtMost !== undefined) return { type: 'tokens', wire, id, atMostNanoUsd: usdAtMost }
  if (count !== undefined && usdEach !== undefined && usdAtMost !== undefined)
    return { type: 'units', count, nanoUsdEach: usdEach, atMostNanoUsd: usdAtMost }
  return { type: 'flat', nanoUsd: written === undefined ? otherwise : usdPerCall }
}
