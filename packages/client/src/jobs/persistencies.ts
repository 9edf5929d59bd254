/** How roots are had: any number by `open`, or one for the whole thread by `instance`. */
import { UniverseError } from '@inner-universe/core'
import { systemClock } from '../main/clock.ts'
import { createDefer } from './defer.ts'
import type { JobHome } from './job-home.ts'
import { createPersistency, type Persistency, type PersistencyOptions } from './persistency.ts'

/** What every root may be opened with. */
export interface RootOptions extends Pick<PersistencyOptions, 'timeoutMs'> {
  /**
   * Told of writes that failed and nobody waits for, and of watchers that throw. Default: the console.
   */
  readonly onFault?: (error: unknown, jobId: string) => void
}

/** The ways to a {@link Persistency}. `Given` is what follows the root: the options. */
export interface Persistencies<Given extends readonly unknown[]> {
  /**
   * A root of jobs; `:memory:` for jobs that are private databases in memory. It is checked, but
   * nothing is made before a job is opened.
   *
   * @throws UniverseError `kv/invalid-argument` for a root that is empty or cannot be one.
   */
  open(root: string, ...options: Given): Promise<Persistency>
  /**
   * The one root of this thread: made by the first call with a root, the same object for the same root
   * and for none, until `reset`.
   *
   * @throws UniverseError `kv/invalid-argument` for another root or one that cannot be; `kv/closed`
   * without a root before there is one.
   */
  instance(...args: readonly [] | readonly [root: string, ...options: Given]): Persistency
  /** Closes the one root and forgets it. Idempotent. */
  reset(): Promise<void>
}

/** The ways, over what makes the home of a root: it checks the root first. */
export function createPersistencies<Given extends readonly [RootOptions?]>(
  homeOf: (root: string, ...options: Given) => JobHome,
): Persistencies<Given> {
  let one: Persistency | undefined

  const create = (root: string, ...given: Given): Persistency => {
    if (typeof root !== 'string' || root === '' || !root.isWellFormed() || root.includes('\0')) {
      throw new UniverseError(
        'kv/invalid-argument',
        `${JSON.stringify(root)} is no root; give the path of a directory, or ":memory:"`,
      )
    }
    const [options = {}] = given
    const { timeoutMs, onFault } = options
    return createPersistency({
      root,
      home: homeOf(root, ...given),
      ...(timeoutMs !== undefined && { timeoutMs }),
      onFault: onFault ?? ((error, jobId) => console.error(`inner-universe: job ${jobId}:`, error)),
      setTimer: systemClock.setTimer,
      defer: createDefer(),
    })
  }

  return {
    open: async (root, ...options) => create(root, ...options),
    instance: (...args) => {
      if (args.length === 0) {
        if (one !== undefined) return one
        throw new UniverseError('kv/closed', 'there is no instance yet; give its root first')
      }
      const [root, ...options] = args as readonly [string, ...Given]
      if (one === undefined) one = create(root, ...(options as unknown as Given))
      if (one.root === root) return one
      throw new UniverseError(
        'kv/invalid-argument',
        `the instance has the root "${one.root}", not "${root}"; reset it first`,
      )
    },
    reset: async () => {
      const closing = one
      one = undefined
      await closing?.close()
    },
  }
}
