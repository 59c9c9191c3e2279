/** 0 good · 1 refused or failed · 2 wrong usage or configuration · 3 unhealthy. */
export type ExitCode = 0 | 1 | 2 | 3

/** The process as a command sees it, so that a test can be one. */
export interface CliIo {
  /** Writes data: what a script reads. */
  readonly out: (text: string) => void
  /** Writes talk: what a person reads. */
  readonly err: (text: string) => void
  /** Whether a person sits there. Nothing prompts without one. */
  readonly isTerminal: boolean
  /** Asks the person and gives the line that is answered; undefined where there is none any more. Absent where nobody can be asked. */
  readonly ask?: (question: string) => Promise<string | undefined>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths of the command line start here. */
  readonly cwd: string
  /** What the process will exit with; the last one counts. */
  setExitCode(code: ExitCode): void
}
