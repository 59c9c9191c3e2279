import { describe, expect, test } from 'bun:test'
import { boundaryOf, FormModel } from './form-model.ts'
import { ModelName } from './model-name.ts'

const encoder = new TextEncoder()
const part = (head: string, body: string) => `--B\r\n${head}\r\n\r\n${body}\r\n`
const field = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value)
const FILE = part(
  'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg',
  '\r\n--A\r\nname="model"\r\n\r\nx',
)
const END = '--B--\r\n'

function read(form: string, size = form.length): string | undefined {
  const name = new ModelName()
  const reader = new FormModel(name, 'B')
  const bytes = encoder.encode(form)
  for (let at = 0; at < bytes.length; at += size) reader.piece(bytes.subarray(at, at + size))
  reader.end()
  return name.nameOr('otherwise')
}

describe('the model that a form names', () => {
  test.each([
    ['behind its file', `${FILE}${field('model', 'whisper-1')}${END}`, 'whisper-1'],
    ['before it', `${field('model', 'gpt-4o-transcribe')}${FILE}${END}`, 'gpt-4o-transcribe'],
    ['is none', `${FILE}${field('language', 'model')}${END}`, 'otherwise'],
    ['behind a text before the form', `hello\r\n${field('model', 'a')}${END}`, 'a'],
    ['not in what follows its end', `${FILE}${END}${field('model', 'a')}`, 'otherwise'],
    ['not in a file', `${FILE.replace('--A', '--C')}${END}`, 'otherwise'],
    ['is unclear where it stands twice', `${field('model', 'a')}${field('model', 'b')}${END}`, undefined],
    ['is unclear without the end of the form', `${field('model', 'a')}${FILE}`, undefined],
    ['is unclear where it is empty', `${field('model', '')}${END}`, undefined],
    ['is unclear where it is long', `${field('model', 'm'.repeat(600))}${END}`, undefined],
    ['is unclear where a part has no name', `${part('Content-Type: text/plain', 'x')}${field('model', 'a')}${END}`, undefined],
    ['is unclear where a name is escaped', `${part('Content-Disposition: form-data; name="mo%64el"', 'x')}${END}`, undefined],
    ['is unclear where a name has no quotes', `${part('Content-Disposition: form-data; name=model', 'x')}${END}`, undefined],
    [
      'is unclear where a part has two names',
      `${part(`Content-Disposition: form-data; name="x"; name*=UTF-8''model`, 'x')}${END}`,
      undefined,
    ],
    ['is unclear where text follows a delimiter', `${FILE}${field('x', '').replace('--B', '--BB')}${END}`, undefined],
    [
      'is unclear in a long head',
      `${part(`X: ${'x'.repeat(5000)}\r\nContent-Disposition: form-data; name="model"`, 'a')}${END}`,
      undefined,
    ],
    ['is unclear where a head is long', `${part(`X: ${'x'.repeat(5000)}`, 'x')}${END}`, undefined],
  ] as const)('%s', (_what, form, model) => {
    expect(read(form)).toBe(model)
    for (const size of [1, 2, 3, 50]) expect([size, read(form, size)]).toEqual([size, model])
  })
})

test.each([
  ['multipart/form-data; boundary=B', 'B'],
  ['multipart/form-data; boundary="----WebKit1"', '----WebKit1'],
  ['multipart/form-data; boundary=a; boundary=b', undefined],
  ['multipart/form-data', undefined],
  ['application/json', undefined],
  [null, undefined],
])('the boundary of %p is %p', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary)
})
