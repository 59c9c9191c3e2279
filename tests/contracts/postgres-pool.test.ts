import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { realWorld } from '../../src/platform/world.ts'
import { Pool } from '../../src/storage/postgres/pool.ts'
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'
import { POSTGRES_URL } from './postgres-server.ts'

const ROUNDS = 10
const LOST = { code: 'store_unavailable', message: expect.stringContaining('does not answer') }

/** The turn of the event loop in which what the driver does late is done. */
const turns = () => Bun.sleep(5)

// A failure of the driver outside of any promise ends the test: it would end the gateway.
function poolTests(server: string): void {
  describe('postgres: a connection that is lost', () => {
    let proxy: CuttingProxy
    let pool: Pool
    beforeEach(() => {
      proxy = cuttingProxy(Number(new URL(server).port))
      const url = new URL(server)
      url.port = String(proxy.port)
      pool = new Pool({ url: url.href, world: realWorld(), patienceMs: 5000 })
    })
    afterEach(async () => {
      await pool.close()
      proxy.stop()
    })

    const one = async (): Promise<unknown> => (await pool.use((sql) => sql.unsafe('SELECT 1 AS one')))[0]
    /** Goes on at once, and not only when some connection has timed out. */
    const expectGoesOn = async () => {
      for (let use = 0; use < 8; use++) expect(await one()).toEqual({ one: 1 })
      expect(await pool.transaction((sql) => sql.unsafe('SELECT 2 AS two'))).toMatchObject([{ two: 2 }])
      expect(pool.silence).toBeUndefined()
    }

    test('in a statement: the asker is told, and the next question is answered', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        // On a connection that is there: one that is being made would be made again.
        await one()
        const asking = pool.use((sql) => sql.unsafe('SELECT pg_sleep(10)'))
        setTimeout(proxy.cutAll, 20)
        await expect(asking).rejects.toMatchObject(LOST)
        await expectGoesOn()
      }
    })

    test('in a statement of a transaction: nothing is sent after it', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const asking = pool.transaction(async (sql) => {
          setTimeout(proxy.cutAll, 20)
          await Promise.all([
            sql.unsafe('SELECT pg_sleep(10)'),
            sql.unsafe('SELECT 2'),
            sql.unsafe('SELECT $1::int', [3], { prepare: true }),
          ])
        })
        await expect(asking).rejects.toMatchObject(LOST)
        await turns()
        await expectGoesOn()
      }
    })

    test.each([
      ['asks on', 'statement'],
      ['fails', 'failure'],
      ['ends', 'ending'],
    ] as const)('between two statements of a transaction that then %s', async (_name, then) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [told, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const asking = pool.transaction(async (sql) => {
          await sql.unsafe('SELECT 1')
          proxy.cutAll()
          await told.promise
          left.resolve()
          if (then === 'statement') await sql.unsafe('SELECT 2')
          if (then === 'failure') throw new Error('for a reason of its own')
        })
        // The asker hears of it while the work is still at something else.
        await expect(asking).rejects.toMatchObject(LOST)
        told.resolve()
        await left.promise
        await turns()
        await expectGoesOn()
      }
    })

    test('while many ask: no connection is left over that nobody uses', async () => {
      const url = new URL(server)
      url.port = String(proxy.port)
      const hasty = new Pool({ url: url.href, world: realWorld(), patienceMs: 200 })
      hasty.listen('any', () => {})
      let isOn = true
      const askers = Array.from({ length: 12 }, async () => {
        while (isOn) {
          const asking = hasty.transaction(async (sql) => {
            await sql.unsafe('SELECT 1')
            await turns()
          })
          await Promise.all([asking, hasty.use((sql) => sql.unsafe('SELECT 1'))]).catch((error) => expect(error).toMatchObject(LOST))
        }
      })
      for (let round = 0; round < 6 * ROUNDS; round++) {
        for (let turn = 0; turn < round % 8; turn++) await turns()
        proxy.cutAll()
      }
      isOn = false
      await Promise.all(askers)
      // Four may be open at one time, and one listens.
      for (let look = 0; proxy.connections > 5 && look < 200; look++) await turns()
      expect(proxy.connections).toBeLessThanOrEqual(5)
      await hasty.close()
      for (let look = 0; proxy.connections > 0 && look < 200; look++) await turns()
      expect(proxy.connections).toBe(0)
    })

    test('leaves other questions alone that are still being answered', async () => {
      const direct = new Pool({ url: server, world: realWorld() })
      const slow = direct.transaction(async (sql) => {
        await sql.unsafe('SELECT pg_sleep(0.3)')
        return sql.unsafe<{ done: boolean }[]>('SELECT true AS done')
      })
      const [victim] = await direct.use(async (sql) => {
        const [row] = await sql.unsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid')
        return [Number(row?.pid)]
      })
      const killed = direct.use((sql) => sql.unsafe('SELECT pg_sleep(10)')).catch((error) => error)
      await Bun.sleep(50)
      await pool.use((sql) => sql.unsafe('SELECT pg_terminate_backend($1)', [victim ?? 0]))
      expect(await killed).toMatchObject(LOST)
      expect(await direct.use((sql) => sql.unsafe('SELECT 1 AS one'))).toMatchObject([{ one: 1 }])
      expect(await slow).toMatchObject([{ done: true }])
      await direct.close()
    })

    test('lists arrive as they were given, whatever stands in them', async () => {
      const texts = ['', 'NULL', 'null', ' a, b ', '"', '\\', '\\"{}', 'ü\n\t', "o'clock"]
      const ids = ['00000000-0000-0000-0000-000000000001']
      const numbers = [-1, 0, 2 ** 31 - 1]
      const large = ['9223372036854775807', -5]
      for (const each of [texts, []]) {
        const text = 'SELECT to_json($1::text[]) AS texts, $2::uuid[] AS ids, to_json($3::integer[]) AS numbers, $4::bigint[] AS large'
        const [row] = await pool.use((sql) => sql.unsafe(text, [each, ids, numbers, large], { prepare: true }))
        expect({ ...row }).toEqual({ texts: each, ids: `{${ids[0]}}`, numbers, large: '{9223372036854775807,-5}' })
      }
    })

    test('a refusal inside a transaction is rolled back, and the connection goes on', async () => {
      const refused = await pool
        .transaction(async (sql) => {
          await sql.unsafe('CREATE TEMPORARY TABLE rolled_back (one integer)')
          await sql.unsafe('SELECT 1 / 0')
        })
        .catch((error) => error)
      expect(refused).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('division by zero') })
      expect(pool.silence).toBeUndefined()
      expect(await pool.use((sql) => sql.unsafe(`SELECT to_regclass('rolled_back') AS found`))).toMatchObject([{ found: null }])
    })
  })
}

if (POSTGRES_URL !== undefined) poolTests(POSTGRES_URL)
