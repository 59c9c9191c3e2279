import { isObject } from '../../core/json.ts'
import { PROVIDERS } from '../providers.ts'
import { nameFor, takeName } from './draft.ts'

/** What stands before the slash of a model of LiteLLM, and how it is called here. Source: https://docs.litellm.ai/docs/providers (read 2026-11-21). */
const KINDS: Readonly<Record<string, string>> = {
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  nvidia_nim: 'nvidia',
  ollama_chat: 'ollama',
  vertex_ai: 'vertex',
  azure_ai: 'azure',
  text_completion_openai: 'openai',
  openai_like: 'openai',
  hosted_vllm: 'vllm',
}

/** Prefixes whose providers are OpenAI-compatible servers at an address of one's own. */
const OWN_SERVERS: ReadonlySet<string> = new Set(['vllm', 'custom_openai', 'lm_studio', 'llamafile'])

/** What a deployment says of its provider. */
export interface Deployment {
  /** The provider's id of the model. */
  readonly id: string
  /** The configured name of the provider. */
  readonly provider: string
}

/** Gathers the providers of many deployments: each kind, address and key once. */
export class ProviderDrafts {
  readonly drafts: Record<string, Record<string, unknown>> = {}
  readonly #byIdentity = new Map<string, string>()
  readonly #taken = new Set<string>()
  readonly #notes: string[]

  constructor(notes: string[]) {
    this.#notes = notes
  }

  /** @param where the place in the other file, for notes */
  add(params: Readonly<Record<string, unknown>>, where: string): Deployment {
    const written = textOf(params.model) ?? ''
    const slash = written.indexOf('/')
    const prefix = slash === -1 ? undefined : written.slice(0, slash)
    const isKnown =
      prefix !== undefined && (this.#kindOf(prefix) !== undefined || OWN_SERVERS.has(KINDS[prefix] ?? prefix) || prefix === 'azure')
    const kind = isKnown ? (KINDS[prefix] ?? prefix) : (textOf(params.custom_llm_provider) ?? 'openai')
    if (prefix !== undefined && !isKnown)
      this.#notes.push(`${where}.model: "${prefix}" is no provider that is known here; it was taken for a part of the model's id`)
    const draft = this.#draft(kind, params, where)
    const identity = JSON.stringify([kind, draft])
    const known = this.#byIdentity.get(identity)
    const name = known ?? takeName(this.#taken, nameFor(kind))
    if (known === undefined) {
      this.#byIdentity.set(identity, name)
      // Under another name, the kind says which provider it is.
      this.drafts[name] = name !== kind && this.#kindOf(kind) !== undefined ? { kind, ...draft } : draft
    }
    return { provider: name, id: isKnown ? written.slice(slash + 1) : written }
  }

  #kindOf(prefix: string): string | undefined {
    const kind = Object.hasOwn(KINDS, prefix) ? KINDS[prefix] : prefix
    return kind !== undefined && Object.hasOwn(PROVIDERS, kind) ? kind : undefined
  }

  #draft(kind: string, params: Readonly<Record<string, unknown>>, where: string): Record<string, unknown> {
    const base = this.#address(kind, params, where)
    const isRow = this.#kindOf(kind) !== undefined
    const key = this.#key(kind, params.api_key, where)
    const wire = isRow ? {} : { wire: 'openai-chat' }
    const auth = kind === 'azure' && !isRow ? { auth: 'api-key' } : {}
    const region = textOf(params.aws_region_name) ?? textOf(params.vertex_location)
    return {
      ...wire,
      ...(base === undefined ? {} : { baseUrl: base }),
      ...auth,
      ...(key === undefined ? {} : { apiKey: key }),
      ...(region === undefined || !isRow ? {} : { region }),
      ...(isRow && textOf(params.vertex_project) !== undefined ? { project: textOf(params.vertex_project) } : {}),
      ...(isRow && textOf(params.organization) !== undefined ? { organization: textOf(params.organization) } : {}),
      ...(isObject(params.extra_headers) ? { headers: params.extra_headers } : {}),
    }
  }

  #address(kind: string, params: Readonly<Record<string, unknown>>, where: string): string | undefined {
    const written = textOf(params.api_base) ?? textOf(params.base_url)
    if (written === undefined) return this.#kindOf(kind) === undefined ? this.#unknownAddress(where) : undefined
    if (/^os\.environ\//.test(written)) {
      this.#notes.push(
        `${where}.api_base: an address is no secret here; write what ${written.slice(11)} holds in place of https://replace.invalid`,
      )
      return 'https://replace.invalid/v1'
    }
    const base = written.replace(/\/+$/, '')
    // The v1 endpoint of Azure takes the name of a deployment where others take a model.
    return kind === 'azure' && !/\/openai\/v1$/.test(base) ? `${base}/openai/v1` : base
  }

  #unknownAddress(where: string): string {
    this.#notes.push(`${where}: nothing says where this provider is; write its address in place of https://replace.invalid`)
    return 'https://replace.invalid/v1'
  }

  #key(kind: string, written: unknown, where: string): string | undefined {
    const row = Object.hasOwn(PROVIDERS, kind) ? PROVIDERS[kind] : undefined
    const text = textOf(written)
    if (text === undefined) return row?.keyEnv === undefined ? undefined : `env:${row.keyEnv}`
    const reference = /^os\.environ\/(\w+)$/.exec(text)?.[1]
    if (reference !== undefined) return `env:${reference}`
    const name = row?.keyEnv ?? `${kind.toUpperCase().replace(/\W+/g, '_')}_API_KEY`
    this.#notes.push(`${where}.api_key: a key stood in the file; put it into the environment variable ${name} (it is not repeated here)`)
    return `env:${name}`
  }
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
