// What Linux says of a process and its descendants. A gateway that moves work into a child process must not look cheaper for it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

// Linux reports process times in hundredths of a second, whatever the kernel's own tick is.
const microsPerTick = 10_000
const ticksPerSecond = 100

/** CPU time used by all threads of a process and its descendants, user and system, in microseconds (steps of 10,000). */
export function readCpuMicros(pid: number): number {
  return sum(listTree(pid), (member) => {
    const fields = readStat(member)
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * microsPerTick
  })
}

/**
 * CPU time since boot of everything but this process and what it started, in microseconds; with it what the hypervisor took away. The
 * machine may be shared: this says how much of a measurement was somebody else's.
 */
export function readForeignCpuMicros(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readText('/proc/stat').split('\n', 1)[0]?.split(/\s+/) ?? []
  // Interrupts are in: Linux books the network's to whichever process they interrupt, which on loopback is one of ours.
  const total = [user, nice, system, irq, softirq, steal].reduce((ticks, field) => ticks + Number(field ?? 0), 0)
  // Fields 11 to 14: this process's user and system time, and those of its children that have ended.
  const own = sum(listTree(process.pid), (member) =>
    readStat(member)
      .slice(11, 15)
      .reduce((ticks, field) => ticks + Number(field), 0),
  )
  return (total - own) * microsPerTick
}

/** Resident memory of a process and its descendants in bytes. */
export function readRssBytes(pid: number): number {
  return sum(listTree(pid), (member) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${member}/status`))?.[1] ?? 0) * 1024)
}

/** How long ago a process was started, in milliseconds (steps of 10). */
export function readAgeMs(pid: number): number {
  const uptimeSeconds = Number(readText('/proc/uptime').split(' ')[0])
  return (uptimeSeconds - Number(readStat(pid)[19] ?? 0) / ticksPerSecond) * 1000
}

/** Children of a process, of all its threads. */
export function listChildren(pid: number): number[] {
  const lists = listTasks(pid).map((task) => readText(`/proc/${pid}/task/${task}/children`))
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function listTasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function listTree(pid: number): number[] {
  return [pid, ...listChildren(pid).flatMap(listTree)]
}

/** The fields of /proc/<pid>/stat from the third on: the second is a name, which may hold spaces and brackets. */
function readStat(pid: number): string[] {
  const text = readText(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** The text of a file of /proc, or '' when the process has ended. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function sum(pids: readonly number[], read: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + read(pid), 0)
}

/** From now on the highest resident memory of a process is counted anew. Linux 4.0 and later; its own user may. */
export function resetPeakRss(pid: number): void {
  for (const member of listTree(pid)) writeFileSync(`/proc/${member}/clear_refs`, '5')
}

/** The highest resident memory since then, of a process and its descendants, in bytes: by the kernel's count, so that nothing is missed between looks. */
export function readPeakRssBytes(pid: number): number {
  return sum(listTree(pid), (member) => Number(/^VmHWM:\s+(\d+) kB/m.exec(readText(`/proc/${member}/status`))?.[1] ?? 0) * 1024)
}
