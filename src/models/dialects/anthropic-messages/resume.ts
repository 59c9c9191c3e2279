import { isObject } from '../../../core/json.ts'
import { decodeSseFrame, encodeSseFrame } from '../../../core/sse.ts'
import type { ResumedStream } from '../../dialect.ts'

/** Gives the block of text of a second stream the place that it had in the first: the second may have thought before it spoke. */
export function resumeStream(lastText: Uint8Array): ResumedStream {
  const at = indexIn(decodeSseFrame(lastText).data) ?? 0
  let from: number | undefined
  return (frame) => {
    const { event, data } = decodeSseFrame(frame)
    const index = indexIn(data)
    if (data === undefined || index === undefined) return frame
    from ??= index
    if (from === at) return frame
    const value: unknown = JSON.parse(data)
    if (!isObject(value)) return frame
    return encodeSseFrame({ ...(event === undefined ? {} : { event }), data: JSON.stringify({ ...value, index: at + index - from }) })
  }
}

/** The place of a block; undefined where a frame is about none. */
function indexIn(data: string | undefined): number | undefined {
  const value: unknown = data?.startsWith('{') ? JSON.parse(data) : undefined
  return isObject(value) && typeof value.index === 'number' ? value.index : undefined
}
