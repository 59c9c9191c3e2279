import { expect, test } from 'bun:test'
import { readTable } from './csv.ts'
import { readScores } from './scores.ts'

const LIVEBENCH = `model,LCB_generation,coding_completion,olympiad,python
gpt-5-mini-high,80,60,50,40
claude-opus-5,90,,70,60
`
const CATEGORIES = {
  Coding: ['LCB_generation', 'coding_completion'],
  'Agentic Coding': ['python', 'typescript'],
  Mathematics: ['olympiad'],
}
const AIDER = `- dirname: a
  model: gpt-5-mini (high)
  pass_rate_1: 20
  pass_rate_2: 41.3
- model: gpt-5-mini (high)
  pass_rate_2: 44.9
- model: claude-opus-5
  pass_rate_2: 84.0
`

test.each([
  [
    'our own CSV',
    's.csv',
    'model,code,default\r\nmini,61.5,57\r\n\r\n"big, new",,90\n',
    [
      ['mini', { code: 61.5, default: 57 }],
      ['big, new', { default: 90 }],
    ],
  ],
  [
    'our own YAML',
    's.yaml',
    'mini: { code: 61, default: 57 }\nbig:\n  chat: 3\n',
    [
      ['mini', { code: 61, default: 57 }],
      ['big', { chat: 3 }],
    ],
  ],
  ['our own JSON', 's.json', '{ "mini": { "tools": 12.345 } }', [['mini', { tools: 12.35 }]]],
  [
    'LiveBench without its categories',
    't.csv',
    LIVEBENCH,
    [
      ['gpt-5-mini-high', { default: 57.5 }],
      ['claude-opus-5', { default: 73.33 }],
    ],
  ],
  [
    'Aider',
    'polyglot_leaderboard.yml',
    AIDER,
    [
      ['gpt-5-mini (high)', { code: 44.9 }],
      ['claude-opus-5', { code: 84 }],
    ],
  ],
] as const)('%s is read', (_what, name, text, scored) => {
  expect(readScores({ name, text }).map(({ model, scores }) => [model, scores])).toEqual(scored as never)
})

test('LiveBench counts by category: a category of many tasks weighs no more than another', () => {
  const [mini, opus] = readScores({ name: 't.csv', text: LIVEBENCH, categories: CATEGORIES })
  expect(mini?.scores).toEqual({ code: 55, default: 53.33 })
  expect(opus?.scores).toEqual({ code: 75, default: 73.33 })
})

test.each([
  ['s.csv', 'model,code\nmini,61\nbig,many\n', 's.csv:3: code is "many"; write a number from 0 to 100'],
  ['s.csv', 'model,code\nmini,101\n', 's.csv:2: code is "101"; write a number from 0 to 100'],
  ['s.csv', 'model,code\n,1\n', 's.csv:2: names no model'],
  ['s.csv', 'model,code\n"a\nb",1\nmini,1,2\n', 's.csv:4: has 3 cells, and the first line names 2 columns'],
  ['s.csv', 'name,code\nmini,61\n', 's.csv:1: the first line must name the columns: model, and at least one score'],
  ['s.csv', '', 's.csv:1: the first line must name the columns: model, and at least one score'],
  [
    's.yaml',
    'mini: { code: 61 }\nbig: { coding: 3 }\n',
    's.yaml:2: "coding" is no kind of task; the kinds are chat, code, tools, schema, images, long, default',
  ],
  ['s.yaml', 'mini:\n  code: -1\n', 's.yaml:2: code is -1; write a number from 0 to 100'],
  ['s.yaml', 'mini: 5\n', 's.yaml:1: mini has no scores; write mini: { default: 50 }'],
  ['s.yaml', '- model: a\n  pass_rate_2: 5\n- pass_rate_2: 5\n', 's.yaml:3: names no model'],
  ['s.json', '{"a": {', /^s\.json:1: is not valid YAML \(/],
  ['s.json', '7', 's.json:1: holds neither scores by model nor a list of runs'],
] as const)('%s: %p is refused with its line', (name, text, message) => {
  expect(() => readScores({ name, text })).toThrow(message as string)
})

test('a table may have quotes, doubled quotes, empty cells and a mark at its beginning', () => {
  expect(readTable('\uFEFFa,"b ""c"", d"\n,\n"x\ny",z')).toEqual([
    { line: 1, cells: ['a', 'b "c", d'] },
    { line: 2, cells: ['', ''] },
    { line: 3, cells: ['x\ny', 'z'] },
  ])
})
