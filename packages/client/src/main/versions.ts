/** What an app holds of the versions of a universe: `universe.versions`. */
import type {
  DocumentColumnsOf,
  Hash,
  InputOfReducer,
  ModuleQueries,
  Query,
  QueryValue,
  Reducers,
  RelationQuery,
  ResultOfReducer,
  RowOf,
  Tables,
  UniverseError,
  Views,
} from '@inner-universe/core'
import type { OpenDocument } from '@inner-universe/documents'
import type { RowDifference, VersionInfo, VersionRef } from '@inner-universe/engine'
import type { Arrival } from '../rpc/contract.ts'
import type { Cancellable } from './cancellable.ts'

export type { RowDifference, VersionRef } from '@inner-universe/engine'

/** A named state of the universe, as far as this device has it. */
export type Version = VersionInfo

/** How far a version has come. Chunks are of about 256 KiB; once all are here they are taken in. */
export interface VersionProgress extends Arrival {
  readonly version: Version
}

/** Options of waiting for a version. */
export interface VersionWaitOptions extends Cancellable {
  /** Calls back while its content is not here, whenever some more of it is. */
  readonly onProgress?: (progress: VersionProgress) => void
}

/** Which differences are given. */
export interface VersionDiffOptions extends Cancellable {
  /** Default: all that versions hold, those of documents left out. */
  readonly tables?: readonly string[]
  /** At most this many. Default 1,000. */
  readonly limit?: number
  /** Goes on after a difference: table and id of the last one seen. */
  readonly after?: readonly [table: string, id: string]
}

/** Reads, as of a version or a draft. Declared views, local tables and search are not of the past. */
export interface PastReads<T extends Tables = Tables, V extends Views = Views> {
  /** Runs a typed query once, over one table or several. */
  query<Q>(
    build: (q: ModuleQueries<T, V>) => RelationQuery<Q>,
    options?: Cancellable,
  ): Promise<readonly Q[]>
  count<Q>(build: (q: ModuleQueries<T, V>) => Query<Q>, options?: Cancellable): Promise<number>
  /** The row of a primary key, or undefined. */
  get<K extends keyof T & string>(
    table: K,
    id: string,
    options?: Cancellable,
  ): Promise<RowOf<T[K]> | undefined>
  /** Read-only SQL; the names of tables stand for their rows then. */
  sql<R = Readonly<Record<string, unknown>>>(
    text: string,
    params?: readonly QueryValue[],
    options?: Cancellable,
  ): Promise<readonly R[]>
}

/** The universe as it was in a version. It does not change. */
export interface PastUniverse<T extends Tables = Tables, V extends Views = Views>
  extends PastReads<T, V> {
  readonly version: Version
  /** Digest of the rows: equal on all devices, and of equal states. Documents are not in it. */
  digest(): Promise<Hash>
  /**
   * A document as it was: a copy, in which changes go nowhere. It lives until `close`.
   *
   * @throws UniverseError `document/not-found`, `table/row-not-found`.
   */
  doc<K extends keyof T & string>(
    table: K,
    row: string,
    document: keyof DocumentColumnsOf<T[K]> & string,
  ): Promise<OpenDocument['doc']>
  /** Ends its use: reads fail with `client/closed` from now on. */
  close(): void
}

/** The rows of a query as of the version that a name stands for, and which it is. */
export interface FollowState<R> {
  readonly rows: readonly R[]
  /** False until the first result has come. */
  readonly isReady: boolean
  /** Why it could not be read; the rows before stay. */
  readonly error: UniverseError | undefined
  readonly version: Version | undefined
}

/** What writing a state came to. */
export interface WriteOutcome {
  /** Rows that were written. */
  readonly rowCount: number
  /** What could not be made what was wanted; the first hundred of it. */
  readonly skipped: readonly VersionSkipped[]
  readonly skippedCount: number
}

/** A row, or a cell of it, that is other than wanted. */
export interface VersionSkipped {
  readonly table: string
  readonly id: string
  /** Null: the row as a whole. */
  readonly column: string | null
  /**
   * `referenced`: rows that stay keep it. `hidden`: what it hangs on is not there. `target`: the row that the
   * cell refers to is not there, or is there again. `duplicate`: another row has the value, or has it no
   * more. `refused`: the column takes no such value.
   */
  readonly why: 'referenced' | 'hidden' | 'target' | 'duplicate' | 'refused'
}

/** A cell, or a row, that the two sides of a merge disagree about. */
export interface VersionConflict {
  readonly table: string
  readonly id: string
  /** Null: the row as a whole. */
  readonly column: string | null
  /**
   * `changed`: both wrote the cell. `deleted`: one deleted the row that the other changed. `duplicate`: each
   * gave the value, which is unique, to another row; told of the row that has it no more.
   */
  readonly why: 'changed' | 'deleted' | 'duplicate'
  /** Whose change stands: that of the first, or of the other. */
  readonly taken: 'a' | 'b'
}

/** What a merge came to. */
export interface MergeOutcome extends WriteOutcome {
  /** Undefined: there was nothing to merge, the present was made of that version. */
  readonly version: Version | undefined
  /** The first hundred of them. */
  readonly conflicts: readonly VersionConflict[]
  readonly conflictCount: number
}

