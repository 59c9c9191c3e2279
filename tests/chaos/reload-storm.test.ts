import { expect, test } from 'bun:test'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { chatAnswer, fakeUpstream } from '../../src/testing/fake-upstream.ts'
import { readSettledBooks } from './lab/books.ts'
import { type Chance, chanceFor } from './lab/chance.ts'
import { call } from './lab/client.ts'
import { Crowd } from './lab/crowd.ts'
import { expectComplete, expectExactSpend, expectRecorded, expectWhole } from './lab/expect-books.ts'
import type { GatewayProcess } from './lab/gateway-process.ts'
import { type Lab, type LabConfig, modelsOf, openLab } from './lab/lab.ts'
import { inTime, pause, until } from './lab/until.ts'

const CHANGES = 200
const SCRIPT = { pieces: ['one ', 'two ', 'three'], content: 'whole', usage: { inputTokens: 3, outputTokens: 3 }, pauseMs: 5 }

interface Status {
  readonly config: { readonly revision: string; readonly problems: readonly string[] }
}

test('200 changes of the configuration under load, good, bad, half and by link: no call fails, and the last good one is in force', async () => {
  const chance = chanceFor('reload storm')
  await using upstream = await fakeUpstream(chatAnswer(SCRIPT))
  await using lab = await openLab({ baseUrl: upstream.baseUrl })
  const file = new ConfigFile(lab, upstream.baseUrl, chance)
  const gateway = await lab.gateway()
  const { key } = await gateway.createKey()
  const crowd = new Crowd({ origin: gateway.origin, key, members: 50, chance, streams: 0.7 })
  for (let number = 1; number <= CHANGES; number++) {
    await file.change(number)
    // Most changes come too fast for the gateway to take up; some stay for long enough.
    await pause(chance.next() < 0.9 ? chance.between(0, 20) : chance.between(250, 350))
  }
  await until('a good file is in force', async () => {
    // Written anew, for the last of the storm may have been a bad one.
    file.writeGood(CHANGES + 1)
    return untilInForce(gateway, { key, model: `mini-${CHANGES + 1}` })
  })
  file.writeBad()
  await until('the bad file was looked at', async () => (await statusOf(gateway)).config.problems.length > 0)
  const status = await statusOf(gateway)
  const calls = await inTime('the calls', crowd.leave())

  expect(calls.filter(({ isComplete }) => !isComplete).map(({ status, text }) => ({ status, text }))).toEqual([])
  expect(await answers(gateway, { key, model: `mini-${CHANGES + 1}` })).toBe(true)
  const books = await readSettledBooks(lab.dataFolder)
  expectWhole(books)
  expectComplete(books, calls)
  expectRecorded(books, upstream.requests)
  await expectExactSpend(gateway, books)
  const loaded = books.events.filter((event) => event.type === 'config.loaded')
  const rejected = books.events.filter((event) => event.type === 'config.rejected')
  expect(loaded.length).toBeGreaterThan(5)
  expect(loaded.at(-1)?.revision).toBe(status.config.revision)
  expect(rejected.at(-1)?.problems).toEqual(status.config.problems)
  console.error(`reload storm: ${calls.length} calls, ${loaded.length} configurations came into force, ${rejected.length} were refused`)
}, 120_000)

/** A configuration file that is changed in every way in which people and programs change one. */
class ConfigFile {
  readonly #path: string
  readonly #lab: Lab
  readonly #baseUrl: string
  readonly #chance: Chance
  readonly #other: string

  constructor(lab: Lab, baseUrl: string, chance: Chance) {
    this.#lab = lab
    this.#baseUrl = baseUrl
    this.#chance = chance
    this.#path = lab.start.configFile
    this.#other = join(lab.folder, 'elsewhere')
    mkdirSync(this.#other)
  }

  async change(number: number): Promise<void> {
    const act = this.#chance.pick([
      () => this.writeGood(number),
      () => this.#writeInPieces(number),
      () => this.#renameOver(number),
      () => this.#swapLink(number),
      () => this.writeBad(),
      () => this.#writeNoYaml(),
      () => this.#remove(number),
    ])
    await act()
  }

  writeGood(number: number): void {
    this.#replace(this.#text(number))
  }

  /** An unknown key, which is refused as a whole. */
  writeBad(): void {
    this.#replace(JSON.stringify({ ...this.#lab.config, modles: {} }))
  }

  #writeNoYaml(): void {
    this.#replace('listen: { data: [\n')
  }

  /** As an editor that is interrupted. What stands there in between is no YAML. */
  async #writeInPieces(number: number): Promise<void> {
    const text = this.#text(number)
    this.#replace(text.slice(0, Math.floor(text.length / 2)))
    await pause(this.#chance.between(0, 150))
    this.#replace(text)
  }

  #renameOver(number: number): void {
    writeFileSync(`${this.#path}~`, this.#text(number))
    renameSync(`${this.#path}~`, this.#path)
  }

  #swapLink(number: number): void {
    const target = join(this.#other, `${number}.yaml`)
    writeFileSync(target, this.#text(number))
    symlinkSync(join(basename(this.#other), basename(target)), `${this.#path}.link`)
    renameSync(`${this.#path}.link`, this.#path)
  }

  async #remove(number: number): Promise<void> {
    rmSync(this.#path)
    await pause(this.#chance.between(0, 20))
    this.writeGood(number)
  }

  /** In place where it is a file; a link is taken away first, so that what it led to stays as it was. */
  #replace(text: string): void {
    rmSync(this.#path, { force: true })
    writeFileSync(this.#path, text)
  }

  /** Each has the model that everybody calls, and one of its own. */
  #text(number: number): string {
    const { models, ...rest } = modelsOf(this.#baseUrl) as LabConfig & { readonly models: readonly object[] } // as modelsOf makes it
    const own = { name: `mini-${number}`, provider: 'fake', id: 'fake-model' }
    return `${JSON.stringify({ ...this.#lab.config, models: { ...rest, models: [...models, own] } }, null, 2)}\n`
  }
}

async function untilInForce(gateway: GatewayProcess, { key, model }: { readonly key: string; readonly model: string }): Promise<boolean> {
  for (let look = 0; look < 40; look++) {
    if (await answers(gateway, { key, model })) return true
    await pause(50)
  }
  return false
}

async function answers(gateway: GatewayProcess, { key, model }: { readonly key: string; readonly model: string }): Promise<boolean> {
  return (await call({ origin: gateway.origin, key, isStream: false, model }).over).isComplete
}

function statusOf(gateway: GatewayProcess): Promise<Status> {
  return gateway.ask('GET', '/api/v1/status')
}
