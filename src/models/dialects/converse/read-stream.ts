import { isObject, type JsonObject } from '../../../core/json.ts'
import { decodeSseFrame } from '../../../core/sse.ts'
import type { StreamReader } from '../../dialect.ts'
import type { Seal } from '../../neutral/content.ts'
import type { Loss } from '../../neutral/loss.ts'
import type { StreamEvent } from '../../neutral/reply.ts'
import type { Target } from '../../types.ts'
import { readFrameData } from '../provider-reply.ts'
import { isProviders, readCitation, readStop } from './read-reply.ts'
import { redactedSeal, signatureSeal } from './seal.ts'
import { readUsage } from './usage.ts'

/** This wire has one answer. */
const candidate = 0

const PROVIDERS_LOSS: Loss = {
  path: 'output.message.content.toolUse',
  action: 'dropped',
  reason: 'what a provider ran by itself has no place in other wires',
}

/** What is known of a block that is open. */
interface Block {
  /** Its number among the calls. */
  call?: number
  thinks?: true
  signature: string
  redacted: string
}

/** Reads the messages of one stream. */
export function readStream(target: Target): StreamReader {
  const reader = new MessageReader(target)
  return {
    read: (frame) => {
      const { event = '', data } = decodeSseFrame(frame)
      const value = readFrameData(data)
      return value === undefined ? [] : reader.read(event, value)
    },
  }
}

class MessageReader {
  readonly #target: Target
  readonly #blocks = new Map<number, Block>()
  #calls = 0
  #isFinished = false

  constructor(target: Target) {
    this.#target = target
  }

  read(type: string, value: JsonObject): readonly StreamEvent[] {
    const at = typeof value.contentBlockIndex === 'number' ? value.contentBlockIndex : 0
    switch (type) {
      case 'messageStart':
        return [{ type: 'start' }]
      case 'contentBlockStart':
        return this.#begin(at, isObject(value.start) ? value.start : {})
      case 'contentBlockDelta':
        return isObject(value.delta) ? this.#say(at, value.delta) : []
      case 'contentBlockStop':
        return this.#end(at)
      case 'messageStop':
        return this.#finish(value)
      case 'metadata': {
        const usage = readUsage(value.usage, value.serviceTier)
        return usage === undefined ? [] : [{ type: 'usage', usage }]
      }
      default:
        return []
    }
  }

  #block(at: number): Block {
    const known = this.#blocks.get(at)
    if (known !== undefined) return known
    const made: Block = { signature: '', redacted: '' }
    this.#blocks.set(at, made)
    return made
  }

  #begin(at: number, { toolUse }: JsonObject): readonly StreamEvent[] {
    if (!isObject(toolUse)) return []
    if (isProviders(toolUse)) return [{ type: 'loss', loss: PROVIDERS_LOSS }]
    const block = this.#block(at)
    const index = this.#calls++
    block.call = index
    const id = typeof toolUse.toolUseId === 'string' && toolUse.toolUseId !== '' ? toolUse.toolUseId : `call_${index}`
    return [{ type: 'tool-call', candidate, index, id, name: typeof toolUse.name === 'string' ? toolUse.name : '' }]
  }

  #say(at: number, { text, toolUse, reasoningContent, citation }: JsonObject): readonly StreamEvent[] {
    if (typeof text === 'string') return text === '' ? [] : [{ type: 'text', candidate, text }]
    if (isObject(citation)) return [{ type: 'citation', candidate, citation: readCitation(citation) }]
    if (isObject(reasoningContent)) return this.#think(this.#block(at), reasoningContent)
    const { call } = this.#block(at)
    if (call === undefined || !isObject(toolUse) || typeof toolUse.input !== 'string' || toolUse.input === '') return []
    return [{ type: 'arguments', candidate, index: call, text: toolUse.input }]
  }

  #think(block: Block, { text, signature, redactedContent }: JsonObject): readonly StreamEvent[] {
    if (typeof signature === 'string') block.signature += signature
    if (typeof redactedContent === 'string') block.redacted += redactedContent
    if (typeof text !== 'string' || text === '') return []
    block.thinks = true
    return [{ type: 'thinking', candidate, text }]
  }

  #end(at: number): readonly StreamEvent[] {
    const block = this.#blocks.get(at)
    this.#blocks.delete(at)
    if (block?.call !== undefined) return []
    if (block?.redacted) return [{ type: 'seal', candidate, seal: redactedSeal(block.redacted), isHidden: true }]
    const seal: Seal | undefined = block?.thinks || block?.signature ? signatureSeal(block.signature, this.#target) : undefined
    return [seal === undefined ? { type: 'break', candidate } : { type: 'seal', candidate, seal }]
  }

  #finish({ stopReason }: JsonObject): readonly StreamEvent[] {
    const stop = readStop(stopReason)
    if (stop === undefined || this.#isFinished) return []
    this.#isFinished = true
    return [{ type: 'finish', candidate, stop }]
  }
}
