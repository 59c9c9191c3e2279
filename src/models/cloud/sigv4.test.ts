import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { signRequest } from './sigv4.ts'

/**
 * AWS's published vectors (github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, Apache-2.0): the request, and the signature
 * that stands in `header-signed-request.txt` of the same name.
 */
interface Vector {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly sessionToken?: string
  readonly signedHeaders: string
  readonly signature: string
}

const FOLDER = new URL('./vectors/', import.meta.url).pathname
const vectors: readonly Vector[] = readdirSync(FOLDER)
  .filter((file) => file.startsWith('sigv4'))
  // The files are ours, in the shape above.
  .flatMap((file) => JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')).vectors as Vector[])

test.each(vectors)('signs $name as AWS does', ({ method, url, headers = {}, body = '', sessionToken, signedHeaders, signature }) => {
  const signed = signRequest(
    { method, url, headers, body },
    {
      credentials: {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
      region: 'us-east-1',
      service: 'service',
      nowMs: Date.UTC(2015, 7, 30, 12, 36, 0),
    },
  )
  expect(signed.authorization).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  )
  expect(signed['x-amz-date']).toBe('20150830T123600Z')
})

test('signs no header that may change on the way', () => {
  const scope = { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, region: 'eu-west-1', service: 'bedrock', nowMs: 0 }
  const request = { method: 'POST', url: 'https://h.example/model/a%3A0/converse', body: '{}' }
  const headers = { 'Content-Type': 'application/json', traceparent: '00-1', 'User-Agent': 'x' }
  const signed = signRequest({ ...request, headers }, scope)
  expect(signed.authorization).toContain('SignedHeaders=content-type;host;x-amz-date,')
  expect(signed.traceparent).toBe('00-1')
  const other = signRequest({ ...request, headers: { ...headers, traceparent: '00-2' } }, scope)
  expect(other.authorization).toBe(signed.authorization ?? '')
})
