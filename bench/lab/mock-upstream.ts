import type { Processes } from './processes.ts'

/** The credential that the mock asks for and the proxies hold. */
export const mockKey = 'mock-upstream-credential'

export interface MockUpstream {
  readonly port: number
  /** Replies that are still being sent: after a caller went away there should be none. */
  countOpenReplies(): Promise<number>
}

export async function startMock(processes: Processes, folder: string): Promise<MockUpstream> {
  const child = processes.spawnScript('mock.ts', { environment: { MOCK_KEY: mockKey }, logFile: `${folder}/mock.log` })
  // bench/lab/child.ts wrote the line.
  const { port } = JSON.parse(await child.readLine()) as { readonly port: number }
  return {
    port,
    async countOpenReplies() {
      const reply = await fetch(`http://127.0.0.1:${port}/stats`, { headers: { connection: 'close' } })
      // bench/mock/connection.ts wrote it.
      return ((await reply.json()) as { readonly openReplies: number }).openReplies
    },
  }
}
