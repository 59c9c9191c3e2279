import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { startScenario } from '../../src/testing/scenario.ts'
import { startFixtureServer } from './fixture-server.ts'
import { startKeyProxy } from './key-proxy.ts'
import { runSuite } from './suite.ts'

const TIMEOUT_MS = 180_000

/** The scenarios that passed. How many checks one has may differ: some look at streams only, and the gateway answers whole where it can. */
function passedIn(summary: string): readonly string[] {
  return [...summary.matchAll(/^✓ ([\w-]+): \d+ passed, 0 failed$/gm)].map(([, name = '']) => name)
}

test(
  'what passes before a server passes through the gateway as well',
  async () => {
    const fixture = startFixtureServer()
    const scenario = await startScenario({
      config: {
        tools: { servers: { fixture: { url: fixture.url } } },
        access: { teams: { support: { tools: { default: 'allow' } } } },
      },
    })
    const proxy = startKeyProxy(scenario.dataUrl, scenario.key)
    try {
      const direct = await runSuite(fixture.url)
      expect(direct).toMatchObject({ exitCode: 0 })
      const through = await runSuite(`${proxy.origin}/mcp/fixture`, join(import.meta.dirname, 'expected-failures.yml'))
      if (through.exitCode !== 0) throw new Error(through.summary)
      expect(passedIn(through.summary)).toEqual(passedIn(direct.summary))
      expect(passedIn(direct.summary).length).toBeGreaterThanOrEqual(30)
    } finally {
      await proxy.stop()
      await scenario.close()
      await fixture.stop()
    }
  },
  TIMEOUT_MS,
)
