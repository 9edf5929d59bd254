/** States of versions, read from their steps and checkpoints. */
import { type JsonValue, UniverseError } from '@inner-universe/core'
import type { DeltaOperation } from '../module/delta-operation.ts'
import { versionNotFound } from '../module/refusal.ts'
import type { DeltaRole } from '../module/tables.ts'
import type { StandardUniverse } from '../standard-universe.ts'
import { applyOperations } from './apply-operations.ts'
import { pythonStateHash, stateHash } from './state-hash.ts'

/** Steps that may lie between a state and its checkpoint: reading a state applies no more than these. */
export const STEPS_MAX = 32

/** States kept in memory for the next reading. */
const CACHED_STATES = 8

/** The way from a version back to its checkpoint; `?2` versions at most, cycles end it. */
const CHAIN = `with recursive chain(id, depth) as (
    select ?1, 0
    union
    select parent_version_id, depth + 1 from chain
      join state_version on version_id = id
      where parent_version_id is not null and depth < ?2 and not exists (
        select 1 from delta_record where state_version_id = id and role = 'checkpoint')
  )
  select version_id as "versionId", data_hash as "dataHash", operations, role
    from chain join state_version on version_id = id
    left join delta_record on state_version_id = id and role <> 'record'
    order by depth`

interface ChainRow {
  readonly versionId: string
  readonly dataHash: string
  /** JSON; null for a version that was named without its state. */
  readonly operations: string | null
  readonly role: DeltaRole | null
}

/** A state and how many steps lie before it. */
export interface StoredState {
  readonly state: JsonValue
  readonly stepCount: number
}

/** Reads states and checks them. */
export class StoredStates {
  readonly #universe: StandardUniverse
  /** By version; states never change. */
  readonly #cache = new Map<string, StoredState>()

  constructor(universe: StandardUniverse) {
    this.#universe = universe
  }

  /** Keeps a state for the next reading. */
  keep(versionId: string, state: StoredState): void {
    this.#cache.delete(versionId)
    this.#cache.set(versionId, state)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_STATES) return
      this.#cache.delete(oldest)
    }
  }

  /**
   * The state that a version names. Cost: one query; applies up to {@link STEPS_MAX} steps.
   *
   * @throws UniverseError `universe/version-not-found`, `universe/state-not-stored`,
   * `universe/version-damaged` with `details.salvageVersionId`, the nearest ancestor that is sound.
   */
  async read(versionId: string): Promise<StoredState> {
    const cached = this.#cache.get(versionId)
    if (cached !== undefined) {
      this.keep(versionId, cached)
      return cached
    }
    const chain = await this.#universe.sql<ChainRow>(CHAIN, [versionId, STEPS_MAX + 1])
    const [version] = chain
    if (version === undefined) throw versionNotFound(versionId)
    const checkpoint = chain.findIndex(({ role }) => role !== 'step')
    const base = chain[checkpoint]
    if (base?.role !== 'checkpoint') throw notStored(versionId)
    let state: JsonValue = null
    let sound: string | undefined
    const way = chain.slice(0, checkpoint + 1).reverse()
    for (const { versionId: id, dataHash, operations } of way) {
      try {
        state = applyOperations(state, JSON.parse(operations as string) as DeltaOperation[])
      } catch (cause) {
        throw damaged(versionId, sound, cause)
      }
      if (isHashOf(state, dataHash)) sound = id
    }
    if (sound !== versionId) throw damaged(versionId, sound)
    const stored = { state, stepCount: way.length - 1 }
    this.keep(versionId, stored)
    return stored
  }
}

function isHashOf(state: JsonValue, hash: string): boolean {
  return stateHash(state) === hash || pythonStateHash(state) === hash
}

function notStored(versionId: string): UniverseError {
  return new UniverseError(
    'universe/state-not-stored',
    `version ${versionId} was named without its state; commit states through the temporal store`,
    { details: { id: versionId } },
  )
}

function damaged(versionId: string, salvage: string | undefined, cause?: unknown): UniverseError {
  const nearest = salvage === undefined ? 'no ancestor is sound' : `version ${salvage} is sound`
  return new UniverseError(
    'universe/version-damaged',
    `the state kept for version ${versionId} has not the hash that it was committed with; ${nearest}`,
    { details: { id: versionId, salvageVersionId: salvage }, cause },
  )
}
