import { isObject } from '../../core/json.ts'
import { READY } from '../../stages/guards/compile.ts'
import { PROVIDERS } from '../providers.ts'
import { type DraftModel, type DraftRoute, ImportError, type Imported, nameFor } from './draft.ts'

const PRIORITIES = ['high', 'medium', 'low']

/** How the old names of guards are called here. */
const GUARDS: Readonly<Record<string, string>> = {
  pii_redaction: 'pii',
  toxicity_filter: 'toxicity',
  secret_detection: 'secrets',
  prompt_injection: 'injection',
}

interface LegacyProvider {
  readonly name: string
  readonly models: readonly string[]
  readonly priority: number
  readonly guards: readonly string[]
  readonly fallback: string | undefined
}

/** The route that tries every provider, in the order of their priorities. */
const DEFAULT_ROUTE = 'default'

/**
 * Turns the old form (`providers: [ { name, models, priority, guardrails, fallback } ]`) into one of Signalbox. Pure.
 * A model with a fallback becomes a route of its name: itself, then the models of the other provider. The route `default` tries the
 * first model of each provider by priority.
 * @throws ImportError where it is none
 */
export function importLegacy(file: unknown): Imported {
  if (!isObject(file) || !Array.isArray(file.providers))
    throw new ImportError('It has no list of providers, so it is no configuration of the old form.')
  const notes = Object.keys(file).flatMap((key) => (key === 'providers' ? [] : [`${key}: was not carried over`]))
  const providers = file.providers.flatMap((entry: unknown, index: number) => readProvider(entry, index, notes) ?? [])
  if (providers.length === 0) throw new ImportError('None of its providers has a name and models.')
  const names = new Map(
    providers.flatMap((provider) =>
      provider.models.map((model) => [model, provider.fallback === undefined ? model : `${provider.name}/${model}`]),
    ),
  )
  const models = providers.flatMap((provider) => provider.models.map((model) => draftModel(provider, model, names)))
  const routes = providers.flatMap((provider) => fallbackRoutes(provider, providers, names, notes))
  const byPriority = providers.toSorted((left, right) => left.priority - right.priority)
  const targets = byPriority.flatMap(({ models: [first] }) => (first === undefined ? [] : [{ model: names.get(first) ?? first }]))
  if (names.has(DEFAULT_ROUTE)) notes.push(`A model is called "${DEFAULT_ROUTE}", so there is no route by priority of that name`)
  const priority: readonly DraftRoute[] = names.has(DEFAULT_ROUTE) ? [] : [{ name: DEFAULT_ROUTE, strategy: 'priority', targets }]
  return {
    models: {
      providers: Object.fromEntries(providers.map(({ name }) => [name, providerDraft(name, notes)])),
      models,
      routes: [...routes, ...priority],
    },
    notes,
  }
}

function readProvider(entry: unknown, index: number, notes: string[]): LegacyProvider | undefined {
  const where = `providers[${index}]`
  if (!isObject(entry) || typeof entry.name !== 'string') {
    notes.push(`${where}: has no name, and was left out`)
    return undefined
  }
  const { name, models, priority, guardrails, fallback, ...rest } = entry
  for (const key of Object.keys(rest)) notes.push(`${where}.${key}: was not carried over`)
  const place = typeof priority === 'string' ? PRIORITIES.indexOf(priority) : typeof priority === 'number' ? priority : 1
  if (place === -1) notes.push(`${where}.priority: "${String(priority)}" is none of ${PRIORITIES.join(', ')}; medium was taken`)
  return {
    name: nameFor(name),
    models: textsOf(models).map(nameFor),
    priority: place === -1 ? 1 : place,
    guards: textsOf(guardrails).flatMap((guard) => guardOf(guard, where, notes)),
    fallback: typeof fallback === 'string' ? nameFor(fallback) : undefined,
  }
}

function guardOf(written: string, where: string, notes: string[]): readonly string[] {
  const guard = GUARDS[written] ?? written
  if (READY.includes(guard)) return [guard]
  notes.push(
    `${where}.guardrails: there is no guard "${guard}" for "${written}" here (ready are: ${READY.join(', ')}); calls of this provider go without it`,
  )
  return []
}

function draftModel({ name, guards }: LegacyProvider, model: string, names: ReadonlyMap<string, string>): DraftModel {
  const own = names.get(model) ?? model
  return { name: own, provider: name, ...(own === model ? {} : { id: model }), ...(guards.length === 0 ? {} : { guards }) }
}

function fallbackRoutes(
  provider: LegacyProvider,
  all: readonly LegacyProvider[],
  names: ReadonlyMap<string, string>,
  notes: string[],
): readonly DraftRoute[] {
  const { fallback } = provider
  if (fallback === undefined) return []
  const other = all.find(({ name }) => name === fallback)
  if (other === undefined) notes.push(`${provider.name}.fallback: there is no provider "${fallback}"`)
  const others = (other?.models ?? []).map((model) => ({ model: names.get(model) ?? model }))
  return provider.models.map((model) => ({ name: model, strategy: 'priority', targets: [{ model: names.get(model) ?? model }, ...others] }))
}

function providerDraft(name: string, notes: string[]): Readonly<Record<string, unknown>> {
  const row = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
  if (row !== undefined) return row.keyEnv === undefined ? {} : { apiKey: `env:${row.keyEnv}` }
  notes.push(`providers: "${name}" is no provider that is known here; write its address in place of https://replace.invalid`)
  return { wire: 'openai-chat', baseUrl: 'https://replace.invalid/v1', apiKey: `env:${name.toUpperCase().replace(/\W+/g, '_')}_API_KEY` }
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : []).filter((item) => typeof item === 'string')
}
