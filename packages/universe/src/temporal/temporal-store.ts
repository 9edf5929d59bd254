/**
 * The temporal store: states of an app, of any JSON shape, named and kept for good.
 *
 * A commit keeps what changed since its parent, and the whole state now and then (a checkpoint), so that
 * any version is read back by a bounded number of steps. Versions sync like all rows; commits made on two
 * devices unaware of each other are two branches, which `merge` brings together.
 */
import {
  canonicalJson,
  type Id,
  idFromParts,
  isUniverseError,
  type JsonValue,
  sha256,
} from '@inner-universe/core'
import type { DeltaOperation } from '../module/delta-operation.ts'
import { DELTA_OPERATIONS_MAX, VERSION_HISTORY_MAX } from '../module/limits.ts'
import { versionNotFound } from '../module/refusal.ts'
import type { DeltaRecordInput } from '../module/versions.ts'
import type { StandardUniverse } from '../standard-universe.ts'
import { applyOperations } from './apply-operations.ts'
import { diffStates } from './diff-states.ts'
import { mergeStates, type ResolveConflict, type StateConflict } from './merge-states.ts'
import { stateHash } from './state-hash.ts'
import { STEPS_MAX, StoredStates } from './stored-states.ts'
import {
  ancestorsOf,
  commonAncestor,
  findVersion,
  headsOf,
  isNewer,
  type VersionNode,
} from './version-graph.ts'

/** What came of a merge. */
export interface MergeResult {
  /** The merged version: a new one, or one of the two where it holds all that the other has. */
  readonly versionId: string
  /** Places that both had changed, differently; empty when nothing had to be decided. */
  readonly conflicts: readonly StateConflict[]
}

/** How two versions are merged. */
export interface MergeOptions {
  /** Default: `Merge of {older} and {newer}`. */
  readonly description?: string
  /**
   * Decides conflicts; default: the newer version's value. Replicas that merge the same two versions make
   * the same version if it decides alike.
   */
  readonly resolve?: ResolveConflict
}

/** A state with the deltas that were recorded on top of it. */
export interface WorkingState {
  readonly state: JsonValue
  /** Delta records that no longer fit, after concurrent ones: left out whole. */
  readonly skippedDeltaIds: readonly string[]
}

/**
 * States of one universe.
 *
 * @throws UniverseError from every method that names a version: `universe/version-not-found`; from those
 * that read a state: `universe/state-not-stored`, `universe/version-damaged`.
 */
export interface TemporalStore {
  /**
   * Keeps a state under a new version, which becomes the current one. Its parent is the current version
   * unless one is given; null makes a root. Gives the version's id once it is durable.
   *
   * @throws UniverseError `universe/validation` for what JSON cannot say.
   */
  commitVersion(
    state: JsonValue,
    description: string,
    options?: { readonly parentVersionId?: string | null },
  ): Promise<string>
  /**
   * Notes operations on top of a version, without making a new one. They are tried on its working state
   * first: one that does not fit refuses all, naming its index. Gives the record's id.
   */
  recordDelta(
    versionId: string,
    operations: readonly DeltaOperation[],
    metadata?: DeltaRecordInput['metadata'],
  ): Promise<string>
  /** The state that a version names; its hash is checked. The version becomes the current one. */
  checkout(versionId: string): Promise<JsonValue>
  /** The same, and the current version stays. */
  stateOf(versionId: string): Promise<JsonValue>
  /** The state of a version with the deltas that were recorded on it, in their order. */
  workingState(versionId: string): Promise<WorkingState>
  /** What was committed, checked out or merged last; else the newest version. Undefined: none yet. */
  getCurrentVersion(): Promise<VersionNode | undefined>
  /** A version (default: the current) and its ancestors over both parents, newest first. */
  history(
    versionId?: string,
    options?: { readonly limit?: number },
  ): Promise<readonly VersionNode[]>
  /** Operations that make the second version's state of the first's. */
  diff(fromVersionId: string, toVersionId: string): Promise<readonly DeltaOperation[]>
  /** Versions that are nobody's parent, newest first: more than one means that there is to merge. */
  branches(): Promise<readonly VersionNode[]>
  /** Merges a version into the other (default: the current); the result becomes the current one. */
  merge(versionId: string, into?: string, options?: MergeOptions): Promise<MergeResult>
}

