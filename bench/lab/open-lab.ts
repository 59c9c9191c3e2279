import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FloorTarget } from './floor-target.ts'
import { GatewayTarget } from './gateway-target.ts'
import type { Lab, Pair } from './lab.ts'
import { Loader } from './loader.ts'
import { startMock } from './mock-upstream.ts'
import { Processes } from './processes.ts'
import type { Scale } from './scale.ts'
import type { Target } from './target.ts'

export interface LabOptions {
  readonly target: 'gateway' | 'floor'
  readonly scale: Scale
  readonly shapes: readonly string[]
}

export interface OpenLab {
  readonly lab: Lab
  /** Holds the configuration, the gateway's data and every process's log. */
  readonly folder: string
  /** Ends every process. The folder goes as well, unless its logs are still needed. */
  close(options: { readonly keepFolder: boolean }): Promise<void>
}

/** Starts the mock, the load generator, the floor and the gateway. Nothing is left running when that fails. */
export async function openLab(options: LabOptions): Promise<OpenLab> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  const processes = new Processes()
  const close: OpenLab['close'] = async ({ keepFolder }) => {
    await processes.stopAll()
    if (!keepFolder) await rm(folder, { recursive: true, force: true })
  }
  try {
    const mock = await startMock(processes, folder)
    const load = new Loader(processes, folder)
    const floor = new FloorTarget({ processes, name: 'floor', folder, mockPort: mock.port })
    await floor.launch()
    const install = async (name: string): Promise<Target> => {
      if (options.target === 'floor') return startFloorAsGateway({ processes, name: 'gateway', folder, mockPort: mock.port })
      const gateway = new GatewayTarget({ processes, folder: join(folder, name), mockPort: mock.port, shapes: options.shapes })
      await gateway.install()
      return gateway
    }
    const gateway = await install('gateway')
    const common = { processes, folder, mockPort: mock.port, script: 'pass-through.ts' } as const
    const installProtocols = async (mcpServers: number): Promise<Pair<Target>> => {
      const passThrough = new FloorTarget({ ...common, name: 'floor' })
      await passThrough.launch()
      if (options.target === 'floor') return { floor: passThrough, gateway: await startFloorAsGateway({ ...common, name: 'gateway' }) }
      const gateway = new GatewayTarget({ processes, folder: join(folder, 'protocols'), mockPort: mock.port, shapes: [], mcpServers })
      await gateway.install()
      return { floor: passThrough, gateway }
    }
    const lab: Lab = {
      ...{ floor, gateway, mock, load, scale: options.scale, installProtocols },
      installSpare: () => install('spare'),
      startLeast: async ({ isCached }) => {
        const environment = { LEAST: isCached ? 'cached' : 'plain' }
        const least = new FloorTarget({ processes, name: 'gateway', folder, mockPort: mock.port, script: 'least.ts', environment })
        await least.launch()
        return least
      },
      installCached: async () => {
        const cached = new GatewayTarget({
          processes,
          folder: join(folder, 'cached'),
          mockPort: mock.port,
          shapes: options.shapes,
          hasCache: true,
        })
        await cached.install()
        return cached
      },
      installReporting: async () => {
        const shapes = options.shapes
        const reporting = new GatewayTarget({ processes, folder: join(folder, 'reporting'), mockPort: mock.port, shapes })
        await reporting.install()
        await reporting.stop()
        return reporting
      },
      installBudgeted: async () => {
        const made = (name: string, more: { readonly hasBudgets?: true }) =>
          new GatewayTarget({ processes, folder: join(folder, name), mockPort: mock.port, shapes: options.shapes, ...more })
        const [plain, budgeted] = [made('unbudgeted', {}), made('budgeted', { hasBudgets: true })]
        await plain.install()
        await budgeted.install()
        return { plain, budgeted }
      },
    }
    return { lab, folder, close }
  } catch (error) {
    await close({ keepFolder: true })
    throw new Error(`The benchmark could not start; its logs are in ${folder}.`, { cause: error })
  }
}

async function startFloorAsGateway(options: ConstructorParameters<typeof FloorTarget>[0]): Promise<Target> {
  const target = new FloorTarget(options)
  await target.launch()
  return target
}
