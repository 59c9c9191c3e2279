import { expect, test } from 'bun:test'
import { GatewayError } from '../../../core/errors.ts'
import { asBackground, endedBadly, inForeground, renameFrame, wantsBackground } from './background.ts'
import { encodeEvent } from './error.ts'

test.each([
  ['{ "input":"x", "background" : true , "n":1.0 }', true],
  ['{"input":"\\"background\\":true"}', false],
  ['{"background":false}', false],
  ['{"input":"x"}', false],
])('%s wants to go on in the background: %p', (text, isWanted) => {
  expect(wantsBackground(text)).toBe(isWanted)
})

test('a request for whoever waits is the same, but for the one word', () => {
  expect(inForeground('{ "input":"x \\"background\\":true", "background" : true , "n":1.0 }')).toBe(
    '{ "input":"x \\"background\\":true", "background" : false , "n":1.0 }',
  )
  expect(inForeground('{"input":"x"}')).toBe('{"input":"x"}')
})

test('events are told under the id that the caller knows, with their numbers', () => {
  const frame = encodeEvent({ type: 'response.created', sequence_number: 4, response: { id: 'resp_theirs', background: false } })
  const { bytes, number } = renameFrame(frame, 'resp_ours', 3)
  expect(number).toBe(4)
  expect(new TextDecoder().decode(bytes)).toContain('"response":{"id":"resp_ours","background":true}')
  const delta = encodeEvent({ type: 'response.output_text.delta', sequence_number: 5, delta: 'A' })
  expect(renameFrame(delta, 'resp_ours', 4)).toEqual({ bytes: delta, number: 5 })
  const comment = new TextEncoder().encode(': waits\n\n')
  expect(renameFrame(comment, 'resp_ours', 5)).toEqual({ bytes: comment, number: 5 })
})

test('what failed says why, and what was cancelled has no error', () => {
  const response = asBackground({ id: 'resp_theirs', status: 'in_progress', output: [] }, 'resp_ours')
  const error = new GatewayError('provider_overloaded', 'Too much.')
  expect(endedBadly(response, error, 'failed')).toMatchObject({
    ...{ id: 'resp_ours', status: 'failed', background: true },
    error: { code: 'provider_overloaded', message: 'Too much.' },
  })
  expect(endedBadly(response, error, 'cancelled')).toMatchObject({ status: 'cancelled', error: null })
})
