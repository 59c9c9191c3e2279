import { matchesAny } from './patterns.ts'

/** What a rule says to a tool. */
export type ToolVerdict = 'allow' | 'deny'

/** The rules of one team for tools. Patterns are of `server__tool`, with `*`. */
export interface ToolRules {
  /** Wins over all that follows. */
  readonly deny: readonly string[]
  /** Wins over what the annotations and the default say. */
  readonly allow: readonly string[]
  /** For tools that say that they only read. Left out: the default. */
  readonly readOnly?: ToolVerdict | undefined
  /** For tools that may destroy: those that are not read-only and do not say that they are not destructive. Left out: the default. */
  readonly destructive?: ToolVerdict | undefined
  readonly default: ToolVerdict
}

/** The annotations are the server's own word, with MCP's defaults: not read-only, and then destructive. */
interface AnnotatedTool {
  readonly name: string
  readonly readOnlyHint?: boolean | undefined
  readonly destructiveHint?: boolean | undefined
}

/** Whether these rules let a tool be seen and called. Pure: filters the list and guards the call. */
export function decideTool(rules: ToolRules, tool: AnnotatedTool): ToolVerdict {
  if (matchesAny(rules.deny, tool.name)) return 'deny'
  if (matchesAny(rules.allow, tool.name)) return 'allow'
  if (tool.readOnlyHint === true) return rules.readOnly ?? rules.default
  return tool.destructiveHint === false ? rules.default : (rules.destructive ?? rules.default)
}
