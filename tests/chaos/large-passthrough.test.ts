import { expect, test } from 'bun:test'
import { type LabConfig, modelsOf, openLab } from './lab/lab.ts'

/** Of one body. A gateway that held it whole would grow by as much at the least. */
const SIZE_MB = 200
const BAR_MB = 80
const PIECE = new Uint8Array(1024 * 1024).fill(65)

/** A provider that counts what it is sent, slowly, and sends as much back where it is asked to. */
function startProvider() {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: 1e9,
    idleTimeout: 0,
    fetch: async (request) => {
      if (request.method === 'GET') return new Response(bodyOf(SIZE_MB), { headers: { 'content-type': 'application/octet-stream' } })
      let sizeBytes = 0
      let untilPause = 10 * PIECE.length
      for await (const piece of request.body ?? []) {
        sizeBytes += piece.length
        if (sizeBytes < untilPause) continue
        untilPause += 10 * PIECE.length
        await Bun.sleep(20)
      }
      return Response.json({ id: 'file-1', object: 'file', bytes: sizeBytes, length: request.headers.get('content-length') })
    },
  })
}

function bodyOf(megabytes: number): ReadableStream<Uint8Array> {
  let left = megabytes
  return new ReadableStream({
    pull: (controller) => {
      if (left-- === 0) controller.close()
      else controller.enqueue(PIECE)
    },
  })
}

/** The most that a process held while something went on, less what it held before, in megabytes. */
async function growthMb(residentMb: () => number, work: () => Promise<unknown>): Promise<number> {
  const beforeMb = residentMb()
  let peakMb = beforeMb
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb())
  }, 10)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return peakMb - beforeMb
}

test('a file of 200 MB goes to a provider, and back, without being held in memory', async () => {
  await using provider = startProvider()
  const baseUrl = `http://127.0.0.1:${provider.port}/v1`
  const paths = ['POST /files', 'GET /files/*/content']
  const config: LabConfig = {
    models: modelsOf(baseUrl, { providers: { fake: { wire: 'openai-chat', baseUrl, passthrough: { paths, usdPerCall: 0 } } } }),
  }
  await using lab = await openLab({ baseUrl, config })
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const headers = { authorization: `Bearer ${key}` }
  const url = `${gateway.origin}/passthrough/fake/files`
  const upload = async (megabytes: number) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(megabytes * PIECE.length) },
      body: bodyOf(megabytes),
    })
    return response.json()
  }
  // The first call loads what the others need.
  await upload(1)
  const upMb = await growthMb(
    () => gateway.residentMb,
    async () => {
      const size = SIZE_MB * PIECE.length
      expect(await upload(SIZE_MB)).toMatchObject({ bytes: size, length: String(size) })
    },
  )
  const downMb = await growthMb(
    () => gateway.residentMb,
    async () => {
      const response = await fetch(`${url}/file-1/content`, { headers })
      let sizeBytes = 0
      for await (const piece of response.body ?? []) sizeBytes += piece.length
      expect(sizeBytes).toBe(SIZE_MB * PIECE.length)
    },
  )
  console.log(`A body of ${SIZE_MB} MB costs ${upMb.toFixed(1)} MB on its way to the provider, ${downMb.toFixed(1)} MB on its way back.`)
  expect([upMb < BAR_MB, downMb < BAR_MB]).toEqual([true, true])
}, 60_000)
