import { expect, test } from 'bun:test'
import { Secret } from '../../core/secret.ts'
import { fakeWorld } from '../../testing/fake-world.ts'
import { openTestCall } from '../../testing/open-test-call.ts'
import { bedrockAuthorize, vertexAuthorize } from './authorize.ts'

const REQUEST = {
  method: 'POST',
  url: 'https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/converse',
  headers: { 'content-type': 'application/json', accept: '*/*' },
  body: '{}',
} as const

function callOn(fetch?: (url: string) => Promise<Response>) {
  return openTestCall({ world: fakeWorld(fetch === undefined ? {} : { fetch }) })
}

test('a request for Bedrock is signed for its region, with what the configuration says', async () => {
  const settings = { region: 'eu-west-1', accessKeyId: new Secret('AKID'), secretAccessKey: new Secret('s'), sessionToken: new Secret('t') }
  const added = await bedrockAuthorize(settings, { env: {} })(callOn(), REQUEST)
  expect(Object.keys(added).sort()).toEqual(['authorization', 'x-amz-date', 'x-amz-security-token'])
  expect(added.authorization).toStartWith(
    'AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ',
  )
})

test('a key of Bedrock stands in for a signature', async () => {
  expect(await bedrockAuthorize({ apiKey: [new Secret('k')] }, { env: {} })(callOn(), REQUEST)).toEqual({})
})

test('calls for Vertex that come at once share one token, and a failure is not kept', async () => {
  let asked = 0
  const call = callOn(async () => {
    asked += 1
    return asked === 1 ? new Response('', { status: 500 }) : Response.json({ access_token: 'tok', expires_in: 3600 })
  })
  const authorize = vertexAuthorize({}, { env: {} })
  const refusals = await Promise.allSettled([authorize(call, REQUEST), authorize(call, REQUEST)])
  expect(refusals.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await Promise.all([authorize(call, REQUEST), authorize(call, REQUEST)])).toEqual([
    { authorization: 'Bearer tok' },
    { authorization: 'Bearer tok' },
  ])
  expect(asked).toBe(2)
})

test('a key file that the environment names is read', async () => {
  const read: string[] = []
  const authorize = vertexAuthorize(
    {},
    { env: { GOOGLE_APPLICATION_CREDENTIALS: '/k.json' }, readFile: async (path) => String(read.push(path)) },
  )
  await expect(authorize(callOn(), REQUEST)).rejects.toThrow('not a JSON object')
  expect(read).toEqual(['/k.json'])
})
