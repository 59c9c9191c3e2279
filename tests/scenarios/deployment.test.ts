import { describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { checkConfig } from '../../src/app/check-config.ts'

// No container engine runs here: what can be told from the files is told from the files.
const ROOT = join(import.meta.dirname, '../..')
const DEPLOY = join(ROOT, 'deploy')
const read = (...path: readonly string[]): string => readFileSync(join(DEPLOY, ...path), 'utf8')

const ENV = {
  OPENAI_API_KEY: 'sk-1',
  DATABASE_URL: 'postgres://signalbox:pw@postgres:5432/signalbox?sslmode=disable',
  SIGNALBOX_SECRET: '0'.repeat(64),
}

const configurations = readdirSync(DEPLOY, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('signalbox.yaml'))

test.each(configurations)('the configuration %s loads', (path) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-deploy-'))
  try {
    writeFileSync(join(folder, 'signalbox.yaml'), read(path))
    const report = checkConfig({ file: 'signalbox.yaml', cwd: folder, env: ENV })
    expect(report.type === 'bad' ? report.lines : []).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('the image', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
  const of = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim())

  test('copies what is there, and what its ignore file lets through', () => {
    const sources = of('COPY').flatMap((line) => (line.includes('--from') ? [] : line.split(/\s+/).slice(0, -1)))
    expect(sources.length).toBeGreaterThan(4)
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([])
    const allowed = read('Dockerfile.dockerignore').split('\n')
    expect(sources.filter((source) => !allowed.includes(`!${source}`))).toEqual([])
  })

  test('runs as nobody in particular, gets signals, says whether it is ready, and writes into its volume', () => {
    expect(of('USER')).toEqual(['1000:1000'])
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).toEqual(['signalbox'])
    expect(JSON.parse(of('CMD')[0] ?? '')).toEqual(['serve', '--config', '/etc/signalbox/signalbox.yaml'])
    expect(of('HEALTHCHECK')[0]).toContain('/readyz')
    expect(of('VOLUME')).toEqual(['/data'])
    expect(of('RUN')[0]).toContain('npm ci --omit=dev --ignore-scripts')
    // Nothing is built on an image that may be another tomorrow.
    expect(of('FROM').filter((image) => !/:\d/.test(image))).toEqual([])
  })
})

