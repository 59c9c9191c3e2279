// Precision and recall of the guards on a labelled set: `node scripts/run-bun.js bench/guards/run.ts SET.jsonl`. See bench/guards/README.md.
import { readFileSync } from 'node:fs'
import { compileGuard } from '../../src/stages/guards/compile.ts'
import { PLAIN } from '../../src/stages/guards/config.ts'
import { tryGuards } from '../../src/stages/guards/try.ts'
import { type Labelled, readSet } from './read-set.ts'
import { type Found, formatScores, Scores } from './scores.ts'

const GUARDS = ['pii', 'secrets', 'injection', 'toxicity'].map((name) => compileGuard(name, { ...PLAIN, action: 'flag' }))

/** Kinds of the secrets guard are one type of the set. */
function typeOf(guard: string, kind: string): string {
  return guard === 'secrets' ? 'SECRET' : guard === 'injection' ? 'INJECTION' : guard === 'toxicity' ? 'TOXICITY' : kind
}

function search({ text }: Labelled): readonly Found[] {
  return tryGuards(GUARDS, 'input', text).findings.flatMap(({ guard, kind, from, to }) =>
    from === undefined || to === undefined ? [] : [{ type: typeOf(guard, kind), from, to }],
  )
}

const [file, ...flags] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: bench/guards/run.ts SET.jsonl [--json] [--misses]\n')
  process.exit(2)
}
const scores = new Scores()
for (const labelled of readSet(readFileSync(file, 'utf8'))) {
  const found = search(labelled)
  const wrong = scores.take(labelled, found)
  if (flags.includes('--misses')) for (const each of wrong) process.stderr.write(`${JSON.stringify({ line: labelled.line, ...each })}\n`)
}
process.stdout.write(flags.includes('--json') ? `${JSON.stringify(scores.all(), undefined, 2)}\n` : formatScores(scores.all()))
