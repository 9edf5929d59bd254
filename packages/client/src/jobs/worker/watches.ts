/** Who watches which prefix of a job, and what it is to be told of a group of writes. */
import type { KvOperation } from '@inner-universe/engine/kv'
import type { JobChange, JobRequest, WatchedChanges } from '../contract.ts'
import { unpackOperations } from '../packed-operations.ts'

interface Watch {
  readonly category: Uint8Array
  readonly prefix: Uint8Array
  changes: JobChange[]
}

/** The watches of one page. Requests are noted in their order, once they are committed. */
export class Watches {
  readonly #watches = new Map<number, Watch>()

  /** Takes note of a request and its answer: a watch begins or ends, or something was written. */
  note(request: JobRequest, answer: unknown): void {
    if (request.kind === 'watch') {
      const { watchId, category, prefix } = request
      this.#watches.set(watchId, { category, prefix, changes: [] })
    } else if (request.kind === 'unwatch') {
      this.#watches.delete(request.watchId)
    } else if (request.kind === 'write' && this.#watches.size > 0) {
      const counts = answer as readonly number[]
      for (const [index, operation] of unpackOperations(request.operations).entries()) {
        if (counts[index] === 0) continue
        for (const watch of this.#watches.values())
          watch.changes.push(...changesOf(watch, operation))
      }
    }
  }

  /** What has been noted since the last time. */
  take(): WatchedChanges[] {
    const watched: WatchedChanges[] = []
    for (const [watchId, watch] of this.#watches) {
      if (watch.changes.length === 0) continue
      watched.push({ watchId, changes: watch.changes })
      watch.changes = []
    }
    return watched
  }
}

function changesOf({ category, prefix }: Watch, operation: KvOperation): readonly JobChange[] {
  const { kind, key } = operation
  if (operation.category.length !== category.length) return []
  if (!beginsWith(operation.category, category)) return []
  if (beginsWith(key, prefix)) return [{ kind, key }]
  // Of what was deleted, the part that is watched.
  return kind === 'deletePrefix' && beginsWith(prefix, key) ? [{ kind, key: prefix }] : []
}

function beginsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, at) => key[at] === byte)
}
