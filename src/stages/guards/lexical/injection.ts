import { encodedDetector } from '../encoded.ts'
import type { Finding, SpanDetector } from '../types.ts'
import { CueTable } from './cues.ts'
import { ANYWHERE, ENGLISH, INJECTION_SIGNS } from './injection-signs.ts'
import { WESTERN } from './injection-signs-europe.ts'
import { MORE_LATIN } from './injection-signs-latin.ts'
import { OTHER_SCRIPTS } from './injection-signs-scripts.ts'
import { type SignRule, signDetector } from './signs.ts'

/** Signs that together make out an attempt, and how near to each other they stand. */
const RULES: readonly SignRule[] = [
  { all: ['plain'], within: 80 },
  ...[
    ['override', 'scope', 'rules'],
    ['override', 'your', 'rules|role'],
    ['override', 'told'],
    ['bypass', 'your', 'safety'],
    ['bypass', 'scope', 'safety'],
    ['reveal', 'secret'],
  ].map((all) => ({ all, within: 90, isOneSentence: true })),
  ...[
    ['exfil', 'conversation', 'destination'],
    ['persona', 'unbound'],
    ['decode', 'obey'],
    ['addressee', 'reader', 'order'],
    ['activate', 'mode', 'unbound|comply|override|bypass|addressee|persona'],
  ].map((all) => ({ all, within: 120 })),
  ...[
    ['authority', 'override|secret|bypass', 'your|scope|rules|safety|reveal'],
    ['authority', 'mode|unbound|comply'],
    ['exfil', 'sensitive', 'destination', 'stealth|override|addressee|reader|disguise|consent'],
    ['deed', 'stealth', 'addressee|disguise|consent|sensitive|order'],
    ['deed', 'consent', 'addressee|disguise|authority|order'],
    ['disguise', 'addressee', 'order|deed|exfil|override|stealth'],
    ['disguise', 'override', 'rules|told|your|order|deed'],
    ['disguise', 'order', 'deed|exfil', 'sensitive|destination|conversation|stealth'],
    ['disguise', 'persona', 'unbound|override|comply|secret'],
    ['addressee', 'order', 'stealth'],
    ['addressee', 'override', 'order|deed|exfil|told'],
    ['comply', 'unbound', 'persona|your|override|order'],
    ['comply', 'override', 'rules|told|safety|persona'],
    ['comply', 'persona', 'safety|order|unbound|rules'],
    ['comply', 'your', 'safety', 'bypass|override|persona|order'],
  ].map((all) => ({ all, within: 200 })),
]

/** Marks of the formats in which models are told who speaks: in a user's text they are an attempt to speak as somebody else. */
const MARKS = new RegExp(
  [
    '<\\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|end_header_id|eot_id|begin_of_text|start|end|channel|message|endofprompt)\\|>',
    '\\[/?INST\\]',
    '<</?SYS>>',
    '<(?:start|end)_of_turn>',
    '^#{2,4} ?(?:system|instruction)s?(?: prompt| message)?:',
    '</?(?:system|developer)(?:[_-](?:prompt|message|instructions?|override|note))?>',
    '\\bBEGIN (?:SYSTEM|ADMIN|DEVELOPER) (?:PROMPT|INSTRUCTIONS?|MESSAGE)\\b',
    // A picture whose address carries what was said.
    '!\\[[^\\]\\n]{0,60}\\]\\(https?://[^)\\s]{1,80}[?&][a-z_]{1,24}=(?:\\{|%7b|<|\\[|\\$|base64)',
  ].join('|'),
  'gim',
)
const MARK_REACH = 200

/** A text that is written so that only a model reads it. */
const HIDDEN = /(?:\u{e0020}|[\u{e0021}-\u{e007f}]){6,128}|[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]{16,128}/gu

/** Finds attempts to take a model over, by signs in sixteen languages that stand together. What is put in other words is not found. */
export function injectionDetectors(): readonly SpanDetector[] {
  const signs = signDetector({
    kind: 'INJECTION',
    table: new CueTable(INJECTION_SIGNS, ANYWHERE, [ENGLISH, ...WESTERN, ...MORE_LATIN, ...OTHER_SCRIPTS]),
    rules: RULES,
    innocence: { signs: 'spokenOf', onlyQuoted: true },
  })
  return [
    signs,
    encodedDetector(signs, { fewest: 24, most: 400 }),
    regexDetector(MARKS, 'INJECTION', 'folded'),
    regexDetector(HIDDEN, 'HIDDEN_TEXT', 'written'),
  ]
}

function regexDetector(pattern: RegExp, kind: string, reads: SpanDetector['reads']): SpanDetector {
  return {
    type: 'spans',
    reads,
    lookBehind: 2,
    reach: MARK_REACH,
    find: (text, from) => {
      const found: Finding[] = []
      pattern.lastIndex = from
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        found.push({ from: match.index, to: match.index + match[0].length, kind })
      }
      return found
    },
    holdFrom: (text, from) => Math.max(from, text.length - MARK_REACH),
  }
}
