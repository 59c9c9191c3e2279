/**
 * How a person runs the command line where this process was started: by npm from a folder that has it (`npm start`, `npx signalbox`), or
 * as a program of the path. `npx` elsewhere would fetch whatever package has the name.
 */
export function programName(env: Readonly<Record<string, string | undefined>>): 'npx signalbox' | 'signalbox' {
  return env.npm_command === undefined ? 'signalbox' : 'npx signalbox'
}
