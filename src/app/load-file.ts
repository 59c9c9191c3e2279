import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readConfig } from '../control/config/load.ts'
import { formatProblem } from '../control/config/problems.ts'
import { findConfigFile } from './check-config.ts'
import { dataFolder } from './data-folder.ts'
import { PlaceError } from './gateway-place.ts'
import { checkLayers } from './layer-paths.ts'
import { openPrices } from './price-file.ts'
import { SECTIONS } from './sections.ts'
import { compileSnapshot, type Snapshot } from './snapshot.ts'

/** Which file. */
export interface FileRequest {
  /** As the user wrote it; relative to `cwd`. Left out: the file of the folder. */
  readonly configFile: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Loads a configuration file and compiles it, for commands that look at it without a gateway.
 * @throws PlaceError with every problem, a line each
 */
export function loadFile({ configFile, cwd, env }: FileRequest): Snapshot {
  const file = configFile ?? findConfigFile(cwd)
  if (file === undefined) throw new PlaceError(`There is no configuration file in ${cwd}; name one with --config FILE.`)
  const result = readConfig({
    file: resolve(cwd, file),
    shownAs: file,
    sections: SECTIONS,
    checkWhole: checkLayers,
    readEnv: (name) => env[name],
    readFile: (path) => readFileSync(path, 'utf8'),
  })
  if (result.type === 'rejected') throw new PlaceError(result.problems.map(formatProblem).join('\n'))
  const { config, revision } = result.snapshot
  return compileSnapshot({ config, revision, file, loadedAtMs: 0, surroundings: { env }, prices: openPrices(dataFolder(config)) })
}
