import { expect, test } from 'bun:test'
import { fillArguments } from './fill-arguments.ts'

const object = (properties: object, required = Object.keys(properties)) =>
  ({ type: 'object', properties: { ...properties }, required }) as never

test.each<[string, never, unknown]>([
  ['a text', object({ q: { type: 'string' } }), { q: 'hi there' }],
  ['a short text', object({ q: { type: 'string', maxLength: 2 } }), { q: 'hi' }],
  [
    'numbers within their bounds',
    object({ a: { type: 'number' }, b: { type: 'integer', minimum: 5 }, c: { type: 'number', maximum: 0 } }),
    { a: 1, b: 5, c: 0 },
  ],
  ['a boolean', object({ a: { type: 'boolean' } }), { a: true }],
  [
    'the first of a choice',
    object({ a: { enum: ['x', 'y'] }, b: { const: 3 }, c: { anyOf: [{ $ref: '#' }, { type: 'string' }] } }),
    { a: 'x', b: 3, c: 'hi there' },
  ],
  ['a default', object({ a: { type: 'number', default: 9 } }), { a: 9 }],
  ['lists', object({ a: { type: 'array' }, b: { type: 'array', minItems: 1, items: { type: 'number' } } }), { a: [], b: [1] }],
  ['an object in an object', object({ a: object({ b: { type: ['null', 'string'] } }) }), { a: { b: 'hi there' } }],
  ['what is required only', object({ a: { type: 'string' }, b: { type: 'string' } }, ['b']), { b: 'hi there' }],
  ['what is required and not described', object({}, ['a']), { a: 'hi there' }],
  ['nothing', {} as never, {}],
])('fills %s', (_what, schema, filled) => {
  expect(fillArguments(schema, 'hi there')).toEqual(filled as never)
})

test('leaves alone what it cannot fill', () => {
  for (const schema of [{ $ref: '#/a' }, { type: 'nonsense' }, false, { type: 'string' }, object({ a: { $ref: '#/b' } })]) {
    expect(fillArguments(schema as never, 'hi')).toBeUndefined()
  }
  expect(fillArguments(undefined, 'hi')).toEqual({})
})

test('does not follow a schema for ever', () => {
  const endless = { type: 'object', properties: {} as Record<string, unknown>, required: ['a'] }
  endless.properties.a = endless
  expect(fillArguments(endless as never, 'hi')).toBeUndefined()
})
