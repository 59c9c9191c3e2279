import { isObject } from '../../core/json.ts'
import { type DraftModel, type DraftRoute, ImportError, type Imported, nameFor, takeName } from './draft.ts'
import { ProviderDrafts, textOf } from './litellm-providers.ts'

type Table = Readonly<Record<string, unknown>>

/** Strategies of LiteLLM's router. Source: https://docs.litellm.ai/docs/routing (read 2026-11-21). */
const STRATEGIES: Readonly<Record<string, string>> = {
  'simple-shuffle': 'weighted',
  'least-busy': 'least-busy',
  'latency-based-routing': 'fastest',
  'cost-based-routing': 'cheapest',
  'usage-based-routing': 'least-busy',
  'usage-based-routing-v2': 'least-busy',
}

/** What is carried over, by the table that it stands in. Everything else is told. */
const CARRIED: Readonly<Record<string, readonly string[]>> = {
  '': ['model_list', 'litellm_settings', 'router_settings', 'general_settings'],
  litellm_settings: [
    'num_retries',
    'request_timeout',
    'fallbacks',
    'default_fallbacks',
    'context_window_fallbacks',
    'content_policy_fallbacks',
    'allowed_fails',
    'cooldown_time',
    'set_verbose',
    'drop_params',
  ],
  router_settings: [
    'routing_strategy',
    'num_retries',
    'timeout',
    'fallbacks',
    'context_window_fallbacks',
    'content_policy_fallbacks',
    'default_fallbacks',
    'allowed_fails',
    'cooldown_time',
    'model_group_alias',
    'enable_pre_call_checks',
  ],
  params: [
    'model',
    'api_base',
    'base_url',
    'api_key',
    'api_version',
    'custom_llm_provider',
    'organization',
    'extra_headers',
    'timeout',
    'stream_timeout',
    'weight',
    'order',
    'input_cost_per_token',
    'output_cost_per_token',
    'max_retries',
    'aws_region_name',
    'vertex_project',
    'vertex_location',
    'rpm',
    'tpm',
  ],
}

/** Deployments of one name. */
interface Group {
  readonly name: string
  readonly members: Member[]
}

interface Member {
  readonly model: Omit<DraftModel, 'name'>
  readonly weight: number
}

/** Turns a configuration of the LiteLLM proxy into one of Signalbox. Pure. @throws ImportError where it is none */
export function importLitellm(file: unknown): Imported {
  if (!isObject(file) || !Array.isArray(file.model_list))
    throw new ImportError('It has no model_list, so it is no configuration of the LiteLLM proxy.')
  const notes: string[] = []
  const providers = new ProviderDrafts(notes)
  const groups = groupsOf(file.model_list, providers, notes)
  const settings = tableAt(file, 'litellm_settings')
  const router = tableAt(file, 'router_settings')
  noteUnknown(file, '', notes)
  noteUnknown(settings, 'litellm_settings', notes)
  noteUnknown(router, 'router_settings', notes)
  if (Object.keys(tableAt(file, 'general_settings')).length > 0) {
    notes.push('general_settings: keys, teams and the store are made in Signalbox (`signalbox keys create`, docs/storage.md)')
  }
  const draft = draftOf(groups, { ...settings, ...router }, notes)
  const breaker = breakerOf({ ...settings, ...router })
  return {
    models: {
      providers: providers.drafts,
      models: draft.models,
      ...(draft.routes.length === 0 ? {} : { routes: draft.routes }),
      ...(breaker === undefined ? {} : { breaker }),
    },
    notes,
  }
}

function groupsOf(list: readonly unknown[], providers: ProviderDrafts, notes: string[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const [index, entry] of list.entries()) {
    const where = `model_list[${index}]`
    const params = isObject(entry) ? tableAt(entry, 'litellm_params') : {}
    const name = isObject(entry) ? textOf(entry.model_name) : undefined
    if (name === undefined || textOf(params.model) === undefined) {
      notes.push(`${where}: has no model_name or no litellm_params.model, and was left out`)
      continue
    }
    const { provider, id } = providers.add(params, `${where}.litellm_params`)
    noteUnknown(params, 'params', notes, `${where}.litellm_params`)
    if (params.rpm !== undefined || params.tpm !== undefined)
      notes.push(`${where}: rpm and tpm are weights in LiteLLM's shuffle; here the provider's own 429 rests a target`)
    const info = isObject(entry) ? tableAt(entry, 'model_info') : {}
    const member = {
      model: { provider, ...idOf(name, id), ...priceOf({ ...info, ...params }), ...timeoutsOf(params) },
      weight: countOf(params.weight) ?? 1,
    }
    const group = groups.get(name) ?? { name: nameFor(name), members: [] }
    group.members.push(member)
    groups.set(name, group)
  }
  return groups
}

/** A wildcard has no id: what it stands for is the id. */
function idOf(name: string, id: string): { readonly id?: string } {
  return name.endsWith('*') ? {} : { id }
}

