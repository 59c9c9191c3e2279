import { expect, test } from 'bun:test'
import type { Json } from './json.ts'
import { findMisfit } from './json-schema.ts'

const ADDRESS = { type: 'object', properties: { street: { type: 'string' } }, required: ['street'] }

test.each<[string, unknown, Json, string | undefined]>([
  ['no schema', undefined, { a: 1 }, undefined],
  ['a type', { type: 'object' }, [], 'arguments must be object, and is array'],
  ['one of several types', { properties: { a: { type: ['string', 'null'] } } }, { a: null }, undefined],
  ['a whole number', { properties: { a: { type: 'integer' } } }, { a: 1.5 }, 'arguments.a must be integer, and is number'],
  ['a whole number with a point', { properties: { a: { type: 'integer' } } }, { a: 1.0 }, undefined],
  ['a type that is not known', { properties: { a: { type: 'money' } } }, { a: 1 }, undefined],
  ['what is required', { required: ['a'] }, {}, 'arguments must have "a"'],
  ['what every object has', { required: ['toString'] }, {}, 'arguments must have "toString"'],
  ['one of some values', { properties: { a: { enum: ['x', { y: 1 }] } } }, { a: 'z' }, 'arguments.a must be one of "x", {"y":1}'],
  ['one value', { properties: { a: { const: 5 } } }, { a: 6 }, 'arguments.a must be 5'],
  ['bounds', { properties: { a: { minimum: 1, exclusiveMaximum: 3 } } }, { a: 3 }, 'arguments.a must be less than 3'],
  ['a length in code points', { properties: { a: { maxLength: 2 } } }, { a: '👍👍' }, undefined],
  ['a text that is too long', { properties: { a: { maxLength: 2 } } }, { a: 'abc' }, 'arguments.a must have at most 2 characters'],
  ['nothing more', { properties: { a: {} }, additionalProperties: false }, { b: 1 }, 'arguments.b is not allowed'],
  ['more by pattern, which is left to the server', { patternProperties: { '^x': {} }, additionalProperties: false }, { y: 1 }, undefined],
  ['items', { properties: { a: { items: { type: 'string' } } } }, { a: ['x', 1] }, 'arguments.a[1] must be string, and is number'],
  [
    'a reference',
    { $defs: { address: ADDRESS }, properties: { to: { $ref: '#/$defs/address' } } },
    { to: {} },
    'arguments.to must have "street"',
  ],
  ['a reference elsewhere', { properties: { to: { $ref: 'https://example.com/x' } } }, { to: {} }, undefined],
  ['a reference to nothing', { properties: { to: { $ref: '#/$defs/none' } } }, { to: {} }, undefined],
  [
    'any of',
    { properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
    { a: 1 },
    'arguments.a fits none of the shapes that are allowed',
  ],
  ['one of, where two fit', { oneOf: [{ type: 'object' }, {}] }, {}, undefined],
  ['not', { properties: { a: { not: { type: 'string' } } } }, { a: 'x' }, 'arguments.a has a shape that is not allowed'],
  ['not, with words that are not looked at', { properties: { a: { not: { pattern: 'x' } } } }, { a: 'x' }, undefined],
])('%s', (_what, schema, given, expected) => {
  expect(findMisfit(schema, given, 'arguments')).toBe(expected)
})

test('a schema that refers to itself, or is made to be slow, is left to its server', () => {
  expect(findMisfit({ $ref: '#' }, {}, 'arguments')).toBeUndefined()
  const slow = { $defs: { a: { anyOf: Array(20).fill({ allOf: Array(20).fill({ $ref: '#/$defs/a' }) }) } }, $ref: '#/$defs/a' }
  expect(findMisfit(slow, { deep: [1] }, 'arguments')).toBeUndefined()
})
