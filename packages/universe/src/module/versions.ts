/** Reducers of state versions and delta records. */
import { type Id, type InsertOf, type QueryValue, type Reducer, t } from '@inner-universe/core'
import {
  beginWrite,
  type DefineStandardReducer,
  type Settings,
  type StandardContext,
} from './context.ts'
import { type DeltaOperation, faultOfOperation } from './delta-operation.ts'
import { emit } from './events.ts'
import { DELTA_OPERATIONS_MAX, VERSION_HISTORY_MAX } from './limits.ts'
import type { DeltaMetadata } from './metadata.ts'
import { validationError, versionNotFound } from './refusal.ts'
import type { StandardTables } from './tables.ts'

/** A new state version. */
export interface StateVersionInput {
  /** Left out: a root. Several roots and branches are allowed. */
  readonly parentVersionId?: string | null | undefined
  readonly description: string
  /** Hash of the state, in the caller's own form. */
  readonly dataHash: string
}

/** A new delta record. */
export interface DeltaRecordInput {
  readonly versionId: string
  /** May be empty. One that is not sound makes the whole call fail, naming its index. */
  readonly operations: readonly DeltaOperation[]
  readonly metadata: {
    readonly description?: string | undefined
    readonly author?: string | null | undefined
    readonly tags?: readonly string[] | undefined
    /** Must be there. */
    readonly parent_delta_id?: string | null | undefined
  }
}

/** A new state version with the state it names. */
export interface StateCommitInput extends StateVersionInput {
  /** The other parent, of a merge. */
  readonly mergeParentId?: string | null | undefined
  /** Given for merges: the same on every replica that makes it. */
  readonly ids?: { readonly version: string; readonly delta: string } | undefined
  /** What makes the state: of the parent's, or of nothing where it is a checkpoint. */
  readonly operations: readonly DeltaOperation[]
  readonly isCheckpoint: boolean
}

/** What `getVersionHistory` is given. */
export interface VersionHistoryInput {
  readonly versionId: string
  /** At most this many ids; 0 gives none. */
  readonly maxDepth: number
}

/** Reducers of `versions.ts`. */
export type VersionReducers = {
  /** Names a state; gives the version's id. */
  readonly commitStateVersion: Reducer<StateVersionInput, Id<'state_version'>>
  /** Names a state and keeps it; gives the version's id. One with the given ids is made once. */
  readonly commitState: Reducer<StateCommitInput, Id<'state_version'>>
  /** Adds a record of operations to a state version; gives its id. */
  readonly recordDelta: Reducer<DeltaRecordInput, Id<'delta_record'>>
  /** Ids of the version and its ancestors, itself first. */
  readonly getVersionHistory: Reducer<VersionHistoryInput, readonly string[]>
}

/**
 * The version `?1` and its ancestors, at most `?2`, itself first. UNION and the bound make it end
 * also on a cycle, which a merge of foreign rows could bring; a version is listed once.
 */
export const VERSION_HISTORY_SQL: string = `with recursive history(id, depth) as (
    select version_id, 0 from state_version where version_id = ?1 and ?2 > 0
    union
    select child.parent_version_id, depth + 1 from history
      join state_version child on child.version_id = history.id
      where child.parent_version_id is not null and depth + 1 < ?2
  ), ancestor(id, depth) as (select id, min(depth) from history group by id)
  select state_version.* from ancestor join state_version on version_id = ancestor.id
  order by depth`

/** What {@link VERSION_HISTORY_SQL} is to be given. */
export function versionHistoryParams(versionId: string, maxDepth: number): readonly QueryValue[] {
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 0 || maxDepth > VERSION_HISTORY_MAX) {
    throw validationError(`Max depth must be between 0 and ${VERSION_HISTORY_MAX}`)
  }
  return [versionId, maxDepth]
}

function requireStateVersioning(settings: Settings): void {
  if (settings.hasStateVersioning) return
  throw validationError('State versioning is disabled (feature_enable_state_versioning is false)')
}

/** The id of a parent that is there, or null. */
function parentOf(ctx: StandardContext, id: string | null | undefined): Id<'state_version'> | null {
  if (id === null || id === undefined) return null
  if (ctx.db.state_version.get(id) === undefined) throw versionNotFound(id, 'Parent')
  return id as Id<'state_version'>
}

function insertVersion(
  ctx: StandardContext,
  settings: Settings,
  version: Omit<InsertOf<StandardTables['state_version']>, 'timestamp' | 'owner'>,
): Id<'state_version'> {
  const { version_id, parent_version_id, description, data_hash } = ctx.db.state_version.insert({
    ...version,
    timestamp: ctx.timestamp,
    owner: ctx.sender,
  })
  const data = { version_id, parent_version_id, description, data_hash }
  emit(ctx, settings, 'STATE_VERSION_COMMITTED', version_id, data)
  return version_id
}

