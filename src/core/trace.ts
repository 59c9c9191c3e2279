/** A position in one trace, after W3C Trace Context (https://www.w3.org/TR/trace-context/, read 2026-11-21). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits: this call's own span. */
  readonly spanId: string
  /** The span that caused this one, where the caller said so. */
  readonly parentSpanId?: string
  readonly isSampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const ZEROS = /^0+$/

/**
 * Continues the caller's trace, or begins one where the header is missing or wrong: a bad header is no reason to refuse a call.
 * @param randomHex gives that many random bytes as hexadecimal
 */
export function continueTrace(header: string | null | undefined, randomHex: (bytes: number) => string): TraceContext {
  const match = header ? TRACEPARENT.exec(header) : null
  const [, version, traceId, parentSpanId, flags, rest] = match ?? []
  const isValid =
    version !== undefined &&
    traceId !== undefined &&
    parentSpanId !== undefined &&
    flags !== undefined &&
    version !== 'ff' &&
    (version !== '00' || rest === undefined) &&
    !ZEROS.test(traceId) &&
    !ZEROS.test(parentSpanId)
  if (!isValid) return { traceId: randomHex(16), spanId: randomHex(8), isSampled: true }
  return { traceId, spanId: randomHex(8), parentSpanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** The header for what is called next: the same trace, with this call's span as the parent. */
export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.isSampled ? '01' : '00'}`
}
