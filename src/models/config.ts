import { z } from 'zod'
import { didYouMean } from '../core/did-you-mean.ts'
import { choice, name, nameOrWildcard, namePattern, secret, text, textOrSecret, url } from '../core/fields.ts'
import { guardNames } from '../core/guard-names.ts'
import { checkHeaderFields, headerFields } from '../core/header-fields.ts'
import { Secret } from '../core/secret.ts'
import type { ConfigProblem, Section } from '../core/section.ts'
import { cacheField, cacheStore, checkCaches } from './cache/config.ts'
import { cloudFields } from './cloud/fields.ts'
import { dialects } from './dialects/index.ts'
import type { Fidelity } from './neutral/loss.ts'
import { checkPassthrough, passthroughField } from './passthrough/config.ts'
import { baseOf, hasPath } from './place.ts'
import { checkPrice, priceField } from './prices/config.ts'
import { PROVIDERS, type ProviderRow, rowOf } from './providers.ts'
import { responsesField } from './responses/config.ts'
import { checkRouting } from './routing/check.ts'
import { modelFields, routingFields } from './routing/config.ts'
import { ownTimeouts, timeouts } from './timeouts.ts'
import type { AuthStyle, WireName } from './types.ts'

/** Wires that providers speak. The table of dialects has a row for each, and there is at least one. */
const WIRES = Object.values(dialects).flatMap(({ wire, isForCallersOnly }) => (isForCallersOnly ? [] : [wire])) as [WireName, ...WireName[]]
const AUTHS = ['bearer', 'x-api-key', 'api-key', 'x-goog-api-key', 'none'] as const satisfies readonly AuthStyle[]
const FIDELITIES = ['lenient', 'warn', 'strict'] as const satisfies readonly Fidelity[]
const FIDELITY_DOC =
  'What becomes of a request that a model of another wire cannot be given whole: sent in silence (lenient), sent with the header x-signalbox-losses (warn), or refused with 400 and the list (strict).'

const provider = z.strictObject({
  wire: choice(WIRES).exactOptional().describe('The wire that the provider speaks. Needed unless its name is a known one.'),
  baseUrl: url()
    .exactOptional()
    .describe('Where its API begins, such as https://api.openai.com/v1. Needed unless the name of the provider is a known one.'),
  apiKey: z
    .union([secret(), z.array(secret()).min(1, { error: 'is an empty list' })])
    .transform((keys) => (keys instanceof Secret ? [keys] : keys))
    .meta({ 'x-unit': 'secret, or list of secrets' })
    .exactOptional()
    .describe('The credential, or a list of them: where one is refused or at its limit, the next is used.'),
  kind: choice(Object.keys(PROVIDERS) as [string, ...string[]]) // the table has rows
    .exactOptional()
    .describe('The known provider that this is, where its own name is another: two accounts at one provider, say.'),
  auth: choice(AUTHS).exactOptional().describe('How the credential is sent. Left out: as the provider or its wire wants it.'),
  organization: text(['org-123']).exactOptional().describe('Organisation at the provider that calls are charged to.'),
  ...cloudFields,
  alsoSpeaks: z
    .array(choice(WIRES))
    .exactOptional()
    .describe('Other wires that the provider speaks at the same address: callers of these are passed through unchanged.'),
  proxy: textOrSecret().exactOptional().describe('HTTP proxy by which the provider is reached, such as http://proxy.internal:3128.'),
  tls: z
    .strictObject({
      ca: secret().exactOptional().describe("PEM text of the authorities that the provider's certificate is checked against: file:PATH."),
      certificate: secret().exactOptional().describe('PEM text of the client certificate: file:PATH.'),
      key: secret().exactOptional().describe("PEM text of the client certificate's key: file:PATH."),
    })
    .exactOptional()
    .describe('What secures the connection, where the defaults do not do.'),
  headers: headerFields().exactOptional().describe('Headers that go with every request to the provider.'),
  passthrough: passthroughField.exactOptional(),
  timeouts: ownTimeouts.exactOptional().describe('Timeouts of this provider, where they differ from models.timeouts.'),
})