const RECORDS = `select delta_id as "deltaId", operations from delta_record
  where state_version_id = ?1 and role = 'record' order by timestamp, delta_id`

/** Makes a temporal store over a universe with the standard tables. It keeps a few states in memory. */
export function createTemporalStore(universe: StandardUniverse): TemporalStore {
  return new UniverseTemporalStore(universe)
}

class UniverseTemporalStore implements TemporalStore {
  readonly #universe: StandardUniverse
  readonly #states: StoredStates
  #currentId: string | undefined

  constructor(universe: StandardUniverse) {
    this.#universe = universe
    this.#states = new StoredStates(universe)
  }

  async commitVersion(
    state: JsonValue,
    description: string,
    options: { readonly parentVersionId?: string | null } = {},
  ): Promise<string> {
    const { parentVersionId = (await this.getCurrentVersion())?.versionId ?? null } = options
    return this.#commit(state, { parentVersionId, description })
  }

  async recordDelta(
    versionId: string,
    operations: readonly DeltaOperation[],
    metadata: DeltaRecordInput['metadata'] = {},
  ): Promise<string> {
    applyOperations((await this.workingState(versionId)).state, operations)
    return this.#universe.reducers.recordDelta({ versionId, operations, metadata })
  }

  async checkout(versionId: string): Promise<JsonValue> {
    const state = await this.stateOf(versionId)
    this.#currentId = versionId
    return state
  }

  async stateOf(versionId: string): Promise<JsonValue> {
    return (await this.#states.read(versionId)).state
  }

  async workingState(versionId: string): Promise<WorkingState> {
    let state = await this.stateOf(versionId)
    const skippedDeltaIds: string[] = []
    const records = await this.#universe.sql<{
      readonly deltaId: string
      readonly operations: string
    }>(RECORDS, [versionId])
    for (const { deltaId, operations } of records) {
      try {
        state = applyOperations(state, JSON.parse(operations) as DeltaOperation[])
      } catch (error) {
        if (!isUniverseError(error, 'universe/validation')) throw error
        skippedDeltaIds.push(deltaId)
      }
    }
    return { state, skippedDeltaIds }
  }

