import { expect, test } from 'bun:test'
import { answerNowhere } from './layer-paths.ts'

// Clients join a base URL that ends in a slash with a path that begins with one; some lack the version.
test.each([
  ['//v1/chat/completions', '. Did you mean /v1/chat/completions?'],
  ['//messages', '. Did you mean /v1/messages?'],
  ['/chat/completions', '. Did you mean /v1/chat/completions?'],
  ['/elsewhere', '.'],
  ['/api/v1/keys', ': the control port has it (`listen.control`).'],
])('the path %s, which no gateway has, is told what was meant', async (path, hint) => {
  const answer = answerNowhere(path, 'POST', new Set(['models']))
  expect(answer.status).toBe(404)
  const { error } = (await answer.json()) as { readonly error: { readonly message: string } }
  expect(error.message).toBe(`There is nothing at ${path}${hint} The models gateway answers below /v1.`)
})