/** Which versions are kept. Heads, and what branches and tags name, always are. */
export interface RetainPolicy {
  /** The newest so many. */
  readonly keepLast?: number
  /** Those not older than so many ms. */
  readonly keepNewerThanMs?: number
}

/**
 * Calls on top of the head of a branch, which nobody sees until it is committed: they change nothing here. Each
 * use runs them anew, in the time that one read has, and takes them back: many calls belong into several commits.
 */
export interface VersionDraft<
  T extends Tables = Tables,
  R extends Reducers = Reducers,
  V extends Views = Views,
> extends PastReads<T, V> {
  readonly branch: string
  /** The head of the branch when the draft was begun. */
  readonly from: Version
  /**
   * The reducers, with arguments that are JSON. What one gives is what it will give when the draft is committed,
   * ids included; one that throws leaves the draft as it was.
   */
  readonly call: {
    readonly [K in keyof R]: (args: InputOfReducer<R[K]>) => Promise<ResultOfReducer<R[K]>>
  }
  /** Calls that are in it. */
  readonly callCount: number
  /** What the calls change. */
  diff(): Promise<readonly RowDifference[]>
  /**
   * Makes a version of it, and moves the branch there. The draft goes on from that version.
   *
   * @throws UniverseError `history/branch-moved` when somebody else has moved the branch meanwhile.
   */
  commit(description: string): Promise<Version>
  /** Forgets the calls: everything fails with `client/closed` from now on. */
  close(): void
}

/**
 * The versions of a universe whose module has `versions: true`; elsewhere everything fails with
 * `history/not-configured`. A version is meant by its id, or by the name of a branch or a tag.
 *
 * @throws UniverseError `history/version-unknown` where there is none of that name here.
 */
export interface Versions<
  T extends Tables = Tables,
  R extends Reducers = Reducers,
  V extends Views = Views,
> {
  /** Names the universe as it is now, with all that was called before. Default parents: the heads. */
  commit(
    description: string,
    options?: Cancellable & { readonly parents?: readonly string[] },
  ): Promise<Version>
  /** All, oldest first. */
  list(): Promise<readonly Version[]>
  /** Undefined: there is none here. */
  get(target: string): Promise<Version | undefined>
  /** States of the universe itself that no later one was made of: several where devices named some apart. */
  heads(): Promise<readonly Version[]>
  /**
   * A version and all it was made of, newest first; of none: of the heads. `depth`: so many generations.
   */
  history(target?: string, options?: { readonly depth?: number }): Promise<readonly Version[]>
  /**
   * The universe as of a version. Waits for one whose content has not arrived.
   *
   * @throws UniverseError `history/damaged`, `call/aborted`.
   */
  at(target: string, options?: VersionWaitOptions): Promise<PastUniverse<T, V>>
  /** Keeps the rows of a query as of what a name stands for: read again when the name moves. Returns the end. */
  follow<Q>(
    target: string,
    build: (q: ModuleQueries<T, V>) => RelationQuery<Q>,
    onState: (state: FollowState<Q>) => void,
  ): () => void
  /** Rows that are not the same in two states, by table and id; `to` left out: the present. */
  diff(from: string, to?: string, options?: VersionDiffOptions): Promise<readonly RowDifference[]>
  /** Makes the present what a version was, by one more change; documents are left alone. */
  revertTo(target: string, options?: Cancellable): Promise<WriteOutcome>
  /** Brings what a version has changed into the present, and names that. */
  merge(from: string, description: string): Promise<MergeOutcome>
  /** Makes a version of two, without touching the present; `branch` moves there. */
  mergeVersions(
    a: string,
    b: string,
    description: string,
    options?: { readonly branch?: string },
  ): Promise<MergeOutcome>
  /** Begins a branch at a version, or moves it there. */
  branch(name: string, target: string): Promise<void>
  /** @throws UniverseError `history/name-taken`: tags do not move. */
  tag(name: string, target: string): Promise<void>
  /** Branches and tags, by kind and name. */
  refs(): Promise<readonly VersionRef[]>
  /** @throws UniverseError `history/name-unknown`. */
  removeName(kind: VersionRef['kind'], name: string): Promise<void>
  /** Begins a draft on a branch. @throws UniverseError `history/name-unknown`. */
  draft(branch: string): Promise<VersionDraft<T, R, V>>
  /** Lets all versions go but those of the policy, in idle time. Gives how many go. */
  retain(policy: RetainPolicy): Promise<number>
  /** Forgets versions. @throws UniverseError `history/version-referenced`. */
  drop(targets: readonly string[]): Promise<void>
  /** Versions with all it takes to read them, as bytes; default all. */
  export(targets?: readonly string[]): Promise<Uint8Array>
  /**
   * Takes in versions of an export of this universe, at most 256 MiB; gives the ids of those that were not here.
   * `salvage`: whole ones of damaged bytes, too.
   *
   * @throws UniverseError `history/other-universe`, `history/damaged`, `history/invalid-export`.
   */
  import(bytes: Uint8Array, options?: { readonly salvage?: boolean }): Promise<readonly string[]>
  /** Calls back when versions came, went or have come further, or names moved. Returns the end. */
  onChange(listener: () => void): () => void
}
