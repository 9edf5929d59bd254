/**
 * The part of an engine that exchanges deltas with other replicas: given to `openEngine` by whoever
 * syncs, and loaded by nobody else.
 */
import type { AdoptedDelta, Hash, KeptConflict, Replica, StreamId } from '@inner-universe/core'
import { adoptAll } from './adopt.ts'
import { applySegments } from './apply.ts'
import { readCarryOver } from './carry-over.ts'
import { deadRows } from './dead-rows.ts'
import { digestOf } from './digest.ts'
import { dropLogRows, trimClocks } from './drop-log.ts'
import type { AdoptOptions, ApplyResult, CarryOver, DeadRow, LogSegment } from './engine.ts'
import type { EngineParts, ReplicaParts } from './engine-parts.ts'
import { HeldLog } from './held-log.ts'
import { stripFile } from './image.ts'
import { Outbox } from './outbox.ts'
import { ReplicaStore } from './replica-store.ts'
import type { Replication, ReplicationPart } from './replication-part.ts'
import { mergeUnapplied } from './unapplied.ts'

export type { Replication, ReplicationPart } from './replication-part.ts'

/** What `EngineOptions.replication` takes. */
export const replication: Replication = {
  create: (wired, open) => new EngineReplication(wired, open),
  mergeUnapplied,
}

class EngineReplication implements ReplicationPart {
  readonly replica: Replica
  readonly #open: () => ReplicaParts

  constructor(wired: EngineParts, open: () => EngineParts) {
    const { driver, streams, module } = wired.parts
    const log = new HeldLog(driver, streams, module.version)
    const own: ReplicaParts = { ...wired, parts: { ...wired.parts, log } }
    this.#open = () => {
      open()
      return own
    }
    this.replica = new ReplicaStore(own, this.#open)
  }

  apply(segments: readonly Uint8Array[]): ApplyResult {
    const { parts, transactions } = this.#open()
    const { result, changeset } = transactions.merge((scope) =>
      applySegments(scope, parts, segments),
    )
    return { outcomes: result, changeset }
  }

  readLog(stream: StreamId, fromSeq: number, bytesMax: number): readonly LogSegment[] {
    return this.#open().parts.log.read(stream, fromSeq, bytesMax)
  }

  digest(): Hash {
    const { driver, reader } = this.#open().parts
    return digestOf(driver, reader.schema)
  }

  carryOver(): CarryOver {
    const { parts } = this.#open()
    const { driver, streams, log, reader, sync } = parts
    const outbox = new Outbox(streams, log)
    return readCarryOver({ driver, schema: reader.schema, streams, log, outbox, sync })
  }

  adopt(
    carryOver: CarryOver,
    options: AdoptOptions,
  ): { readonly adopted: readonly AdoptedDelta[]; readonly conflicts: readonly KeptConflict[] } {
    const { parts, transactions } = this.#open()
    const { result } = transactions.author((author) => {
      const taken = adoptAll(author, parts, carryOver, options)
      // Rows of local tables go over as they are, which nobody notes.
      parts.views?.restart()
      return taken
    })
    if (result.stream !== undefined) parts.streams.write(result.stream)
    return { adopted: result.adopted, conflicts: result.conflicts }
  }

  dropLog(throughOffset: number, bytesMax: number): number {
    const { parts, transactions } = this.#open()
    const { result } = transactions.merge((scope) => {
      const left = dropLogRows(scope, throughOffset, bytesMax)
      return trimClocks(scope, parts.sync) ? left + 1 : left
    })
    return result
  }

  deadRows(hlc: number): readonly DeadRow[] {
    const { parts } = this.#open()
    return deadRows({ ...parts, schema: parts.reader.schema }, hlc)
  }

  stripForImage(): void {
    const { parts, transactions } = this.#open()
    transactions.merge((scope) => stripFile(scope))
    parts.history?.rollBack()
  }
}
