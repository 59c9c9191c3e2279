import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const SUITE = join(ROOT, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const REVISION = '2025-11-25'

/** What the suite said. */
export interface SuiteResult {
  readonly exitCode: number
  /** The summary, from its heading on. */
  readonly summary: string
}

/** Runs the official suite of MCP against a server. Without an `expectedFailures` file, none is expected. */
export async function runSuite(url: string, expectedFailures?: string): Promise<SuiteResult> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-conformance-'))
  const expected = expectedFailures === undefined ? [] : ['--expected-failures', expectedFailures]
  try {
    const child = Bun.spawn([process.execPath, SUITE, 'server', '--url', url, '--requirements', REVISION, '-o', folder, ...expected], {
      cwd: folder,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err, exitCode] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
    const text = `${out}\n${err}`
    const from = text.indexOf('=== SUMMARY ===')
    return { exitCode, summary: from === -1 ? text.slice(-4000) : text.slice(from) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
