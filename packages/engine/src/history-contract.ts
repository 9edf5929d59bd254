/** The versions of a universe as users of an engine see them. HISTORY.md. */
import type { DraftCall, Hash, QueryValue, Relation, Row, TableQuery } from '@inner-universe/core'
import type { CompileRelation } from './relation-sql.ts'
import type { SqlResult } from './sql-result.ts'

/** A named state of the universe, as far as this file has it. */
export interface VersionInfo {
  readonly id: string
  readonly parents: readonly string[]
  /** Null: a state that the universe itself was in. */
  readonly branch: string | null
  readonly description: string
  /** Identity of whoever named it. */
  readonly author: string
  readonly createdMs: number
  /**
   * `ready`: can be read; `writing`: that too, and its content is being written for others; `arriving`: its
   * content is not here whole, or is being taken in; `damaged`: it does not fit its digest.
   */
  readonly state: 'ready' | 'writing' | 'arriving' | 'damaged'
  /** Of the state; null where it is not known yet. */
  readonly digest: Hash | null
  /** Rows in its content: what differs from the version that it is based on. Null: not known yet. */
  readonly rowCount: number | null
}

/** A name of a version. Branches move, tags do not. */
export interface VersionRef {
  readonly kind: 'branch' | 'tag'
  readonly name: string
  readonly version: string
}

/** A row that is not the same in two states. */
export interface RowDifference {
  readonly table: string
  readonly id: string
  readonly kind: 'insert' | 'delete' | 'update'
  readonly before: Row | undefined
  readonly after: Row | undefined
  /** That differ, where `kind` is `update`; else none. */
  readonly columns: readonly string[]
}

/** Which differences to give. */
export interface DiffOptions {
  /** Default: all tables that versions hold, those of documents left out. */
  readonly tables?: readonly string[] | undefined
  readonly limit: number
  /** Table and id of the last one seen. */
  readonly after?: readonly [table: string, id: string] | undefined
}

/**
 * The state of a version, for reading. Tables that versions do not hold (local and transient ones,
 * declared views) are `query/invalid` in it.
 *
 * @throws UniverseError `history/…` from every method once the version was dropped.
 */
export interface Past {
  query(query: TableQuery): readonly Row[]
  count(query: TableQuery): number
  get(table: string, id: string): Row | undefined
  queryRelation(relation: Relation, compile: CompileRelation): readonly Row[]
  /** Read-only SQL; the names of tables stand for their rows in the version. */
  sql(text: string, params?: readonly QueryValue[]): SqlResult
}

/** What calls on top of a version came to. */
export interface DraftResult<T> {
  /** What each call returned. */
  readonly values: readonly unknown[]
  /** Rows that are other than in the version, those of documents left out. */
  readonly differences: readonly RowDifference[]
  readonly result: T
}

/** The versions of one open universe. */
export interface EngineHistory {
  /** Oldest first, by time and id. */
  versions(): readonly VersionInfo[]
  /** By kind and name. */
  refs(): readonly VersionRef[]
  /** @throws UniverseError `history/version-unknown`, `history/not-ready`, `history/damaged`. */
  past(version: string): Past
  /**
   * Rows that are not the same in two states, by table and id; null is the present. Cost: the rows
   * written since the older of them.
   *
   * @throws UniverseError as {@link past} does.
   */
  diff(from: string | null, to: string | null, options: DiffOptions): readonly RowDifference[]
  /**
   * Digest of a version's state, or of the present for null, which reads every row. Documents are not in
   * it.
   *
   * @throws UniverseError as {@link past} does.
   */
  digest(version: string | null): Hash
  /**
   * Runs calls on top of a version and undoes them: nothing here changes, nobody is told. `read` sees the state that they
   * came to, and must give all that it wants of it. `sender` is who calls; default the owner.
   *
   * @throws UniverseError as {@link past} does, and what a call throws, with `details.callIndex`.
   */
  evaluate<T = undefined>(
    version: string,
    calls: readonly DraftCall[],
    read?: (past: Past) => T,
    sender?: string,
  ): DraftResult<T>
  /**
   * Versions with their contents as bytes, default all that are here whole; those too that the contents are
   * based on.
   *
   * @throws UniverseError `history/version-unknown`, `history/not-ready`.
   */
  export(versions?: readonly string[]): Uint8Array<ArrayBuffer>
  /** Does a slice of what is to be done, for idle time: contents written and taken in; false when nothing is. */
  fill(): boolean
  /** Writes the contents of all own versions to their end: before this file is replaced. */
  finishWriting(): void
}
