import { expect, test } from 'bun:test'
import { CallAbort } from './signal.ts'

test('every listener runs once, with the reason of the first abort', () => {
  const abort = new CallAbort()
  const seen: unknown[] = []
  abort.addEventListener('abort', () => seen.push(['a', abort.reason]))
  abort.addEventListener('abort', () => seen.push(['b', abort.reason]))
  abort.abort('first')
  abort.abort('second')
  expect([seen, abort.aborted, abort.reason]).toEqual([
    [
      ['a', 'first'],
      ['b', 'first'],
    ],
    true,
    'first',
  ])
})

test('a removed listener does not run, nor does one that comes after the abort', () => {
  const abort = new CallAbort()
  const seen: string[] = []
  const listener = () => void seen.push('removed')
  abort.addEventListener('abort', listener)
  abort.removeEventListener('abort', listener)
  abort.abort('now')
  abort.addEventListener('abort', () => seen.push('late'))
  expect(seen).toEqual([])
})

test('a listener that throws does not keep the others from running', () => {
  const abort = new CallAbort()
  const seen: string[] = []
  abort.addEventListener('abort', () => {
    throw new Error('the first one fails')
  })
  abort.addEventListener('abort', () => seen.push('second'))
  expect(() => abort.abort('now')).toThrow('the first one fails')
  expect(seen).toEqual(['second'])
})

test('a listener that another one removes during the abort does not run', () => {
  const abort = new CallAbort()
  const seen: string[] = []
  const second = () => void seen.push('second')
  abort.addEventListener('abort', () => abort.removeEventListener('abort', second))
  abort.addEventListener('abort', second)
  abort.abort('now')
  expect(seen).toEqual([])
})
