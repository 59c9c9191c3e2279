import { describe, expect, test } from 'bun:test'
import { decideTool, type ToolRules } from './tools.ts'

const DENY: ToolRules = { deny: [], allow: [], default: 'deny' }
const reader = { name: 'files__read', readOnlyHint: true }
const writer = { name: 'files__append', destructiveHint: false }
const unmarked = { name: 'files__delete' }

describe('decideTool', () => {
  test('says the default where no rule speaks', () => {
    for (const tool of [reader, writer, unmarked]) {
      expect(decideTool(DENY, tool)).toBe('deny')
      expect(decideTool({ ...DENY, default: 'allow' }, tool)).toBe('allow')
    }
  })

  test('goes by the annotations, and takes what says nothing as destructive', () => {
    const rules: ToolRules = { ...DENY, readOnly: 'allow' }
    expect([reader, writer, unmarked].map((tool) => decideTool(rules, tool))).toEqual(['allow', 'deny', 'deny'])
    const careful: ToolRules = { ...DENY, default: 'allow', destructive: 'deny' }
    expect([reader, writer, unmarked].map((tool) => decideTool(careful, tool))).toEqual(['allow', 'allow', 'deny'])
  })

  test('takes a tool that is said to be read-only and destructive as read-only, as MCP does', () => {
    expect(decideTool({ ...DENY, readOnly: 'allow', destructive: 'deny' }, { ...reader, destructiveHint: true })).toBe('allow')
  })

  test('lets names win over annotations, and deny over allow', () => {
    const rules: ToolRules = { deny: ['*__read'], allow: ['files__*'], destructive: 'deny', default: 'deny' }
    expect(decideTool(rules, reader)).toBe('deny')
    expect(decideTool(rules, unmarked)).toBe('allow')
    expect(decideTool(rules, { name: 'other__delete' })).toBe('deny')
  })
})
