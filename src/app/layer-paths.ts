import type { LayerName } from '../core/events.ts'
import { LAYER_PATHS, layerOfPath } from '../core/layer.ts'
import type { ConfigProblem } from '../core/section.ts'

/** Every gateway there is. Named as its section of the configuration. */
export const LAYERS: readonly LayerName[] = ['models', 'tools', 'agents']

/** Whatever a configuration may hold. */
type Sections = Readonly<Partial<Record<LayerName, unknown>>>

/** The gateways that run: those whose section is in the configuration. */
export function layersOf(config: Sections): ReadonlySet<LayerName> {
  return new Set(LAYERS.filter((name) => config[name] !== undefined))
}

/** A configuration must say of one gateway at least that it runs. */
export function checkLayers(config: Sections): readonly ConfigProblem[] {
  if (layersOf(config).size > 0) return []
  return [
    {
      path: [],
      message:
        'has none of models, tools and agents, so nothing would run; add one or more of them (`signalbox init` writes one to begin with)',
    },
  ]
}

/** The answer to a path that no running gateway has: 404, with what to add where the path is that of another gateway. */
export function answerNowhere(path: string, method: string, running: ReadonlySet<LayerName>): Response {
  const shown = path.slice(0, 200)
  const absent = layerOfPath(path)
  const places = [...running].map((name) => `The ${name} gateway answers below ${LAYER_PATHS[name][0]}.`).join(' ')
  if (OF_CONTROL.test(path)) return errorAnswer(`There is nothing at ${shown}: the control port has it (\`listen.control\`). ${places}`)
  if (absent === undefined || running.has(absent)) {
    const once = shown.replace(/^\/{2,}/, '/')
    const meant = running.has('models') && WITHOUT_V1.test(once) ? `/v1${once}` : once === shown ? undefined : once
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
    return errorAnswer(`There is nothing at ${shown}.${hint} ${places}`)
  }
  const message = `The ${absent} gateway does not run here: add \`${absent}:\` to the configuration to start it. ${places}`
  return absent !== 'models' && method === 'POST' ? rpcAnswer(message) : errorAnswer(message)
}

function errorAnswer(message: string): Response {
  return Response.json({ error: { message, type: 'invalid_request_error', code: 'not_found', source: 'caller' } }, NOT_FOUND)
}

/** For clients of MCP and A2A, which read JSON-RPC. The body is not read for somebody whom nobody knows, so the id is null. */
function rpcAnswer(message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: METHOD_NOT_FOUND, message, data: { code: 'not_found' } } }, NOT_FOUND)
}

/** What a client asks for whose base URL lacks the version. */
const WITHOUT_V1 = /^\/(chat|completions|embeddings|messages|models|responses)(\/|$)/

/** What the control port answers, which stands beside this one. */
const OF_CONTROL = /^\/(api|metrics)(\/|$)/

const NOT_FOUND = { status: 404 }
const METHOD_NOT_FOUND = -32601
