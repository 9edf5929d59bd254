/**
 * The ledger of a world's calls: which were made, what the storage of each replica should hold of
 * them, and for what reasons one may be missing in the end.
 */
import type { AdoptedDelta, StreamSeq } from '@inner-universe/core'

/** What one storage should hold. Copied with the storage. */
export interface Memory {
  /** Calls that committed here, by marker, with the delta they are in now. */
  readonly deltas: ReadonlyMap<string, StreamSeq>
  /** Calls whose delta was undone here, by marker, with the reason that was told. */
  readonly undone: ReadonlyMap<string, string>
  /** Texts of the local table. */
  readonly drafts: ReadonlySet<string>
  /** What the scopes of undo wrote into cells, as `scope cell value`. */
  readonly ofScopes: ReadonlySet<string>
}

/** A memory that can be written. */
export interface LiveMemory {
  committed(marker: string, delta: StreamSeq | undefined, hasDraft: boolean): void
  /** A recorded call of a scope, or undoing in it, wrote a cell. */
  wroteInScope(scope: string, cell: string, value: string): void
  /** Whether what a cell has was ever written by a scope. */
  isOfScope(scope: string, cell: string, value: string): boolean
  /** Follows what became of pending deltas. */
  adopted(adopted: readonly AdoptedDelta[]): void
  /** The call whose delta this was last. */
  markerOf(delta: StreamSeq): string | undefined
  copy(): Memory
}

/** Goes on from a copy, or from nothing. */
export function createMemory(from?: Memory): LiveMemory {
  const deltas = new Map(from?.deltas)
  const undone = new Map(from?.undone)
  const drafts = new Set(from?.drafts)
  const ofScopes = new Set(from?.ofScopes)
  return {
    committed(marker, delta, hasDraft) {
      if (delta !== undefined) deltas.set(marker, delta)
      if (hasDraft) drafts.add(marker)
    },
    wroteInScope(scope, cell, value) {
      ofScopes.add(`${scope} ${cell} ${value}`)
    },
    isOfScope: (scope, cell, value) => ofScopes.has(`${scope} ${cell} ${value}`),
    adopted(adopted) {
      const now = new Map(
        [...deltas].map(([marker, { stream, seq }]) => [`${stream} ${seq}`, marker]),
      )
      for (const each of adopted) {
        const marker = now.get(`${each.from.stream} ${each.from.seq}`)
        if (marker === undefined) continue
        if (each.kind === 'reauthored') deltas.set(marker, each.to)
        if (each.kind === 'dropped') undone.set(marker, `${each.code}: ${each.reason}`)
      }
    },
    markerOf: ({ stream, seq }) =>
      [...deltas].find(([, at]) => at.stream === stream && at.seq === seq)?.[0],
    copy: () => ({
      deltas: new Map(deltas),
      undone: new Map(undone),
      drafts: new Set(drafts),
      ofScopes: new Set(ofScopes),
    }),
  }
}
