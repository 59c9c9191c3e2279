import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { revealHeaders } from '../core/header-fields.ts'
import type { World } from '../core/world.ts'
import { askAddress, unreachable } from './ask-address.ts'
import type { DoctorRequest, Finding } from './doctor.ts'
import type { Snapshot } from './snapshot.ts'

/** Whether MCP servers and agents are there. Programs are looked for and not started; addresses are asked with GET, which calls nothing. */
export async function examinePlaces(
  world: World,
  { config, agents }: Snapshot,
  { cwd, env }: Pick<DoctorRequest, 'cwd' | 'env'>,
): Promise<readonly Finding[]> {
  const servers = Object.entries(config.tools?.servers ?? {}).map(async ([name, { command, url, headers }]) => {
    const named = `The MCP server ${name}`
    if (url !== undefined) return examineServer(world, named, url, revealHeaders(headers))
    return command === undefined ? [] : [examineProgram(named, command[0] ?? '', cwd, env)]
  })
  const cards = agents.names().map((name) => examineCard(world, `The agent ${name}`, agents.find(name)))
  return (await Promise.all([...servers, ...cards])).flat()
}

async function examineServer(
  world: World,
  named: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly Finding[]> {
  const asked = await askAddress(world, url, { accept: 'text/event-stream', ...headers })
  if (asked.type === 'silent') return [unreachable(named, asked)]
  return [answerOf(named, asked.response.status)]
}

/** A server that has no streams says 405 to this question, and one that wants a session 400: both are there. */
function answerOf(named: string, status: number): Finding {
  if (status === 401 || status === 403) {
    const todo = 'See what it wants under headers of the server.'
    return { check: 'key', verdict: 'bad', what: `${named} refuses what it is sent (${status}).`, todo }
  }
  if (status === 404)
    return { check: 'reachable', verdict: 'bad', what: `${named} is not at its address (404).`, todo: 'See the path of its url.' }
  if (status >= 500) return { check: 'reachable', verdict: 'bad', what: `${named} answers ${status}.`, todo: 'See its own log.' }
  return { check: 'reachable', verdict: 'good', what: `${named} answers.` }
}

async function examineCard(world: World, named: string, agent: ReturnType<Snapshot['agents']['find']>): Promise<readonly Finding[]> {
  for (const url of agent?.cardUrls ?? []) {
    const asked = await askAddress(world, url, { accept: 'application/json', ...agent?.headers })
    if (asked.type === 'silent') return [unreachable(named, asked)]
    if (asked.response.status === 200) return [{ check: 'card', verdict: 'good', what: `${named} answers, and has a card.` }]
  }
  const todo = 'See its url, and say with card where its card is.'
  return [{ check: 'card', verdict: 'bad', what: `${named} answers, but has no card at ${agent?.cardUrls.join(' or ')}.`, todo }]
}

function examineProgram(named: string, program: string, cwd: string, env: DoctorRequest['env']): Finding {
  const isPath = program.includes('/')
  const places = isPath ? [resolve(cwd, program)] : (env.PATH ?? '').split(delimiter).map((folder) => join(folder, program))
  if (places.some(isProgram)) return { check: 'program', verdict: 'good', what: `${named} has its program ${program}.` }
  const where = isPath ? 'there is none, or it may not be executed' : 'it is in no folder of PATH'
  return {
    check: 'program',
    verdict: 'bad',
    what: `${named} cannot be started: ${program}: ${where}.`,
    todo: 'Install it, or write its whole path.',
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: the next place is looked at.
    return false
  }
}
