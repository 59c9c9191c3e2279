import { didYouMean } from '../../core/did-you-mean.ts'
import type { ConfigProblem } from '../../core/section.ts'
import { capabilitiesOf } from './capabilities.ts'
import { celProblem } from './conditions.ts'
import type { RouteConfig, TargetConfig } from './config.ts'
import type { Capabilities } from './types.ts'

/** The part of the models' configuration that routes are checked against. */
interface Checked {
  readonly routes: readonly RouteConfig[]
  readonly models: readonly { readonly name: string; readonly id?: string; readonly can?: Capabilities }[]
}

type Path = ConfigProblem['path']

/** What is wrong with routes: loops, names of nothing, targets that can never serve, weights that sum to zero. Pure. */
export function checkRouting(config: Checked): readonly ConfigProblem[] {
  return config.routes.flatMap((route, index) => {
    const path = ['models', 'routes', index]
    return [
      ...checkName(config, route, index, path),
      ...route.targets.flatMap((target, place) => checkTarget(config, target, [...path, 'targets', place])),
      ...checkWeights(route, path),
      ...checkLoop(config, route, path),
      ...checkContinuing(config, route, path),
      ...checkPart(config, route.canary?.model, [...path, 'canary', 'model']),
      ...checkPart(config, route.shadow?.model, [...path, 'shadow', 'model']),
    ]
  })
}

function checkName({ routes, models }: Checked, { name }: RouteConfig, index: number, path: Path): ConfigProblem[] {
  const first = routes.findIndex((other) => other.name === name)
  if (first < index) return [{ path: [...path, 'name'], message: `"${name}" is the name of models.routes[${first}] already` }]
  const model = models.findIndex((other) => other.name === name)
  return model === -1
    ? []
    : [{ path: [...path, 'name'], message: `"${name}" is the name of models.models[${model}] already; callers could not tell them apart` }]
}

function checkTarget(config: Checked, target: TargetConfig, path: Path): ConfigProblem[] {
  const { model, when } = target
  const known = modelOf(config, model)
  if (known === undefined && !config.routes.some(({ name }) => name === model)) {
    return [{ path: [...path, 'model'], message: `no model and no route is called "${model}"${didYouMean(model, namesOf(config))}` }]
  }
  const cel = when?.cel === undefined ? undefined : celProblem(when.cel)
  const never = known === undefined ? undefined : whyNever(target, known)
  return [
    ...(cel === undefined ? [] : [{ path: [...path, 'when', 'cel'], message: `is no expression that can be used: ${cel}` }]),
    ...(never === undefined ? [] : [{ path, message: `can never serve a call: ${never}` }]),
  ]
}

/** Why a target is never used: its condition asks for what the model cannot do. */
function whyNever({ model, when }: TargetConfig, can: Capabilities): string | undefined {
  if (when?.tools === true && can.tools === false) return `when.tools is true, and ${model} has no tools`
  if (when?.images === true && can.images === false) return `when.images is true, and ${model} does not read images`
  if (when?.schema === true && can.schema === false) return `when.schema is true, and ${model} does not keep to a JSON schema`
  const { inputAtLeast = 0, inputAtMost } = when ?? {}
  if (inputAtMost !== undefined && inputAtMost < inputAtLeast) return `when.inputAtMost is less than when.inputAtLeast`
  if (can.context === undefined || inputAtLeast <= can.context) return undefined
  return `when.inputAtLeast is ${inputAtLeast}, and the context of ${model} is ${can.context} tokens`
}

function checkWeights({ strategy, targets }: RouteConfig, path: Path): ConfigProblem[] {
  const sum = targets.reduce((total, { weight }) => total + weight, 0)
  if (sum > 0 || !(strategy === 'weighted' || strategy === 'sticky' || strategy === 'least-busy')) return []
  return [{ path: [...path, 'targets'], message: 'the weights of the targets sum to zero: none of them would ever be drawn' }]
}

/** A route that is to go on with broken streams, and has nobody who could. */
function checkContinuing(config: Checked, route: RouteConfig, path: Path): ConfigProblem[] {
  if (route.onBrokenStream !== 'continue') return []
  const known = modelsIn(config, route, new Set())
  if (known.length === 0 || known.some((can) => can.prefill === true)) return []
  const message = 'is continue, and none of its targets is known to go on with a text: say can: { prefill: true } at a model that does'
  return [{ path: [...path, 'onBrokenStream'], message }]
}

/** What is known of the models of a route, and of the routes in it. */
function modelsIn(config: Checked, route: RouteConfig, seen: Set<string>): readonly Capabilities[] {
  if (seen.has(route.name)) return []
  seen.add(route.name)
  return route.targets.flatMap(({ model }) => {
    const inner = config.routes.find(({ name }) => name === model)
    return inner === undefined ? (modelOf(config, model) ?? []) : modelsIn(config, inner, seen)
  })
}

/** Each loop is told at the first of its routes in the file. */
function checkLoop({ routes }: Checked, route: RouteConfig, path: Path): ConfigProblem[] {
  const found = loopFrom(routes, route, [])
  const isFirst = found?.every((name) => routes.findIndex((other) => other.name === name) >= Number(path[2])) ?? false
  return found === undefined || !isFirst
    ? []
    : [{ path: [...path, 'targets'], message: `leads back to itself: ${[...found, route.name].join(' → ')}` }]
}

/** The names of a way from a route back to itself. */
function loopFrom(routes: readonly RouteConfig[], start: RouteConfig, way: readonly string[]): readonly string[] | undefined {
  const here = way.length === 0 ? start : routes.find(({ name }) => name === way.at(-1))
  const names = way.length === 0 ? [start.name] : way
  for (const { model } of here?.targets ?? []) {
    if (model === start.name) return names
    const isRoute = routes.some(({ name }) => name === model)
    const found = isRoute && !names.includes(model) ? loopFrom(routes, start, [...names, model]) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function checkPart(config: Checked, model: string | undefined, path: Path): ConfigProblem[] {
  if (model === undefined || modelOf(config, model) !== undefined) return []
  const isRoute = config.routes.some(({ name }) => name === model)
  return [
    {
      path,
      message: isRoute ? `"${model}" is a route; name a model` : `no model is called "${model}"${didYouMean(model, namesOf(config))}`,
    },
  ]
}

/** What is known of the model of a name; undefined where there is none. */
function modelOf({ models }: Checked, name: string): Capabilities | undefined {
  const exact = models.find((model) => model.name === name)
  if (exact !== undefined) return capabilitiesOf(exact.id ?? exact.name, exact.can)
  const wildcard = models.find(
    (model) => model.name.endsWith('*') && name.startsWith(model.name.slice(0, -1)) && name.length >= model.name.length,
  )
  return wildcard && capabilitiesOf(name.slice(wildcard.name.length - 1), wildcard.can)
}

function namesOf({ routes, models }: Checked): readonly string[] {
  return [...models, ...routes].map(({ name }) => name).filter((name) => !name.endsWith('*'))
}
