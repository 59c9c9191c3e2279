import { expect, test } from 'bun:test'
import { memoryBody } from './body.ts'

test('a body in memory can be opened as often as there are attempts', async () => {
  const bytes = new TextEncoder().encode('{"model":"é"}')
  const body = memoryBody(bytes, 'application/json')
  expect([body.sizeBytes, body.mediaType]).toEqual([14, 'application/json'])
  expect([body.open(), body.open(), await body.bytes()]).toEqual([bytes, bytes, bytes])
  await body.dispose()
})
