/**
 * The client pool: bounded concurrency over one universe.
 *
 * A universe has one worker and one writer, so there are no connections to pool. What a pool is for
 * remains: at most so many pieces of work at a time, first come first served, none waiting for ever.
 * A lease is the right to use the client; it is not checked at every call.
 */
import { type Cancellable, type Clock, systemClock } from '@inner-universe/client'
import { UniverseError } from '@inner-universe/core'
import type { StandardClient } from './standard-client.ts'

/** What a pool is made of. */
export interface ClientPoolOptions {
  /** Leases at a time. Default 10. */
  readonly sizeMax?: number | undefined
  /** Those who may wait; one more is refused. Default 1000. */
  readonly waitingMax?: number | undefined
  /** How long one waits, ms. Default 30,000. */
  readonly acquireTimeoutMs?: number | undefined
  /** Default {@link systemClock}. */
  readonly clock?: Pick<Clock, 'setTimer'> | undefined
}

/** The right to use the client until `release`, which is idempotent. */
export interface ClientLease {
  readonly client: StandardClient
  release(): void
}

/** Bounded, fair use of one client. */
export interface ClientPool {
  /**
   * A lease, at once or in turn.
   *
   * @throws UniverseError `call/timed-out` when the turn does not come in time; `call/aborted`;
   * `call/backlog-full`; `client/closed` after `shutdown`, also for those who wait.
   */
  acquire(options?: Cancellable): Promise<ClientLease>
  /** Runs work under a lease and gives it back, also when the work fails. */
  with<Result>(
    work: (client: StandardClient) => Promise<Result> | Result,
    options?: Cancellable,
  ): Promise<Result>
  /** Refuses those who wait and whoever comes; resolves when all leases are back. */
  shutdown(): Promise<void>
  readonly inUseCount: number
  readonly waitingCount: number
}

interface Waiter {
  readonly grant: () => void
  readonly refuse: (error: UniverseError) => void
}

/** Makes a pool over a client. The client stays the caller's to close. */
export function createClientPool(
  client: StandardClient,
  options: ClientPoolOptions = {},
): ClientPool {
  const { sizeMax = 10, waitingMax = 1000, acquireTimeoutMs = 30_000 } = options
  const { setTimer } = options.clock ?? systemClock
  if (!Number.isSafeInteger(sizeMax) || sizeMax < 1) {
    throw new UniverseError('universe/validation', `sizeMax must be from 1, not ${sizeMax}`)
  }
  // A set keeps the order of arrival and lets one go from the middle.
  const waiting = new Set<Waiter>()
  let inUseCount = 0
  let isShutDown = false
  let onDrained: (() => void) | undefined
  let drained: Promise<void> | undefined

  const lease = (): ClientLease => {
    let isReleased = false
    return {
      client,
      release: () => {
        if (isReleased) return
        isReleased = true
        // The place goes straight to the next in turn: nobody can slip in between.
        for (const next of waiting) {
          next.grant()
          return
        }
        inUseCount -= 1
        if (inUseCount === 0) onDrained?.()
      },
    }
  }

  const wait = (signal: AbortSignal | undefined): Promise<ClientLease> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(waiter)
        cancelTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      const refuse = (error: UniverseError): void => {
        settle()
        reject(error)
      }
      const waiter: Waiter = {
        grant: () => {
          settle()
          resolve(lease())
        },
        refuse,
      }
      const onAbort = (): void =>
        refuse(new UniverseError('call/aborted', 'aborted while waiting for a client'))
      const cancelTimer = setTimer(() => {
        const message = `no client became free in ${acquireTimeoutMs} ms`
        refuse(new UniverseError('call/timed-out', message))
      }, acquireTimeoutMs)
      signal?.addEventListener('abort', onAbort)
      waiting.add(waiter)
    })

  const acquire = async ({ signal }: Cancellable = {}): Promise<ClientLease> => {
    if (isShutDown) throw new UniverseError('client/closed', 'the client pool was shut down')
    if (signal?.aborted) {
      throw new UniverseError('call/aborted', 'aborted before a client was asked for')
    }
    if (inUseCount < sizeMax) {
      inUseCount += 1
      return lease()
    }
    if (waiting.size >= waitingMax) {
      throw new UniverseError('call/backlog-full', `${waitingMax} wait for a client already`)
    }
    return wait(signal)
  }

  return {
    acquire,
    with: async (work, withOptions) => {
      const held = await acquire(withOptions)
      try {
        return await work(held.client)
      } finally {
        held.release()
      }
    },
    shutdown: () => {
      isShutDown = true
      for (const waiter of [...waiting]) {
        waiter.refuse(new UniverseError('client/closed', 'the client pool was shut down'))
      }
      drained ??=
        inUseCount === 0
          ? Promise.resolve()
          : new Promise((resolve) => {
              onDrained = resolve
            })
      return drained
    },
    get inUseCount() {
      return inUseCount
    },
    get waitingCount() {
      return waiting.size
    },
  }
}
