import { expect, test } from 'bun:test'
import { type UsagePath, withCost } from './cost-in-usage.ts'

const RESPONSE: readonly UsagePath[] = [['response', 'usage'], ['usage']]
const USAGE: readonly UsagePath[] = [['usage']]

function written(text: string, paths: readonly UsagePath[], type: 'frame' | 'whole' = 'frame'): string {
  return Buffer.from(withCost({ type, bytes: Buffer.from(text) }, 1500, paths)).toString()
}

test.each([
  [
    'data: {"n":1.0, "usage" : {"a":1e5 } ,"é":"\\u00e9 🎉"}\n\n',
    'data: {"n":1.0, "usage" : {"a":1e5 ,"cost":0.0000015} ,"é":"\\u00e9 🎉"}\n\n',
  ],
  ['data:{"usage":{}}\r\n\r\n', 'data:{"usage":{"cost":0.0000015}}\r\n\r\n'],
  [
    'id: 7\nevent: x\ndata: {"usage":{"a":1}}\n: said beside it\n\n',
    'id: 7\nevent: x\ndata: {"usage":{"a":1,"cost":0.0000015}}\n: said beside it\n\n',
  ],
  ['data: {"usage":{"cost":0.5,"a":{"cost":9}}}\n\n', 'data: {"usage":{"cost":0.0000015,"a":{"cost":9}}}\n\n'],
  ['data: {"usage":\ndata: {"a":1.0}}\n\n', 'data: {"usage":\ndata: {"a":1.0,"cost":0.0000015}}\n\n'],
])('%j becomes %j', (frame, expected) => {
  expect(written(frame, USAGE)).toBe(expected)
})

test.each(['data: {"x":{"usage":{}}}\n\n', 'data: {"usage":null}\n\n', 'data: [DONE]\n\n', ': a comment\n\n'])(
  '%j has no place for it',
  (frame) => {
    expect(written(frame, USAGE)).toBe(frame)
  },
)

test('of two places the first one that is there is taken, in a frame and in a whole reply', () => {
  const inside = '{"usage":{"a":0},"response":{"id":"r","usage":{"a":1}}}'
  const expected = '{"usage":{"a":0},"response":{"id":"r","usage":{"a":1,"cost":0.0000015}}}'
  expect(written(`data: ${inside}\n\n`, RESPONSE)).toBe(`data: ${expected}\n\n`)
  expect(written(inside, RESPONSE, 'whole')).toBe(expected)
  expect(written('{"usage":{"a":1}}', RESPONSE, 'whole')).toBe('{"usage":{"a":1,"cost":0.0000015}}')
})

test('bytes that are no UTF-8 stay as they came', () => {
  const bytes = Buffer.concat([Buffer.from('data: {"x":"'), Buffer.from([0xff]), Buffer.from('","usage":{}}\n\n')])
  const told = Buffer.from(withCost({ type: 'frame', bytes }, 1, USAGE))
  expect(told.includes(0xff)).toBe(true)
  expect(told.length).toBe(bytes.length + '"cost":0.000000001'.length)
})
