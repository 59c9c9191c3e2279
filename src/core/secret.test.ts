import { expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { Secret } from './secret.ts'

const secret = new Secret('sk-very-secret', 'env:OPENAI_API_KEY')

test.each([
  ['a template', `${secret}`],
  ['JSON', JSON.stringify({ secret })],
  ['an inspector', inspect({ secret }, { depth: 9, showHidden: true })],
  ['the console', Bun.inspect({ secret })],
  ['a copy', JSON.stringify({ ...secret })],
])('%s shows no secret', (_where, shown) => {
  expect(shown).not.toContain('very')
})

test('reveal is the way out, and the origin is no secret', () => {
  expect(secret.reveal()).toBe('sk-very-secret')
  expect(secret.origin).toBe('env:OPENAI_API_KEY')
})

test('a reference cannot be used before it is read', () => {
  const reference = Secret.reference('file:./key')
  expect(reference.isResolved).toBe(false)
  expect(() => reference.reveal()).toThrow('The secret file:./key was not read before it was used.')
  expect(reference.resolve('sk-1').reveal()).toBe('sk-1')
  expect(reference.resolve('sk-1').origin).toBe('file:./key')
})
