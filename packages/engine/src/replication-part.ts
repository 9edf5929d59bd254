/**
 * The seam between an engine and its part that exchanges deltas with other replicas, which is code of
 * its own (`replication.ts`): whoever opens a universe that does not sync need not load it.
 */
import type { TableDefinitions } from '@inner-universe/core'
import type { Engine } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import type { WriteScope } from './write-scope.ts'

/** The methods of {@link Engine} that other replicas are the reason for. */
export type ReplicationPart = Pick<
  Engine,
  | 'replica'
  | 'apply'
  | 'readLog'
  | 'digest'
  | 'carryOver'
  | 'adopt'
  | 'dropLog'
  | 'deadRows'
  | 'stripForImage'
>

/** Makes that part for an engine. */
export interface Replication {
  /** `open` gives the parts, or throws when the engine is closed. */
  create(wired: EngineParts, open: () => EngineParts): ReplicationPart
  /**
   * Merges what deltas from elsewhere hold for tables and columns that `before` lacked, in the open
   * transaction.
   */
  mergeUnapplied(scope: WriteScope, before: TableDefinitions, tables: TableDefinitions): void
}