describe('compose', () => {
  interface Service {
    readonly image?: string
    readonly build?: { readonly context: string; readonly dockerfile: string }
    readonly ports?: readonly string[]
    readonly volumes?: readonly string[]
    readonly healthcheck?: object
    readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
    readonly environment?: Readonly<Record<string, string>>
  }
  const file: { readonly services: Readonly<Record<string, Service>>; readonly volumes: object } = parse(read('compose', 'compose.yaml'))
  const all = Object.entries(file.services)

  test('names what is there: files, volumes and services that say when they are ready', () => {
    const mounts = all.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    expect(mounts.filter((mount) => mount.startsWith('.') && !existsSync(join(DEPLOY, 'compose', mount)))).toEqual([])
    expect(mounts.filter((mount) => !mount.startsWith('.') && !Object.hasOwn(file.volumes, mount))).toEqual([])
    const { build, depends_on: needed = {} } = file.services.signalbox ?? {}
    expect(existsSync(join(DEPLOY, 'compose', build?.context ?? '', build?.dockerfile ?? 'none'))).toBe(true)
    for (const [name, { condition }] of Object.entries(needed)) {
      expect([name, condition, file.services[name]?.healthcheck !== undefined]).toEqual([name, 'service_healthy', true])
    }
    expect(all.filter(([, { image }]) => !/:\d/.test(image ?? ''))).toEqual([])
  })

  test('opens the control port to this machine alone, and the others not at all', () => {
    expect(all.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`))).toEqual([
      'signalbox 4000:4000',
      'signalbox 127.0.0.1:4001:4001',
    ])
  })

  test('holds no secret, and gives the gateway all that its configuration refers to', () => {
    const { environment = {} } = file.services.signalbox ?? {}
    expect(Object.keys(environment).toSorted()).toEqual(Object.keys(ENV).toSorted())
    for (const value of Object.values(environment)) expect(value).toMatch(/\$\{\w+:\?/)
  })
})

describe('Kubernetes', () => {
  interface Named {
    readonly name: string
  }
  interface Probe {
    readonly httpGet: { readonly path: string; readonly port: string }
  }
  interface Container {
    readonly ports: readonly Named[]
    readonly volumeMounts: readonly Named[]
    readonly startupProbe: Probe
    readonly readinessProbe: Probe
    readonly livenessProbe: Probe
    readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
    readonly securityContext: object
  }
  interface Pod {
    readonly containers: readonly [Container]
    readonly volumes: readonly Named[]
    readonly terminationGracePeriodSeconds: number
    readonly securityContext: object
  }
  type Labels = Readonly<Record<string, string>>
  /** What is looked at of each kind; a test fails where it is not there. */
  interface Manifest {
    readonly kind: string
    readonly metadata: Named
    readonly spec: {
      readonly selector: Labels & { readonly matchLabels: Labels }
      readonly podSelector: { readonly matchLabels: Labels }
      readonly ports: readonly [{ readonly targetPort: string }]
      readonly serviceName: string
      readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod }
      readonly volumeClaimTemplates: readonly { readonly metadata: Named }[]
    }
  }
  interface Kustomization {
    readonly resources: readonly string[]
    readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[]
  }
  const folder = (name: string): Kustomization => parse(read('kubernetes', name, 'kustomization.yaml'))
  const manifests = ['base', 'postgres'].flatMap((name) =>
    folder(name)
      .resources.filter((resource) => resource.endsWith('.yaml'))
      .flatMap((resource) => parseAllDocuments(read('kubernetes', name, resource)).map((document): Manifest => document.toJS())),
  )
  const one = (kind: string, name = 'signalbox'): Manifest =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name) ?? expect.unreachable(`no ${kind} ${name}`)

  test.each(['base', 'postgres'])('%s names files that are there', (name) => {
    const { resources, configMapGenerator } = folder(name)
    const named = [...resources, ...configMapGenerator.flatMap(({ files }) => files)]
    expect(named.filter((path) => !existsSync(join(DEPLOY, 'kubernetes', name, path)))).toEqual([])
  })

  test('what selects finds: the pods by their labels, the ports by their names', () => {
    const { selector, template } = one('StatefulSet').spec
    const { labels } = template.metadata
    const [gateway] = template.spec.containers
    expect(labels).toMatchObject(selector.matchLabels)
    const ports = gateway.ports.map(({ name }) => name)
    for (const name of ['signalbox', 'signalbox-control']) {
      const service = one('Service', name).spec
      expect(labels).toMatchObject(service.selector)
      expect(ports).toContain(service.ports[0].targetPort)
    }
    expect(labels).toMatchObject(one('PodDisruptionBudget').spec.selector.matchLabels)
    expect(labels).toMatchObject(one('NetworkPolicy').spec.podSelector.matchLabels)
  })

  test('a pod has its probes, time to drain, a volume of its own, and no rights that it does not need', () => {
    const { template, volumeClaimTemplates, serviceName } = one('StatefulSet').spec
    const { containers, volumes, ...pod } = template.spec
    const [gateway] = containers
    expect(
      [gateway.startupProbe, gateway.readinessProbe, gateway.livenessProbe].map((probe) => [probe.httpGet.path, probe.httpGet.port]),
    ).toEqual([
      ['/livez', 'data'],
      ['/readyz', 'data'],
      ['/livez', 'data'],
    ])
    const pauseSeconds = Number(gateway.lifecycle.preStop.exec.command[1])
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(pauseSeconds + 30)
    const there = [...volumes, ...volumeClaimTemplates.map(({ metadata }) => metadata)]
    const names = there.map(({ name }) => name)
    expect(gateway.volumeMounts.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(gateway.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ['ALL'] },
    })
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 })
    expect(one('Service', serviceName).metadata.name).toBe('signalbox-control')
  })
})

test('the systemd unit starts what is there, checks first, and waits for the drain', () => {
  const unit = read('systemd', 'signalbox.service')
  for (const word of ['ExecStartPre', 'ExecStart']) {
    const [, program = ''] = new RegExp(`^${word}=/opt/signalbox/(\\S+)`, 'm').exec(unit) ?? []
    expect([word, existsSync(join(ROOT, program)) && program !== '']).toEqual([word, true])
  }
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30)
  expect(unit).toContain('DynamicUser=yes')
})
