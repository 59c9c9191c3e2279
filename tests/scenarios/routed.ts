import { type FakeUpstream, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { type Scenario, startScenario } from '../../src/testing/scenario.ts'

/** A gateway with a route over several upstreams: provider, model and upstream have the same name. */
export interface Routed extends AsyncDisposable {
  readonly scenario: Scenario
  /** The upstream of this name. */
  at(name: string): FakeUpstream
}

export interface RoutedOptions {
  /** Names of upstreams. */
  readonly names?: readonly string[]
  /** More of the route `smart`, whose targets are all models unless said. */
  readonly route?: object
  /** More of the model of this name. */
  readonly models?: Readonly<Record<string, object>>
  /** More of the section models. */
  readonly section?: object
  /** Other sections. */
  readonly more?: object
  /** Where replicas talk to each other. */
  readonly shared?: string
  /** Teams, besides the caller's own, `support`. */
  readonly teams?: Readonly<Record<string, object>>
  readonly folder?: string
  /** Where a provider is, if not at its upstream. */
  readonly baseUrls?: Readonly<Record<string, string>>
}

/** Quick enough that a test of what hangs is over soon. */
const TIMEOUTS = { connect: '2s', firstToken: '2s', idle: '2s', total: '6s' }
/** Waits that a test does not notice. */
export const QUICK_RETRIES = { max: 1, base: '5ms', longest: '2s' }

/** Starts it. */
export async function startRouted(options: RoutedOptions = {}): Promise<Routed> {
  const names = options.names ?? ['first', 'second']
  const upstreams = new Map<string, FakeUpstream>()
  for (const name of names) upstreams.set(name, await fakeUpstream())
  const at = (name: string) => {
    const upstream = upstreams.get(name)
    if (upstream === undefined) throw new Error(`There is no upstream ${name}.`)
    return upstream
  }
  const close = () => Promise.all([...upstreams.values()].map((upstream) => upstream.close()))
  try {
    const scenario = await startScenario({
      baseUrl: at(names[0] ?? '').baseUrl,
      config: routedConfig(options, (name) => options.baseUrls?.[name] ?? at(name).baseUrl),
      ...(options.folder === undefined ? {} : { folder: options.folder }),
    })
    const dispose = async () => {
      await scenario.close()
      await close()
    }
    return { scenario, at, [Symbol.asyncDispose]: dispose }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** Its configuration. */
export function routedConfig(options: RoutedOptions, baseUrlOf: (name: string) => string) {
  const names = options.names ?? ['first', 'second']
  return {
    models: {
      timeouts: TIMEOUTS,
      providers: Object.fromEntries(
        names.map((name) => [name, { wire: 'openai-chat', baseUrl: baseUrlOf(name), apiKey: 'env:FAKE_PROVIDER_KEY' }]),
      ),
      models: names.map((name) => ({
        name,
        provider: name,
        id: `${name}-id`,
        price: { inputPerMillion: 2, outputPerMillion: 10 },
        ...options.models?.[name],
      })),
      routes: [{ name: 'smart', targets: names.map((name) => ({ model: name })), retries: { max: 0 }, ...options.route }],
      ...options.section,
    },
    ...options.more,
    ...(options.shared === undefined ? {} : { shared: options.shared }),
    ...(options.teams === undefined ? {} : { access: { teams: { support: {}, ...options.teams } } }),
  }
}
