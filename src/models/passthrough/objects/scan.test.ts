import { expect, test } from 'bun:test'
import { objectRowsOf } from './rows.ts'
import { ReferenceScanner } from './scan.ts'

const OPENAI = objectRowsOf('openai', 'openai-chat')

function namesIn(text: string, pieceBytes = text.length, rows = OPENAI): readonly string[] {
  const bytes = new TextEncoder().encode(text)
  const scanner = new ReferenceScanner(rows)
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) found.push(...scanner.push(bytes.subarray(at, at + pieceBytes)))
  found.push(...scanner.end())
  return [...new Set(found)]
}

const LINE =
  '{"custom_id":"1","url":"/v1/responses","body":{"input":[{"type":"input_file","file_id":"file-abc"}],"previous_response_id":"resp_1"}}\n'

test.each([
  ['the line of a batch', LINE, ['file-abc', 'resp_1']],
  ['a field of a form', 'Content-Disposition: form-data; name="file_id"\r\n\r\nfile-abc\r\n--x--', ['file-abc']],
  ['a form in the way of URLs', 'a=1&file_id=file-abc&b=2', ['file-abc']],
  ['the last word of a body', 'x=1&file_id=file-abc', ['file-abc']],
  ['a name in escapes', '{"file_id":"\\u0066ile-\\u0061bc"}', ['file-abc']],
  ['bytes beyond ASCII around it', '\u00ff\u0000"ü","file-abc","日本"', ['file-abc']],
  ['words that only hold a name', '{"text":"see file-abc for it","a":"file-abc.txt","b":"my-file-abc"}', []],
])('names are found in %s', (_what, body, names) => {
  expect(namesIn(body)).toEqual([...names])
})

test('names are found however the body is cut into pieces', () => {
  for (const size of [1, 2, 7, 64]) expect(namesIn(LINE, size)).toEqual(['file-abc', 'resp_1'])
  expect(namesIn(`${'x'.repeat(5000)}${LINE}${'y'.repeat(5000)}`, 4999)).toEqual(['file-abc', 'resp_1'])
})

test('names of other providers have their own shapes', () => {
  const gemini = objectRowsOf('gemini', 'gemini')
  const uri = 'https://generativelanguage.googleapis.com/v1beta/files/a-1'
  const escaped = uri.replaceAll('/', '\\/')
  expect(namesIn(`{"fileUri":"${escaped}"}\n{"cachedContent":"cachedContents/c1"}\n`, 10, gemini)).toEqual([uri, 'cachedContents/c1'])
  const id = '0b6a4a0e-1b1f-4a59-9d0e-2a4f8a6c1d11'
  expect(namesIn(`{"file_id":"${id}"}`, 9, objectRowsOf('mistral', 'openai-chat'))).toEqual([id])
})
