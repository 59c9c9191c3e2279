import { findIn, ReadableText } from './find.ts'
import { Seam, type SeamPiece } from './seam.ts'
import { isLong, knowing, searchElsewhere } from './search.ts'
import type { Finding, Guard, Judges, Phase, SpanDetector } from './types.ts'

/** A text that may be one with others. */
export interface SeamedText {
  readonly text: string
  readonly phase: Phase
  /** Texts of one name, in their order, are read as one: the parts of a message. Absent: it stands for itself. */
  readonly joins?: string
}

/** What stands in some texts of findings that go from one into the next: by the index of the text, then by the name of the guard. */
export type SeamFindings = ReadonlyMap<number, ReadonlyMap<string, readonly Finding[]>>

/** What of a text is looked at beside a seam, in characters: nothing that is told there reaches farther. */
const BESIDE = 1024
const NOTHING: SeamFindings = new Map()

interface Searched {
  readonly guards: readonly Guard[]
  readonly judges: Judges
}

/**
 * Looks for what is divided between texts that are read as one. Nobody knows whether a model reads a space between two parts, so they are looked at with one
 * and without. What stands in one part alone is found there, and not told. Linear: of a long text only the beginning and the end are looked at again.
 */
export async function findInSeams(texts: readonly SeamedText[], { guards, judges }: Searched): Promise<SeamFindings> {
  const seams = guards.some(({ spans }) => spans.length > 0) ? seamsOf(texts) : []
  if (seams.length === 0) return NOTHING
  const written = seams.flatMap((seam) => [{ text: seam.textWith(' ') }, { text: seam.textWith('') }])
  const known = isLong(written)
    ? await searchElsewhere(
        judges,
        guards,
        written.map(({ text }) => text),
      )
    : undefined
  const found = new Map<number, Map<string, Finding[]>>()
  const readAt = (at: number) => ({ text: new ReadableText(written[at]?.text ?? ''), guards: known?.[at] ?? guards })
  for (const [at, seam] of seams.entries()) {
    const [spaced, tight] = [readAt(2 * at), readAt(2 * at + 1)]
    for (const [place, guard] of guards.entries()) {
      if (!guard.phases.has(seam.phase)) continue
      const inSpaced = findAll(spaced.text, spaced.guards[place])
      const inTight = findAll(tight.text, tight.guards[place])
      for (const [detector, findings] of inSpaced.entries()) {
        const certain = findings.map((finding) => seam.tightened(finding))
        for (const finding of [...certain, ...beside(inTight[detector] ?? [], certain)]) note(found, guard, seam.divided(finding))
      }
    }
  }
  return found
}

/** The guards of a text, with what was found at its seams. */
export function withSeams(guards: readonly Guard[], found: ReadonlyMap<string, readonly Finding[]> | undefined): readonly Guard[] {
  if (found === undefined) return guards
  return guards.map((guard) => {
    const findings = found.get(guard.name)
    return findings === undefined ? guard : { ...guard, spans: [...guard.spans, ...findings.map((finding) => knowing([finding]))] }
  })
}

function seamsOf(texts: readonly SeamedText[]): readonly Seam[] {
  const groups = new Map<string, SeamPiece[]>()
  for (const [index, { joins, phase, text }] of texts.entries()) {
    if (joins === undefined || text === '') continue
    const name = `${phase} ${joins}`
    const piece = { index, from: 0, text }
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [piece])
    else group.push(piece)
  }
  return [...groups.values()].flatMap((group) => seamsIn(group, texts[group[0]?.index ?? 0]?.phase ?? 'input'))
}

/** The seams between some texts: short ones with what stands on both of their sides, long ones only with what is near. */
function seamsIn(group: readonly SeamPiece[], phase: Phase): readonly Seam[] {
  const seams: SeamPiece[][] = [[]]
  for (const piece of group) {
    const { text } = piece
    if (text.length <= 2 * BESIDE) {
      seams.at(-1)?.push(piece)
      continue
    }
    const from = text.length - BESIDE
    seams.at(-1)?.push({ ...piece, text: text.slice(0, BESIDE) })
    seams.push([{ ...piece, from, text: text.slice(from) }])
  }
  return seams.filter(({ length }) => length > 1).map((pieces) => new Seam(phase, pieces))
}

function findAll(text: ReadableText, guard: Guard | undefined): readonly (readonly Finding[])[] {
  return (guard?.spans ?? []).map((detector: SpanDetector) => findIn(text, detector, 0))
}

/** Those findings that no other one overlaps. Both are in order. */
function beside(findings: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  let at = 0
  return findings.filter(({ from, to }) => {
    while (at < others.length && (others[at]?.to ?? 0) <= from) at++
    const other = others[at]
    return other === undefined || other.from >= to
  })
}

function note(found: Map<number, Map<string, Finding[]>>, guard: Guard, divided: ReturnType<Seam['divided']>): void {
  for (const { index, finding } of divided) {
    const ofText = found.get(index) ?? new Map<string, Finding[]>()
    found.set(index, ofText)
    const all = ofText.get(guard.name)
    if (all === undefined) ofText.set(guard.name, [finding])
    else all.push(finding)
  }
}
