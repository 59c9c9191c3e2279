import type { Json } from '../../core/json.ts'
import { wrong } from './read.ts'
import type { NeutralRequest } from './request.ts'

/** Where a caller says what, in its own words. */
interface Place {
  /** All the tools that were given, those of one provider alone included. */
  readonly given: Json | undefined
  readonly tools: string
  readonly choice: string
}

/**
 * Refuses tools that are named twice, and a choice of what is not there: no provider takes them, and each says so in words of its own.
 * @throws invalid_request
 */
export function checkTools({ tools = [], toolChoice }: Pick<NeutralRequest, 'tools' | 'toolChoice'>, place: Place): void {
  const names = new Set<string>()
  for (const { name } of tools) {
    if (names.has(name)) throw wrong(place.tools, `holds two tools of the name "${name.slice(0, 100)}"`)
    names.add(name)
  }
  const chosen = toolChoice?.type === 'tool' ? [toolChoice.name] : toolChoice?.type === 'some' ? toolChoice.names : []
  // A tool that only one provider has is no function, and a loss by now.
  const hasGiven = Array.isArray(place.given) && place.given.length > 0
  if (!hasGiven && (chosen.length > 0 || toolChoice?.type === 'required'))
    throw wrong(place.choice, 'asks for a tool, but no tools are given')
  const unknown = chosen.find((name) => !names.has(name))
  if (unknown !== undefined && tools.length > 0) throw wrong(place.choice, `names "${unknown.slice(0, 100)}", which is none of the tools`)
}
