/**
 * The entity batch: gathers creations and sends them together.
 *
 * Calls sent together share one transaction and one flush to disk (group commit), each in a savepoint
 * of its own: the batch costs about one write, and an item that is refused fails alone. For thousands
 * of items that succeed or fail as one, `createEntities` is quicker still.
 */
import { type Cancellable, type Clock, systemClock } from '@inner-universe/client'
import { UniverseError } from '@inner-universe/core'
import type { EntityInput } from './module/entities.ts'
import type { StandardClient } from './standard-client.ts'

/** What a batch is made of. */
export interface EntityBatchOptions {
  /** Items that make it go at once. Default 50. */
  readonly sizeMax?: number | undefined
  /** How long the first item of a batch waits at most, ms. Default 100. */
  readonly waitMs?: number | undefined
  /** Default {@link systemClock}. */
  readonly clock?: Pick<Clock, 'setTimer'> | undefined
}

/** Gathers creations of entities. */
export interface EntityBatch {
  /**
   * Adds an item; resolves to its id when it is durable, rejects with its own error.
   *
   * @throws UniverseError `call/aborted` when the signal fires before the batch goes; `client/closed`.
   */
  add(input: EntityInput, options?: Cancellable): Promise<string>
  /** Sends what has gathered; resolves when all of it, and all sent before, is settled. */
  flush(): Promise<void>
  /** Flushes and refuses further items. Idempotent. */
  close(): Promise<void>
  /** Items that wait to be sent. */
  readonly waitingCount: number
}

interface Item {
  readonly input: EntityInput
  readonly resolve: (id: string | Promise<string>) => void
  readonly detach: () => void
}

/** Makes a batch over a client. */
export function createEntityBatch(
  client: Pick<StandardClient, 'createEntity'>,
  options: EntityBatchOptions = {},
): EntityBatch {
  const { sizeMax = 50, waitMs = 100 } = options
  const { setTimer } = options.clock ?? systemClock
  let items = new Set<Item>()
  let cancelTimer: (() => void) | undefined
  let isClosed = false
  const underWay = new Set<Promise<unknown>>()

  const send = (): void => {
    cancelTimer?.()
    cancelTimer = undefined
    const batch = items
    items = new Set()
    // All calls leave in one turn of the event loop, which is what makes them one transaction.
    for (const { input, resolve, detach } of batch) {
      detach()
      const call = client.createEntity(input)
      resolve(call)
      // Its failure is the caller's to see; here only its end matters.
      const done = (): void => void underWay.delete(call)
      call.then(done, done)
      underWay.add(call)
    }
  }

  const flush = async (): Promise<void> => {
    send()
    await Promise.allSettled(underWay)
  }

  const add = (input: EntityInput, { signal }: Cancellable = {}): Promise<string> => {
    if (isClosed) {
      return Promise.reject(new UniverseError('client/closed', 'the entity batch was closed'))
    }
    const aborted = (): UniverseError =>
      new UniverseError('call/aborted', 'aborted before the batch was sent')
    if (signal?.aborted) return Promise.reject(aborted())
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        items.delete(item)
        item.detach()
        if (items.size === 0) {
          cancelTimer?.()
          cancelTimer = undefined
        }
        reject(aborted())
      }
      const detach = (): void => signal?.removeEventListener('abort', onAbort)
      const item: Item = { input, resolve, detach }
      signal?.addEventListener('abort', onAbort)
      items.add(item)
      if (items.size >= sizeMax) send()
      else cancelTimer ??= setTimer(send, waitMs)
    })
  }

  return {
    add,
    flush,
    close: async () => {
      isClosed = true
      await flush()
    },
    get waitingCount() {
      return items.size
    },
  }
}
