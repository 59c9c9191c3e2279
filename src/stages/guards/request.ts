import type { Call } from '../../core/call.ts'
import { readEscapes } from './escapes.ts'
import { consult } from './judges/consult.ts'
import { Lane } from './lane.ts'
import { onFound } from './notes.ts'
import { Placeholders } from './placeholders.ts'
import type { RequestText, RequestTexts } from './port.ts'
import { findInSeams, withSeams } from './seams.ts'
import { isLong, searchElsewhere } from './search.ts'
import type { Guard, Judges, Phase } from './types.ts'

/** A request that passed its guards, and what was hidden in it. */
export interface GuardedRequest<In> {
  readonly input: In
  readonly placeholders: Placeholders
}

/**
 * Takes the texts of a request through its guards; long ones are searched elsewhere.
 * @throws guard_blocked, guard_unavailable
 */
export async function guardRequest<In>(call: Call, input: In, { guards, port, judges }: JudgedRequest<In>): Promise<GuardedRequest<In>> {
  const placeholders = new Placeholders()
  const byPhase = guardsByPhase(guards)
  // What stands for a character is looked at as that character.
  const texts = port.read(input).map((each) => ({ ...each, read: readEscapes(each.text) }))
  const wanted = texts.flatMap(({ phase, read, joins }, index) =>
    byPhase.has(phase) ? [{ index, phase, text: read, ...(joins === undefined ? {} : { joins }) }] : [],
  )
  const known = isLong(wanted)
    ? await searchElsewhere(
        judges,
        guards,
        wanted.map(({ text }) => text),
      )
    : undefined
  const seams = await findInSeams(wanted, { guards, judges })
  if (guards.some(({ action }) => action === 'redact')) for (const { read } of texts) placeholders.avoid(read)
  const changes = new Map<number, string>()
  for (const [at, { index, phase }] of wanted.entries()) {
    const text = texts[index]
    const own = known?.[at]
    const asked = (own === undefined ? byPhase : guardsByPhase(own)).get(phase)
    if (asked === undefined || text === undefined || text.text === '') continue
    const passed = guardText(call, text, withSeams(asked, seams.get(at)), placeholders)
    if (passed !== text.read) changes.set(index, passed)
  }
  return { input: changes.size === 0 ? input : port.write(input, changes), placeholders }
}

function guardText(call: Call, { text, read, phase, path }: ReadText, guards: readonly Guard[], placeholders: Placeholders): string {
  const lane = new Lane(guards, {
    onFound: (guard, finding) => onFound(call, guard, phase, finding, `in ${path}`),
    replacementOf: (guard, kind, value) => placeholders.hide(kind, value, { isRestored: guard.restores }),
  })
  checkWhole(call, guards, phase, { text, where: `in ${path}` })
  return lane.end(read)
}

interface ReadText extends RequestText {
  readonly read: string
}

interface WholeText {
  readonly text: string
  readonly where: string
}

/** Asks the detectors that look at a text as a whole. @throws guard_blocked */
export function checkWhole(call: Call, guards: readonly Guard[], phase: Phase, { text, where }: WholeText): void {
  for (const guard of guards) {
    for (const detector of guard.wholes) {
      const verdict = detector.check(text)
      if (verdict.type === 'found')
        onFound(call, guard, phase, verdict, `${where}${verdict.reason === undefined ? '' : ` (${verdict.reason})`}`)
    }
  }
}

/** Has judges look at a request, as it is after redaction. @throws guard_blocked, guard_unavailable */
export async function judgeRequest<In>(call: Call, input: In, { guards, port, judges }: JudgedRequest<In>): Promise<void> {
  if (guards.every(({ judge }) => judge === undefined)) return
  const texts = port.read(input)
  for (const [phase, asked] of guardsByPhase(guards)) {
    const ofPhase = texts.filter((text) => text.phase === phase).map(({ text }) => readEscapes(text))
    await consult(call, judges, { guards: asked, phase, texts: ofPhase, where: `in the request (${phase})` })
  }
}

interface JudgedRequest<In> {
  readonly guards: readonly Guard[]
  readonly port: RequestTexts<In>
  readonly judges: Judges
}

/** The guards that look at each phase. */
export function guardsByPhase(guards: readonly Guard[]): ReadonlyMap<Phase, readonly Guard[]> {
  const byPhase = new Map<Phase, Guard[]>()
  for (const guard of guards) {
    for (const phase of guard.phases) byPhase.set(phase, [...(byPhase.get(phase) ?? []), guard])
  }
  return byPhase
}