  async getCurrentVersion(): Promise<VersionNode | undefined> {
    if (this.#currentId !== undefined) return findVersion(this.#universe, this.#currentId)
    const [newest] = await headsOf(this.#universe)
    return newest
  }

  async history(
    versionId?: string,
    { limit = VERSION_HISTORY_MAX }: { readonly limit?: number } = {},
  ): Promise<readonly VersionNode[]> {
    const from = versionId ?? (await this.getCurrentVersion())?.versionId
    if (from === undefined) return []
    return this.#ancestors(from, limit)
  }

  async diff(fromVersionId: string, toVersionId: string): Promise<readonly DeltaOperation[]> {
    return diffStates(await this.stateOf(fromVersionId), await this.stateOf(toVersionId))
  }

  branches(): Promise<readonly VersionNode[]> {
    return headsOf(this.#universe)
  }

  async merge(
    versionId: string,
    into?: string,
    { description, resolve }: MergeOptions = {},
  ): Promise<MergeResult> {
    const target = into ?? (await this.getCurrentVersion())?.versionId ?? versionId
    const [ofOne, ofOther] = [
      await this.#ancestors(versionId, VERSION_HISTORY_MAX),
      await this.#ancestors(target, VERSION_HISTORY_MAX),
    ]
    for (const [ancestors, id, result] of [
      [ofOne, target, versionId],
      [ofOther, versionId, target],
    ] as const) {
      if (!ancestors.some((node) => node.versionId === id)) continue
      this.#currentId = result
      return { versionId: result, conflicts: [] }
    }
    const one = nodeOf(ofOne, versionId)
    const other = nodeOf(ofOther, target)
    const [older, newer] = isNewer(one, other) ? [other, one] : [one, other]
    const base = commonAncestor(ofOne, ofOther)
    const { state, conflicts } = mergeStates(
      base && (await this.stateOf(base.versionId)),
      await this.stateOf(older.versionId),
      await this.stateOf(newer.versionId),
      resolve,
    )
    const merged = await this.#commit(state, {
      // The same way round on every replica.
      parentVersionId: newer.versionId,
      mergeParentId: older.versionId,
      ids: mergeIds(older, newer, state),
      description: description ?? `Merge of ${older.versionId} and ${newer.versionId}`,
    })
    return { versionId: merged, conflicts }
  }

  async #commit(
    state: JsonValue,
    version: {
      readonly parentVersionId: string | null
      readonly mergeParentId?: string
      readonly ids?: { readonly version: string; readonly delta: string }
      readonly description: string
    },
  ): Promise<string> {
    const text = canonicalJson(state, { code: 'universe/validation' })
    const fixed = JSON.parse(text) as JsonValue
    const step = await this.#stepTo(fixed, text, version.parentVersionId)
    const versionId = await this.#universe.reducers.commitState({
      ...version,
      dataHash: stateHash(fixed),
      operations: step ?? [{ kind: 'set', path: '', value: fixed }],
      isCheckpoint: step === undefined,
    })
    const parent = version.parentVersionId
    const stepCount =
      step === undefined || parent === null ? 0 : (await this.#states.read(parent)).stepCount + 1
    this.#states.keep(versionId, { state: fixed, stepCount })
    this.#currentId = versionId
    return versionId
  }

  /** What changed since the parent; undefined: a checkpoint is due, or smaller. */
  async #stepTo(
    state: JsonValue,
    text: string,
    parentVersionId: string | null,
  ): Promise<readonly DeltaOperation[] | undefined> {
    if (parentVersionId === null) return undefined
    let parent: { readonly state: JsonValue; readonly stepCount: number }
    try {
      parent = await this.#states.read(parentVersionId)
    } catch (error) {
      // A parent without a state, or a damaged one: this version stands on its own.
      if (
        isUniverseError(error, 'universe/state-not-stored') ||
        isUniverseError(error, 'universe/version-damaged')
      ) {
        return undefined
      }
      throw error
    }
    if (parent.stepCount >= STEPS_MAX) return undefined
    const operations = diffStates(parent.state, state)
    if (operations.length > DELTA_OPERATIONS_MAX) return undefined
    return canonicalJson(operations).length < text.length ? operations : undefined
  }

  async #ancestors(versionId: string, limit: number): Promise<readonly VersionNode[]> {
    const ancestors = await ancestorsOf(this.#universe, versionId, limit)
    const isThere = ancestors.length > 0 || (await findVersion(this.#universe, versionId))
    if (!isThere) throw versionNotFound(versionId)
    return ancestors
  }
}

function nodeOf(nodes: readonly VersionNode[], versionId: string): VersionNode {
  const found = nodes.find((node) => node.versionId === versionId)
  if (found === undefined) throw versionNotFound(versionId)
  return found
}

/** Ids that every replica gives to this merge with this result. */
function mergeIds(
  older: VersionNode,
  newer: VersionNode,
  state: JsonValue,
): { readonly version: string; readonly delta: string } {
  const text = canonicalJson([older.versionId, newer.versionId, stateHash(state)])
  const bytes = sha256(new TextEncoder().encode(text))
  const idAt = (start: number): Id =>
    idFromParts({
      timestampMs: newer.timestamp,
      counter: 0,
      random: bytes.subarray(start, start + 8),
    })
  return { version: idAt(0), delta: idAt(8) }
}