function checkOperations(operations: readonly unknown[]): void {
  for (const [operationIndex, operation] of operations.entries()) {
    const fault = faultOfOperation(operation)
    if (fault === undefined) continue
    throw validationError(`Invalid operation ${operationIndex}: ${fault}`, { operationIndex })
  }
}

/** Makes the reducers of `versions.ts`. */
export function versionReducers(reducer: DefineStandardReducer): VersionReducers {
  return {
    commitStateVersion: reducer(
      { parentVersionId: t.text().optional(), description: t.text(), dataHash: t.text() },
      (ctx, { parentVersionId, description, dataHash }) => {
        const settings = beginWrite(ctx)
        requireStateVersioning(settings)
        return insertVersion(ctx, settings, {
          parent_version_id: parentOf(ctx, parentVersionId),
          description,
          data_hash: dataHash,
        })
      },
    ),

    commitState: reducer(
      {
        parentVersionId: t.text().optional(),
        mergeParentId: t.text().optional(),
        ids: t.object({ version: t.text(), delta: t.text() }).optional(),
        description: t.text(),
        dataHash: t.text(),
        operations: t.array(t.json<DeltaOperation>()).max(DELTA_OPERATIONS_MAX),
        isCheckpoint: t.bool(),
      },
      (ctx, input) => {
        const settings = beginWrite(ctx)
        requireStateVersioning(settings)
        const known = input.ids && ctx.db.state_version.get(input.ids.version)
        if (known !== undefined && known !== null) return known.version_id
        checkOperations(input.operations)
        const parent_version_id = parentOf(ctx, input.parentVersionId)
        if (parent_version_id === null && !input.isCheckpoint) {
          throw validationError('A state without a parent is kept whole: it must be a checkpoint')
        }
        const version_id = insertVersion(ctx, settings, {
          ...(input.ids && { version_id: input.ids.version as Id<'state_version'> }),
          parent_version_id,
          merge_parent_id: parentOf(ctx, input.mergeParentId),
          description: input.description,
          data_hash: input.dataHash,
        })
        ctx.db.delta_record.insert({
          ...(input.ids && { delta_id: input.ids.delta as Id<'delta_record'> }),
          state_version_id: version_id,
          operations: input.operations,
          role: input.isCheckpoint ? 'checkpoint' : 'step',
          timestamp: ctx.timestamp,
          metadata: { description: '', tags: [] },
        })
        return version_id
      },
    ),

    recordDelta: reducer(
      {
        versionId: t.text(),
        operations: t.array(t.json<DeltaOperation>()).max(DELTA_OPERATIONS_MAX),
        metadata: t.object({
          description: t.text().default(''),
          author: t.text().optional(),
          tags: t.array(t.text()).default([]),
          parent_delta_id: t.text().optional(),
        }) as never as ReturnType<typeof t.json<DeltaRecordInput['metadata']>>,
      },
      (ctx, { versionId, operations, metadata }) => {
        const settings = beginWrite(ctx)
        requireStateVersioning(settings)
        if (ctx.db.state_version.get(versionId) === undefined) throw versionNotFound(versionId)
        checkOperations(operations)
        const parent = metadata.parent_delta_id ?? undefined
        if (parent !== undefined && ctx.db.delta_record.get(parent) === undefined) {
          throw validationError(`Parent delta not found: ${parent}`)
        }
        const stored: DeltaMetadata = {
          description: metadata.description ?? '',
          ...(typeof metadata.author === 'string' ? { author: metadata.author } : {}),
          tags: metadata.tags ?? [],
          ...(parent === undefined ? {} : { parent_delta_id: parent }),
        }
        const { delta_id } = ctx.db.delta_record.insert({
          state_version_id: versionId as Id<'state_version'>,
          operations,
          timestamp: ctx.timestamp,
          metadata: stored,
        })
        emit(ctx, settings, 'DELTA_RECORDED', delta_id, {
          delta_id,
          state_version_id: versionId,
          operations_count: operations.length,
          metadata: stored,
        })
        return delta_id
      },
    ),

    getVersionHistory: reducer(
      { versionId: t.text(), maxDepth: t.int() },
      (ctx, { versionId, maxDepth }) => {
        if (ctx.db.state_version.get(versionId) === undefined) throw versionNotFound(versionId)
        const params = versionHistoryParams(versionId, maxDepth)
        const rows = ctx.sql<{ readonly version_id: string }>(VERSION_HISTORY_SQL, params)
        return rows.map((row) => row.version_id)
      },
    ),
  }
}
