/** Tells the parent process, on stdout, which port this process listens on, and ends with the parent. */
export function announce(port: number | undefined): void {
  process.stdout.write(`${JSON.stringify({ port })}\n`)
  readLines(() => {})
}

/** Hands over each line of stdin. The process exits when stdin closes, so that a killed benchmark leaves nothing running. */
export function readLines(onLine: (line: string) => void): void {
  let rest = ''
  process.stdin.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  process.stdin.on('end', () => process.exit(0))
}
