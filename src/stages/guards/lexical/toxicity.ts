import type { SpanDetector } from '../types.ts'
import { CueTable } from './cues.ts'
import { signDetector } from './signs.ts'
import { TOXICITY_SIGNS, WESTERN_TOXICITY } from './toxicity-signs.ts'
import { OTHER_TOXICITY } from './toxicity-signs-other.ts'

/**
 * Finds threats and insults at a person, by signs in sixteen languages that stand together. What is quoted is let pass; irony, and what is put in
 * other words, are beyond it.
 */
export function toxicityDetectors(): readonly SpanDetector[] {
  return [
    signDetector({
      kind: 'INSULT',
      table: new CueTable(TOXICITY_SIGNS, {}, [...WESTERN_TOXICITY, ...OTHER_TOXICITY]),
      rules: [
        { all: ['threat'], within: 80, kind: 'THREAT' },
        { all: ['will', 'harm'], within: 80, gap: 16, isOneSentence: true, kind: 'THREAT' },
        { all: ['wish', 'misery'], within: 80, gap: 12, isOneSentence: true, kind: 'THREAT' },
        { all: ['insult'], within: 80 },
        { all: ['youAre', 'slur'], within: 80, gap: 20, isOneSentence: true },
        { all: ['slur', 'youAre'], within: 60, gap: 2, isOneSentence: true },
        { all: ['thou', 'slur'], within: 60, gap: 2, isOneSentence: true },
      ],
      skipsQuoted: true,
    }),
  ]
}
