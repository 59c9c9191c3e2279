import { z } from 'zod'
import { choice, count, duration, secret, url } from '../core/fields.ts'
import type { Section } from '../core/section.ts'
import { zone } from './budget-config.ts'
import { MOST_LABEL_VALUES } from './projections/spend.ts'

const webhook = z.strictObject({
  url: url().describe('Where alerts are sent, as JSON by POST.'),
  secret: secret().describe('The secret that signs them (HMAC-SHA-256, in the header x-signalbox-signature).'),
})

const money = z
  .strictObject({
    zone: zone().prefault('UTC').describe('The time zone in which budgets of a day, a week or a month begin.'),
    onCrash: choice(['charge-estimate', 'release'])
      .prefault('charge-estimate')
      .describe(
        'What becomes of what running calls held when the process died: charged as estimated, so that spend is never too low, or given back.',
      ),
    onClientLeave: choice(['abort', 'drain'])
      .prefault('abort')
      .describe(
        'What becomes of a call whose client left: it is aborted and charged for what was seen of it, or the reply is read on to learn what it cost.',
      ),
    drainFor: duration({ min: '1s', max: '10m' })
      .prefault('30s')
      .describe('How long a reply is read on after its client left, at the most.'),
    labelValues: count('values', { min: '1', max: '1M' })
      .prefault(MOST_LABEL_VALUES)
      .describe(
        'How many values of one label have spend of their own on a day (UTC), of those that callers send: the others are added up as (other). Holds from the next start.',
      ),
    webhook: webhook.exactOptional().describe('Who is told of budgets that come to their thresholds.'),
  })
  .prefault({})
  .describe('How money is counted. Budgets and limits themselves stand under access.')

/** What the `money` key says: times in milliseconds. */
export type MoneyConfig = z.output<typeof money>

/** The section `money`. */
export const moneySection = { name: 'money', schema: money, check: () => [] } as const satisfies Section<MoneyConfig>
