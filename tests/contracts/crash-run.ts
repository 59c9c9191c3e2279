import { join } from 'node:path'

/** So many calls are acknowledged before a writer is killed. How long a process takes to begin is the machine's business. */
const ENOUGH = 300

/**
 * Runs the writer of calls (crash-writer.ts) and kills it this time after enough of its calls were acknowledged.
 * @param args a folder, and the URL of a database where there is one
 * @returns the whole lines that it said
 */
export async function writeAndKill(args: readonly string[], afterMs: number): Promise<readonly string[]> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'crash-writer.ts'), ...args], { stdout: 'pipe', stderr: 'inherit' })
  const enough = Promise.withResolvers<void>()
  const read = async () => {
    const decoder = new TextDecoder()
    let said = ''
    for await (const bytes of child.stdout) {
      said += decoder.decode(bytes, { stream: true })
      if (said.split('\nstarted ').length > ENOUGH) enough.resolve()
    }
    // Also where it ends by itself.
    enough.resolve()
    return said
  }
  const reading = read()
  await enough.promise
  await Bun.sleep(afterMs)
  child.kill('SIGKILL')
  await child.exited
  // The last line may be half written.
  return (await reading).split('\n').slice(0, -1)
}

/** What stands behind this word, in the lines that begin with it. */
export function wordsAfter(head: string, lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith(`${head} `)).map((line) => line.slice(head.length + 1))
}
