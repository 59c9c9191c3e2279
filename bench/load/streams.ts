import { wallClockMs } from '../lab/clock.ts'
import { stampLength, stampMark } from '../mock/stamp.ts'
import { type Client, connect } from './connect.ts'
import { FailureCount, type StreamsJob, type StreamsReport } from './jobs.ts'
import { Samples } from './samples.ts'

interface Run {
  readonly job: StreamsJob
  readonly request: Uint8Array
  readonly delays: Samples
  readonly failures: FailureCount
  chunks: number
  /** Streams that have brought a chunk, and streams that are over. Delays count while all have begun and none is over. */
  begun: number
  over: number
}

/** Opens streams side by side and measures how long each chunk took from the mock to here. */
export async function runStreams(job: StreamsJob): Promise<StreamsReport> {
  const run: Run = {
    job,
    request: Buffer.from(job.request),
    delays: new Samples(),
    failures: new FailureCount(),
    chunks: 0,
    begun: 0,
    over: 0,
  }
  const gapMs = job.openOverMs / job.streams
  await Promise.all(Array.from({ length: job.streams }, (_, index) => readStream(run, index * gapMs)))
  const lost = run.failures.count
  return {
    streams: job.streams,
    lost,
    chunks: run.chunks,
    measuredChunks: run.delays.count,
    delayMs: run.delays.summarize(),
    ...run.failures.report(),
  }
}

async function readStream(run: Run, waitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  await Bun.sleep(waitMs)
  const scanner = new StampScanner(run)
  let client: Client | undefined
  const limit = setTimeout(() => resolve(`no end after ${run.job.limitMs} ms: ${scanner.describe()}`), run.job.limitMs)
  connect(run.job.port, {
    onOpen(opened) {
      client = opened
      opened.send(run.request)
    },
    onBody: (piece) => scanner.scan(piece),
    onEnd: (status) => resolve(status === 200 && scanner.isComplete() ? undefined : `${status}: ${scanner.describe()}`),
    onClose: (reason) => resolve(`${reason}: ${scanner.describe()}`),
  })
  const failure = await promise
  clearTimeout(limit)
  client?.destroy()
  run.over++
  if (failure !== undefined) run.failures.add(failure)
}

/** Finds the send times in a stream, wherever the network cut it. */
class StampScanner {
  readonly #run: Run
  #tail = ''
  #chunks = 0
  #isDone = false

  constructor(run: Run) {
    this.#run = run
  }

  scan(piece: Buffer): void {
    const nowMs = wallClockMs()
    const text = this.#tail + piece.toString('latin1')
    let at = text.indexOf(stampMark)
    let end = 0
    for (; at !== -1 && at + stampMark.length + stampLength <= text.length; at = text.indexOf(stampMark, end)) {
      end = at + stampMark.length + stampLength
      this.#count(nowMs - Number(text.slice(at + stampMark.length, end)))
    }
    // The last event of the two wires that are asked.
    if (text.includes('[DONE]') || text.includes('message_stop')) this.#isDone = true
    // Enough of the end to hold a mark or a [DONE] that was cut, and nothing that was counted.
    this.#tail = at === -1 ? text.slice(Math.max(end, text.length - 'message_stop'.length)) : text.slice(at)
  }

  isComplete(): boolean {
    return this.#isDone && this.#chunks === this.#run.job.chunks
  }

  describe(): string {
    return `${this.#chunks} of ${this.#run.job.chunks} chunks, ${this.#isDone ? 'with' : 'without'} [DONE]; last text: ${this.#tail.slice(0, 200)}`
  }

  #count(delayMs: number): void {
    const run = this.#run
    run.chunks++
    if (this.#chunks++ === 0) run.begun++
    if (run.begun === run.job.streams && run.over === 0) run.delays.add(delayMs)
  }
}