const model = z
  .strictObject({
    name: nameOrWildcard().describe('The name that callers use. With * at its end it stands for many: what * stands for is the id.'),
    provider: name().describe('The provider that serves it: a name under models.providers.'),
    id: text(['gpt-5-mini'])
      .exactOptional()
      .describe("The provider's own id of the model. Left out: the name. Not allowed where the name ends in *."),
    price: priceField.exactOptional().describe("What it costs. Wins over the built-in table of the providers' list prices."),
    fidelity: choice(FIDELITIES).exactOptional().describe(`${FIDELITY_DOC} Left out: models.fidelity.`),
    timeouts: ownTimeouts.exactOptional().describe('Timeouts of this model, where they differ from those of its provider.'),
    guards: guardNames('every call of this model').exactOptional(),
    bodies: choice(['off', 'redacted', 'full'])
      .exactOptional()
      .describe(
        'How much of the prompts and replies of this model is kept, where it is less than the team says. Left out: as the team or bodies.store says.',
      ),
    cache: cacheField().exactOptional(),
    ...modelFields,
  })
  .transform((written) => (written.id === undefined && !isWildcard(written.name) ? { ...written, id: written.name } : written))

const models = z
  .strictObject({
    providers: z
      .record(name(), provider.prefault({}).describe('A provider, by its name. A known name brings its wire and address along.'))
      .prefault({})
      .describe('Providers of models, by name.'),
    models: z.array(model).prefault([]).describe('The models that callers may name.'),
    serverTools: z
      .array(namePattern())
      .exactOptional()
      .describe(
        'Tools that a provider may run itself when a caller offers them to a model: web_search, code_execution, mcp:<server>, as their wire names them. Left out: all; an empty list: none.',
      ),
    fidelity: choice(FIDELITIES).prefault('warn').describe(FIDELITY_DOC),
    ...routingFields,
    cache: cacheStore,
    responses: responsesField,
    timeouts: timeouts.prefault({}).describe('Timeouts of every call to a provider, unless the provider or the model has its own.'),
  })
  .optional()
  .describe('The gateway for models. Left out: this gateway does not run.')

/** What the `models` key says: timeouts in milliseconds, prices in nano-USD per million tokens. */
export type ModelsConfig = NonNullable<z.output<typeof models>>

/** One provider as it is written; what is left out comes from its row in PROVIDERS. */
export type ProviderConfig = ModelsConfig['providers'][string]

/** One model as it is written. `id` is absent only where the name is a wildcard. */
export type ModelConfig = ModelsConfig['models'][number]

/** The section `models`. */
export const modelsSection = {
  name: 'models',
  schema: models,
  check: (config, written) => (config === undefined ? [] : check(config, written)),
} as const satisfies Section<ModelsConfig | undefined>

/** Whether a model's name stands for many. */
function isWildcard(name: string): boolean {
  return name.endsWith('*')
}

function check(config: ModelsConfig, written: Readonly<Record<string, unknown>>): readonly ConfigProblem[] {
  return [
    ...Object.entries(config.providers).flatMap(([name, provider]) => checkProvider(name, provider)),
    ...checkModels(config),
    ...checkRouting(config),
    ...checkCaches(cachingOf(config), { store: config.cache.store, models: config.models.map(({ name }) => name) }, written),
  ]
}

function cachingOf({ models, routes }: ModelsConfig) {
  return [
    ...models.map(({ cache }, index) => ({ path: ['models', 'models', index], cache })),
    ...routes.map(({ cache }, index) => ({ path: ['models', 'routes', index], cache })),
  ]
}

function checkProvider(name: string, provider: ProviderConfig): ConfigProblem[] {
  const path = ['models', 'providers', name]
  const row = rowOf(name, provider)
  return [
    ...checkKnown(path, provider, row),
    ...checkAddress(path, provider, row),
    ...checkApiKey(path, provider, row),
    ...checkHeaderFields([...path, 'headers'], provider.headers),
    ...checkPassthrough(path, provider.passthrough, baseOf(provider, row)),
  ]
}