function draftOf(groups: ReadonlyMap<string, Group>, settings: Table, notes: string[]) {
  const taken = new Set([...groups.values()].map(({ name }) => name))
  const models: DraftModel[] = []
  const routes: DraftRoute[] = []
  const fallbacks = fallbacksOf(groups, settings, notes)
  const pools = new Map<string, string>()
  for (const [written, { name, members }] of groups) {
    const others = fallbacks.get(written) ?? []
    const [only, ...more] = members
    if (only === undefined) continue
    if (more.length === 0) {
      const own = others.length === 0 ? name : takeName(taken, `${name}-1`)
      models.push({ name: own, ...only.model, ...(own === name || name.endsWith('*') ? {} : { id: only.model.id ?? name }) })
      pools.set(written, own)
      continue
    }
    const targets = members.map((member, index) => {
      const own = takeName(taken, `${name}-${index + 1}`)
      models.push({ name: own, ...member.model })
      return { model: own, ...(member.weight === 1 ? {} : { weight: member.weight }) }
    })
    const pool = others.length === 0 ? name : takeName(taken, `${name}-pool`)
    routes.push({ name: pool, strategy: strategyOf(settings, notes), targets, ...retriesOf(settings), ...routeTimeouts(settings) })
    pools.set(written, pool)
  }
  for (const [written, others] of fallbacks) {
    const targets = [written, ...others].map((one) => ({ model: pools.get(one) ?? nameFor(one) }))
    const filtered = settings.content_policy_fallbacks === undefined ? {} : { onFiltered: 'next' as const }
    routes.push({ name: nameFor(written), strategy: 'priority', targets, ...retriesOf(settings), ...routeTimeouts(settings), ...filtered })
  }
  for (const [alias, target] of Object.entries(tableAt(settings, 'model_group_alias'))) {
    const model = textOf(isObject(target) ? target.model : target)
    if (model === undefined || !groups.has(model)) notes.push(`router_settings.model_group_alias.${alias}: names no model_name`)
    else routes.push({ name: takeName(taken, nameFor(alias)), strategy: 'priority', targets: [{ model: nameFor(model) }] })
  }
  return { models, routes }
}

/** Who takes over from whom, each once and in order. Wildcards stay as they are: their fallbacks cannot be named. */
function fallbacksOf(groups: ReadonlyMap<string, Group>, settings: Table, notes: string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const add = (from: string, to: unknown, where: string) => {
    const names = (Array.isArray(to) ? to : [to]).flatMap((name) => textOf(name) ?? [])
    const known = names.filter((name) => groups.has(name) && name !== from)
    for (const name of names) if (!groups.has(name)) notes.push(`${where}: "${name}" is no model_name`)
    if (!groups.has(from) || from.endsWith('*')) notes.push(`${where}: "${from}" is no model_name that can have fallbacks here`)
    else if (known.length > 0) found.set(from, [...new Set([...(found.get(from) ?? []), ...known])])
  }
  for (const key of ['fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'] as const) {
    const list = settings[key]
    for (const entry of Array.isArray(list) ? list : []) {
      for (const [from, to] of Object.entries(isObject(entry) ? entry : {})) add(from, to, key)
    }
  }
  if (settings.default_fallbacks !== undefined)
    for (const name of groups.keys()) if (!name.endsWith('*')) add(name, settings.default_fallbacks, 'default_fallbacks')
  return found
}

function strategyOf({ routing_strategy: written }: Table, notes: string[]): string {
  const name = textOf(written)
  if (name === undefined) return 'weighted'
  const strategy = STRATEGIES[name]
  if (strategy === undefined) notes.push(`router_settings.routing_strategy: "${name}" is not known; weighted was taken`)
  if (name.startsWith('usage-based'))
    notes.push('router_settings.routing_strategy: tokens a minute are not counted here; least-busy was taken')
  return strategy ?? 'weighted'
}

function retriesOf({ num_retries: written }: Table): { readonly retries?: { readonly max: number } } {
  const max = countOf(written)
  return max === undefined ? {} : { retries: { max: Math.min(20, max) } }
}

function routeTimeouts({ timeout, request_timeout: requestTimeout }: Table): { readonly timeouts?: { readonly total: string } } {
  const seconds = countOf(timeout) ?? countOf(requestTimeout)
  return seconds === undefined || seconds === 0 ? {} : { timeouts: { total: `${seconds}s` } }
}

function timeoutsOf({ timeout, stream_timeout: streamTimeout }: Table): { readonly timeouts?: Readonly<Record<string, string>> } {
  const [total, firstToken] = [countOf(timeout), countOf(streamTimeout)]
  if (total === undefined && firstToken === undefined) return {}
  return {
    timeouts: {
      ...(firstToken === undefined ? {} : { firstToken: `${firstToken}s` }),
      ...(total === undefined ? {} : { total: `${total}s` }),
    },
  }
}

function breakerOf({ allowed_fails: fails, cooldown_time: cooldown }: Table): Readonly<Record<string, unknown>> | undefined {
  const [failures, seconds] = [countOf(fails), countOf(cooldown)]
  if (failures === undefined && seconds === undefined) return undefined
  return {
    ...(failures === undefined ? {} : { failures: Math.max(1, failures) }),
    ...(seconds === undefined || seconds === 0 ? {} : { pause: `${seconds}s` }),
  }
}

function priceOf({ input_cost_per_token: input, output_cost_per_token: output }: Table): Pick<DraftModel, 'price'> {
  if (typeof input !== 'number' || typeof output !== 'number') return {}
  const perMillion = (perToken: number) => Math.round(perToken * 1e15) / 1e9
  return { price: { inputPerMillion: perMillion(input), outputPerMillion: perMillion(output) } }
}

function noteUnknown(table: Table, name: string, notes: string[], where = name): void {
  const known = CARRIED[name] ?? []
  for (const key of Object.keys(table))
    if (!known.includes(key)) notes.push(`${where === '' ? '' : `${where}.`}${key}: was not carried over`)
}

function tableAt(table: Table, key: string): Table {
  const value = table[key]
  return isObject(value) ? value : {}
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
