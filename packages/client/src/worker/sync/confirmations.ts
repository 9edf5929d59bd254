/**
 * Who waits until a delta is in the relay's log.
 *
 * A delta is confirmed when its stream has nothing pending at or below it; so nothing has to be kept
 * for deltas nobody asks about, and a page may ask a worker that never ran the call. A rebuild may
 * give a delta another place, or none: that is remembered for those who ask later.
 */
import {
  type AdoptedDelta,
  type Replica,
  type StreamSeq,
  UniverseError,
} from '@inner-universe/core'
import type { SyncNews } from '../../rpc/contract.ts'
import { encodeError } from '../../rpc/error-transfer.ts'
import { FATES_MAX } from '../../rpc/limits.ts'

/** Who is told. Compared by identity. */
export interface Asker {
  post(news: SyncNews): void
}

interface Waiting {
  readonly asker: Asker
  readonly id: number
  delta: StreamSeq
}

type Fate = Extract<AdoptedDelta, { kind: 'reauthored' | 'dropped' }>

/** The register of those who wait. */
export class Confirmations {
  readonly #replica: () => Replica
  readonly #fates = new Map<string, Fate>()
  #waiting: Waiting[] = []

  /** @param replica the one in use now. */
  constructor(replica: () => Replica) {
    this.#replica = replica
  }

  /** Tells the asker at once, or when it is known. */
  ask(asker: Asker, id: number, delta: StreamSeq): void {
    this.#waiting.push({ asker, id, delta })
    this.settle()
  }

  /** The relay has confirmed something, or a rebuild may have. */
  settle(): void {
    if (this.#waiting.length === 0) return
    const acknowledged = new Map(
      this.#replica()
        .pendingStreams()
        .map((pending) => [pending.stream, pending.acknowledged.seq]),
    )
    this.#waiting = this.#waiting.filter((waiting) => {
      const fate = this.#follow(waiting)
      const { asker, id, delta } = waiting
      if (fate?.kind === 'dropped') {
        const { code, reason } = fate
        const error = new UniverseError(code, reason, { details: { ...fate.from } })
        asker.post({ kind: 'unconfirmed', id, error: encodeError(error) })
        return false
      }
      if (delta.seq > (acknowledged.get(delta.stream) ?? Number.POSITIVE_INFINITY)) return true
      asker.post({ kind: 'confirmed', id })
      return false
    })
  }

  /** A rebuild has carried pending deltas over. */
  adopt(adopted: readonly AdoptedDelta[]): void {
    for (const fate of adopted) {
      if (fate.kind !== 'reauthored' && fate.kind !== 'dropped') continue
      this.#fates.set(keyOf(fate.from), fate)
    }
    for (const key of this.#fates.keys()) {
      if (this.#fates.size <= FATES_MAX) break
      this.#fates.delete(key)
    }
    this.settle()
  }

  /** The asker is gone. */
  drop(asker: Asker): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.asker !== asker)
  }

  /** Moves to where the delta has gone; gives the end of it, if that is where it went. */
  #follow(waiting: Waiting): Fate | undefined {
    for (;;) {
      const fate = this.#fates.get(keyOf(waiting.delta))
      if (fate?.kind !== 'reauthored') return fate
      waiting.delta = fate.to
    }
  }
}

function keyOf({ stream, seq }: StreamSeq): string {
  return `${stream}:${seq}`
}