function checkKnown(path: readonly string[], provider: ProviderConfig, row: ProviderRow | undefined): ConfigProblem[] {
  const missing = [...(provider.wire === undefined ? ['wire'] : []), ...(provider.baseUrl === undefined ? ['baseUrl'] : [])]
  if (row !== undefined || missing.length === 0) return []
  const hint = didYouMean(path.at(-1) ?? '', Object.keys(PROVIDERS))
  return [{ path, message: `needs ${missing.join(' and ')}, for its name is none of a known provider${hint}` }]
}

/** What stands in braces in the address of a known provider must be configured. */
function checkAddress(path: readonly string[], provider: ProviderConfig, row: ProviderRow | undefined): ConfigProblem[] {
  if (row === undefined) return []
  const given = new Set(Object.keys(provider))
  const needed = (row.needs ?? []).filter((key) => !given.has(key))
  if (needed.length > 0) return [{ path, message: `needs ${needed.join(' and ')}` }]
  if (provider.wire !== undefined && !hasPath(provider.wire, provider, row) && provider.baseUrl !== undefined)
    return [{ path: [...path, 'wire'], message: `${provider.wire} is spoken at no path of a deployment; leave deployment out` }]
  if (provider.baseUrl !== undefined || row.needs !== undefined) return []
  if (row.baseUrl === '') return [{ path, message: 'needs baseUrl: its address is not the same for everybody' }]
  const missing = [...row.baseUrl.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => key).filter((key) => !given.has(key))
  return missing.length === 0 ? [] : [{ path, message: `needs ${missing.join(' and ')}, which its address is made of` }]
}

const KEY_CHARACTERS = /^[\x21-\x7e]+$/

function checkApiKey(path: readonly string[], provider: ProviderConfig, row: ProviderRow | undefined): ConfigProblem[] {
  // With an address of one's own there may be a proxy that has the key.
  if (provider.apiKey === undefined && row?.keyEnv !== undefined && provider.baseUrl === undefined) {
    return [{ path, message: `needs apiKey, such as apiKey: env:${row.keyEnv}` }]
  }
  return (provider.apiKey ?? []).flatMap((key, index) =>
    key.isResolved && !KEY_CHARACTERS.test(key.reveal())
      ? [{ path: [...path, 'apiKey', index], message: `${key.origin} holds a character that no key has, such as a space or a line break` }]
      : [],
  )
}

function checkModels(config: ModelsConfig): ConfigProblem[] {
  const firsts = new Map<string, number>()
  return config.models.flatMap((model, index) => {
    const first = firsts.get(model.name)
    if (first === undefined) firsts.set(model.name, index)
    return checkModel(config, index, model, first)
  })
}

function checkModel(
  config: ModelsConfig,
  index: number,
  model: ModelsConfig['models'][number],
  first: number | undefined,
): ConfigProblem[] {
  const path = ['models', 'models', index]
  return [
    ...(first !== undefined
      ? [{ path: [...path, 'name'], message: `"${model.name}" is the name of models.models[${first}] already` }]
      : []),
    ...checkPrice([...path, 'price'], model.price),
    ...(isWildcard(model.name) && model.id !== undefined
      ? [{ path: [...path, 'id'], message: `is not allowed, for what * in "${model.name}" stands for is the id` }]
      : []),
    ...(Object.hasOwn(config.providers, model.provider)
      ? []
      : [{ path: [...path, 'provider'], message: noProvider(config, model.provider) }]),
  ]
}

function noProvider(config: ModelsConfig, name: string): string {
  const hint = Object.hasOwn(PROVIDERS, name) ? '; add it under models.providers' : didYouMean(name, Object.keys(config.providers))
  return `no provider is called "${name}"${hint}`
}
