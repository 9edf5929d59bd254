/** Runs a compactor again and again, for as long as a relay runs. */
import type { Scheduler } from '@inner-universe/sync'
import type { LogStore } from '@inner-universe/sync/relay-side'
import type { Logger } from 'pino'
import type { RelayConfig } from './config.ts'
import { Compactor, type CompactorOptions } from './fold/compactor.ts'
import type { Folds } from './fold/folds.ts'

/** What running one needs. */
export interface CompactionOptions {
  readonly config: Pick<RelayConfig, 'retention'>
  readonly store: LogStore
  readonly folds: Folds
  readonly relay: CompactorOptions['relay']
  readonly hash: CompactorOptions['hash']
  readonly scheduler: Scheduler
  readonly log: Logger
}

/** Starts it; gives what stops it, which resolves when the step under way and the folds have ended. */
export function startCompaction(options: CompactionOptions): () => Promise<void> {
  const { config, store, folds, relay, hash, scheduler, log } = options
  const { retention } = config
  let isStopped = false
  const compactor = new Compactor({
    store,
    folds,
    relay,
    hash,
    retention,
    onEvent(event) {
      if (event.kind !== 'failed') log.info(event, event.kind)
      // What is broken off by the end of the relay is done after the next start.
      else if (!isStopped) {
        log.error({ universe: event.universe, err: event.error }, 'compaction failed')
      }
    },
  })
  let cancel = (): void => undefined
  let step = Promise.resolve()
  const plan = (): void => {
    cancel = scheduler.setTimer(retention.everyMs, () => {
      step = compactor
        .step(scheduler.now())
        .catch((error: unknown) => {
          if (!isStopped) log.error({ err: error }, 'compaction failed')
        })
        .then(() => {
          if (!isStopped) plan()
        })
    })
  }
  plan()
  return async () => {
    isStopped = true
    cancel()
    // Their end makes the step fail at its next call: nobody waits for an image.
    await folds.close()
    await step
  }
}
