import { expect, test } from 'bun:test'
import { greetConfigured } from './greeting.ts'

const addresses = { dataAddress: '127.0.0.1:4000', controlAddress: '127.0.0.1:4001', program: 'npx signalbox' }

test('a start with a file names the gateways that run, and no others, and how to get a key', () => {
  const text = greetConfigured({ ...addresses, layers: new Set(['models', 'agents']), file: 'signalbox.yaml' })
  expect(text).toContain(
    '  models    http://127.0.0.1:4000/v1\n  agents    http://127.0.0.1:4000/a2a/<agent>\n  control   http://127.0.0.1:4001\n',
  )
  expect(text).toContain('npx signalbox keys create --team TEAM ')
  expect(text).not.toContain('/mcp')
})

test('a file elsewhere is named to each command', () => {
  const text = greetConfigured({ ...addresses, layers: new Set(['tools']), file: '/etc/box.yaml' })
  expect(text).toContain('keys create --team TEAM --config /etc/box.yaml ')
  expect(text).toContain('doctor --config /etc/box.yaml ')
})
