#!/usr/bin/env node
// Finds the Bun runtime that npm installed for this platform and starts the command line with it.
// Plain JavaScript for Node 18 and later: it runs before anything of ours can be relied on.
import { spawn } from 'node:child_process'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { BUN_FLAGS, bunEnvironment, findBun, nodeHelp, platformHelp } from './find-bun.js'

const tooOld = nodeHelp()
if (tooOld !== undefined) {
  process.stderr.write(tooOld)
  process.exit(3)
}

const bun = findBun()
if (bun === undefined) {
  process.stderr.write(platformHelp())
  process.exit(3)
}

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
// By the process id the gateway sees when this process is gone (kill -9): nobody would stop it then (src/platform/launcher.ts).
const environment = { ...bunEnvironment(process.env), SIGNALBOX_LAUNCHER: String(process.pid), SIGNALBOX_LAUNCHED_AT: String(Date.now()) }
const terminals = [0, 1, 2].filter(isatty)
const child = spawn(bun, [...BUN_FLAGS, entry, ...process.argv.slice(2)], { stdio: 'inherit', env: environment })

// A signal sent to this process alone (systemd, docker stop) must reach the gateway, so that it drains.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
  process.on(signal, () => child.kill(signal))
}
child.on('error', (error) => {
  process.stderr.write(`signalbox: the Bun runtime at ${bun} cannot be started: ${error.message}\n${platformHelp()}`)
  process.exit(3)
})
child.on('exit', (code, signal) => {
  // Node 20 aborts at an exit where it cannot put back the terminal: where that is gone (src/platform/terminal.ts), this ends by what said so.
  const isTerminalGone = terminals.length > 0 && !terminals.some(isatty)
  if (signal === null && !isTerminalGone) process.exit(code ?? 0)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.removeAllListeners(name)
  process.kill(process.pid, signal ?? 'SIGHUP')
})
