import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type GatewayProcess, type GatewayStart, startGateway } from './gateway-process.ts'

/** Nano-USD a token: what the one model of a lab costs. */
export const PRICE = { inputNanoUsd: 250, outputNanoUsd: 2000 } as const
/** The model that every lab has. */
export const MODEL = 'mini'

/** A configuration as it is written to the file, which is YAML, of which JSON is a part. */
export type LabConfig = Readonly<Record<string, unknown>>

/** A folder with a configuration and a data folder, for gateways that are started one after the other. */
export interface Lab extends AsyncDisposable {
  readonly folder: string
  readonly start: GatewayStart
  readonly dataFolder: string
  /** The configuration as it was written first; `write` changes the file. */
  readonly config: LabConfig
  write(config: LabConfig): void
  /** Starts a gateway, which ends with the lab at the latest. */
  gateway(): Promise<GatewayProcess>
}

/** How a lab differs from the usual one. */
export interface LabOptions {
  /** Where the provider answers, with its `/v1`. */
  readonly baseUrl: string
  /** Top-level keys of the configuration that are added, or win. */
  readonly config?: LabConfig
  /** A data folder elsewhere. */
  readonly dataFolder?: string
}

/** Makes a lab: two free ports, one model `mini` at one provider, two teams. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-chaos-')))
  const dataFolder = options.dataFolder ?? join(folder, 'data')
  const [dataPort, controlPort] = [await freePort(), await freePort()]
  const start = { configFile: join(folder, 'signalbox.yaml'), dataFolder, dataPort, controlPort }
  const config: LabConfig = {
    listen: { data: `127.0.0.1:${dataPort}`, control: `127.0.0.1:${controlPort}` },
    storage: `sqlite:${dataFolder}`,
    secret: `file:${join(dataFolder, 'secret')}`,
    models: modelsOf(options.baseUrl),
    access: { teams: { support: {}, search: {} } },
    ...options.config,
  }
  const started: GatewayProcess[] = []
  const write = (next: LabConfig) => writeFileSync(start.configFile, `${JSON.stringify(next, null, 2)}\n`)
  mkdirSync(folder, { recursive: true })
  write(config)
  return {
    ...{ folder, start, dataFolder, config, write },
    gateway: async () => {
      const gateway = await startGateway(start)
      started.push(gateway)
      return gateway
    },
    [Symbol.asyncDispose]: async () => {
      for (const gateway of started) await gateway[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The `models` section of a lab. */
export function modelsOf(baseUrl: string, changes: LabConfig = {}): LabConfig {
  const perMillion = 1e6 / 1e9
  const price = { inputPerMillion: PRICE.inputNanoUsd * perMillion, outputPerMillion: PRICE.outputNanoUsd * perMillion }
  return {
    providers: { fake: { wire: 'openai-chat', baseUrl } },
    models: [{ name: MODEL, provider: 'fake', id: 'fake-model', price }],
    // A circuit that opened would keep the faults of these tests from the calls that are to meet them.
    breaker: { failures: 1000, share: '100%' },
    ...changes,
  }
}
