/** A home of jobs within the thread of the test: what a worker does, over drivers the test can spoil. */
import type { UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { JobMessage } from '../jobs/contract.ts'
import type { JobHome } from '../jobs/job-home.ts'
import type { JobPort } from '../jobs/job-link.ts'
import { createPersistency, type Persistency } from '../jobs/persistency.ts'
import { hostJob } from '../jobs/worker/job-host.ts'

/** A root, and what the test does to it. */
export interface LocalJobs {
  readonly root: Persistency
  readonly faults: unknown[]
  /** Drivers of the jobs that were opened. */
  readonly drivers: Driver[]
  /** Lists of requests posted, and messages sent back. */
  readonly traffic: { posted: number; sent: number }
  /** The workers die, as a thread does that runs out of memory. */
  die(error: UniverseError): void
  /** What waits for a timer, which the test lets pass. */
  readonly timers: (() => void)[]
  /** Workers stop answering. */
  fallSilent(): void
}

/** Makes a root in memory. `open` may give a driver of the test's own. */
export function localJobs(
  options: { readonly timeoutMs?: number; readonly open?: () => Promise<Driver> } = {},
): LocalJobs {
  const faults: unknown[] = []
  const drivers: Driver[] = []
  const timers: (() => void)[] = []
  const ends = new Set<(error: UniverseError) => void>()
  const traffic = { posted: 0, sent: 0 }
  let isSilent = false
  const start = (): JobPort => {
    let onMessage: (message: JobMessage) => void = () => undefined
    const { connect } = hostJob({
      defer: (run) => void setImmediate(run),
      open: async () => {
        const driver =
          (await options.open?.()) ?? openNodeDatabase({ path: ':memory:', durability: 'process' })
        drivers.push(driver)
        return driver
      },
      drop: async () => undefined,
    })
    const take = connect((message) => {
      traffic.sent += 1
      const copy = structuredClone(message)
      if (!isSilent) queueMicrotask(() => onMessage(copy))
    })
    return {
      post: (requests) => {
        traffic.posted += 1
        const copy = structuredClone(requests)
        queueMicrotask(() => take(copy))
      },
      listen: (listener, onEnd) => {
        onMessage = listener
        ends.add(onEnd)
      },
      terminate: async () => undefined,
    }
  }
  const home: JobHome = {
    start,
    startAlone: start,
    placeOf: () => ({ kind: 'memory' }),
    list: async () => [],
  }
  const root = createPersistency({
    root: 'local',
    home,
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    onFault: (error) => faults.push(error),
    defer: (run) => void setImmediate(run),
    setTimer: (run) => {
      timers.push(run)
      return () => void timers.splice(timers.indexOf(run) >>> 0, 1)
    },
  })
  return {
    root,
    faults,
    drivers,
    traffic,
    timers,
    die: (error) => {
      for (const end of ends) end(error)
    },
    fallSilent: () => {
      isSilent = true
    },
  }
}
