import { expect, test } from 'bun:test'
import { openTestControl } from '../../testing/open-test-control.ts'

const ENDPOINTS = [
  'get /api/v1/bodies/{id}',
  'get /api/v1/budgets',
  'get /api/v1/cache',
  'get /api/v1/calls/live',
  'get /api/v1/keys',
  'get /api/v1/keys/{id}',
  'get /api/v1/logs',
  'get /api/v1/prices',
  'get /api/v1/providers',
  'get /api/v1/receipts/{callId}',
  'get /api/v1/spend',
  'get /api/v1/status',
  'get /api/v1/traces/{id}',
  'get /api/v1/verify',
  'get /livez',
  'get /metrics',
  'get /readyz',
  'delete /api/v1/keys/{id}',
  'post /api/v1/bodies/erase',
  'post /api/v1/cache/purge',
  'post /api/v1/keys',
  'post /api/v1/keys/{id}/revoke',
  'post /api/v1/keys/{id}/rotate',
  'post /api/v1/prices',
  'post /api/v1/providers/{name}/reset',
  'post /api/v1/recost',
  'post /api/v1/reload',
  'post /api/v1/routes/explain',
  'post /api/v1/spend/rebuild',
]

interface Operation {
  readonly summary?: string
  readonly security?: readonly unknown[]
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>
}

async function readDocument() {
  const response = await openTestControl().send('GET', '/api/openapi.json')
  // The test checks what it reads of it.
  return (await response.json()) as {
    readonly openapi: string
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    readonly components: { readonly schemas: object; readonly securitySchemes: object }
  }
}

test('the OpenAPI document has every endpoint', async () => {
  const { openapi, paths } = await readDocument()
  expect(openapi).toBe('3.1.0')
  const listed = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`))
  expect(listed.toSorted()).toEqual(ENDPOINTS.toSorted())
})

test('each says what it does and what it answers, errors included', async () => {
  const { paths, components } = await readDocument()
  for (const operation of Object.values(paths).flatMap((operations) => Object.values(operations))) {
    expect(operation.summary).toMatch(/\S.*[.?a-z]$/)
    expect(Object.keys(operation.responses)).toContain('default')
    expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true)
    for (const { description, content } of Object.values(operation.responses)) {
      expect(description).not.toBe('')
      expect(Object.keys(content)).not.toBeEmpty()
    }
  }
  expect(paths['/livez']?.get?.security).toEqual([])
  expect(components.securitySchemes).toEqual({ adminKey: { type: 'http', scheme: 'bearer' } })
})

test('every reference in the document leads somewhere', async () => {
  const document = await readDocument()
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(references).not.toBeEmpty()
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name ?? '')
})
