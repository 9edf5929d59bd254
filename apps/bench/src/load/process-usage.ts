/** What a process has used, read from Linux's /proc. Elsewhere the figures are missing. */
import { readFileSync } from 'node:fs'

/** Processor time and memory of one process. */
export interface Usage {
  /** Seconds of processor time since it began. */
  readonly cpuSeconds: number
  /** Resident memory, bytes. */
  readonly residentBytes: number
}

/** Clock ticks a second in /proc (`getconf CLK_TCK`): 100 on every Linux in use. */
const TICKS_PER_SECOND = 100

/** The usage of a process now; undefined where there is no /proc, or it has ended. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      residentBytes: kilobytes * 1024,
    }
  } catch {
    return undefined
  }
}
