import { z } from 'zod'
import { didYouMean } from '../../core/did-you-mean.ts'
import { choice, field, quote, Refused, usd } from '../../core/fields.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { chargeField, checkCharge } from './charging.ts'
import { type PathRule, readRule } from './rules.ts'

const path = () =>
  field<PathRule>(
    { unit: 'method and path', pattern: '^(GET|POST|PUT|PATCH|DELETE) /\\S+$', examples: ['POST /images/generations', 'GET /files/*'] },
    (written) =>
      (typeof written === 'string' ? readRule(written) : undefined) ??
      new Refused(
        `${quote(written)} is no method and path; write such as GET /files/*, below the provider's address, where * is any text within a segment`,
      ),
  )

/** What of a provider's API is passed through at `/passthrough/<provider>/<path>`. */
export const passthroughField = z
  .strictObject({
    paths: z
      .array(path().describe('A method and a path below the address of the provider.'))
      .min(1, { error: 'is an empty list; name a path, or remove passthrough' })
      .describe('What is passed through, such as GET /files/*. All else is not.'),
    usdPerCall: usd('USD')
      .exactOptional()
      .describe(
        'What each call costs of which charges says nothing. Left out: not known, and budgets in US dollars refuse the calls. Write 0 where they cost nothing.',
      ),
    charges: z
      .record(z.string().meta({ 'x-unit': 'method and path' }), chargeField)
      .prefault({})
      .describe('How calls are charged that are not as usdPerCall says, by their path as it is written in paths.'),
    unguarded: z
      .boolean()
      .meta({ 'x-unit': 'true or false', 'x-examples': [true] })
      .prefault(false)
      .describe(
        'Whether calls to which guards apply pass all the same: guards do not look at what is passed through. Otherwise they are refused.',
      ),
    ownedBy: choice(['caller', 'team'])
      .prefault('caller')
      .describe(
        'Whose it is what a call stores at the provider (files, batches, responses, …): of the caller who made it (its user, else its key), or of its team. Lists have nothing else, and to others it is not there.',
      ),
  })
  .describe('What of its API is passed through unread at /passthrough/<provider>. Left out: nothing.')

export type PassthroughConfig = z.output<typeof passthroughField>

/** Two rules that are the same are a mistake of writing, and so is a charge of none; an address that is not known is nowhere to pass anything to. */
export function checkPassthrough(at: readonly string[], config: PassthroughConfig | undefined, base: string): readonly ConfigProblem[] {
  if (config === undefined) return []
  const own = [...at, 'passthrough']
  const written = config.paths.map((rule) => rule.written)
  return [
    ...(base === '' ? [{ path: own, message: 'needs baseUrl at its provider: paths go below it' }] : []),
    ...written.flatMap((text, index) =>
      written.indexOf(text) < index ? [{ path: [...own, 'paths', index], message: `"${text}" stands twice` }] : [],
    ),
    ...Object.entries(config.charges).flatMap(([text, charge]) =>
      written.includes(text)
        ? checkCharge([...own, 'charges', text], charge)
        : [{ path: [...own, 'charges', text], message: `is none of the paths that are passed through${didYouMean(text, written)}` }],
    ),
  ]
}
