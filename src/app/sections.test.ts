import { expect, test } from 'bun:test'
import { SECTIONS } from './sections.ts'

const LOADED = SECTIONS.filter((section) => 'leftOut' in section)

test('the code of four sections is loaded where a file has them', () => {
  expect(LOADED.map(({ name }) => name)).toEqual(['models', 'tools', 'agents', 'guards'])
})

test.each(LOADED)('what stands for $name where a file has it not is what its schema makes of nothing', ({ schema, leftOut }) => {
  expect(schema.safeParse(undefined)).toEqual({ success: true, data: leftOut.config })
})
