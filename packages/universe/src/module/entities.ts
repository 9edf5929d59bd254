/** Reducers of entities. */
import { type Id, isId, type Reducer, t } from '@inner-universe/core'
import {
  beginWrite,
  type DefineStandardReducer,
  mayChange,
  requireAdmin,
  type Settings,
  type StandardContext,
} from './context.ts'
import { emit } from './events.ts'
import { BULK_ITEMS_MAX } from './limits.ts'
import {
  type EntityMetadata,
  type EntityMetadataInput,
  type EntityMetadataPatch,
  entityMetadataArgument,
  entityMetadataOf,
  entityPatchArgument,
  metadataChange,
  patchedMetadata,
} from './metadata.ts'
import {
  entityNotFound,
  entityReferenced,
  revisionConflict,
  unauthorized,
  validationError,
} from './refusal.ts'
import type { EntityRow } from './tables.ts'

/** A new entity. */
export interface EntityInput {
  /** Any text but "". */
  readonly type: string
  readonly metadata?: EntityMetadataInput | undefined
}

/** An entity of a bulk call; with an id of its own when ids must stay the same between imports. */
export interface BulkEntityInput extends EntityInput {
  /** Canonical lower-case UUID text of any version. */
  readonly id?: string | null | undefined
}

/** An entity from another store, its times kept. */
export interface RawEntityInput extends BulkEntityInput {
  readonly createdAt?: number | null | undefined
  /** Defaults to `createdAt`. */
  readonly updatedAt?: number | null | undefined
}

/** Names a row and, if the caller wants to be sure, the revision it has read. */
export interface RowTarget {
  readonly id: string
  /**
   * Refuses with `universe/version-conflict` unless the row is at this revision *on this replica*.
   * Changes made elsewhere and not yet here cannot be seen: they merge, the newer one winning.
   */
  readonly expectedRevision?: number | null | undefined
}

/** Reducers of `entities.ts`. */
export type EntityReducers = {
  /** Adds an entity owned by the caller; gives its id. */
  readonly createEntity: Reducer<EntityInput, Id<'entity'>>
  /** Adds up to {@link BULK_ITEMS_MAX} entities with one event; gives their ids in order. */
  readonly createEntities: Reducer<
    { readonly items: readonly BulkEntityInput[] },
    readonly Id<'entity'>[]
  >
  /** Adds an entity with its own id and times. Admins only: times could be forged. */
  readonly createEntityRaw: Reducer<RawEntityInput, Id<'entity'>>
  /** Replaces the metadata as a whole. */
  readonly updateEntity: Reducer<RowTarget & { readonly metadata: EntityMetadataInput }, boolean>
  /** Changes part of the metadata. */
  readonly patchEntity: Reducer<RowTarget & { readonly metadata: EntityMetadataPatch }, boolean>
  /** Deletes an entity; one with relations only when they may go with it (`cascade`). */
  readonly deleteEntity: Reducer<RowTarget & { readonly cascade?: boolean | undefined }, boolean>
}

/** An id given by the caller, checked; undefined when none was given. */
export function givenId<Table extends string>(
  id: string | null | undefined,
  itemIndex?: number,
): Id<Table> | undefined {
  if (id === null || id === undefined) return undefined
  if (isId(id)) return id as unknown as Id<Table>
  const where = itemIndex === undefined ? '' : ` (item ${itemIndex})`
  throw validationError(`"${id}" is not an id: canonical lower-case UUID text is needed${where}`)
}

/** The entity, if the caller may change it at that revision. Checks in this order. */
function changeable(ctx: StandardContext, settings: Settings, target: RowTarget): EntityRow {
  const { id, expectedRevision } = target
  const row = ctx.db.entity.get(id)
  if (row === undefined) throw entityNotFound(id)
  if (!mayChange(ctx, settings, row.owner)) {
    throw unauthorized(`entity ${id} may be changed by its owner or an admin only`)
  }
  if (typeof expectedRevision === 'number' && expectedRevision !== row.revision) {
    throw revisionConflict('Entity', id, expectedRevision, row.revision)
  }
  return row
}

function replaceMetadata(
  ctx: StandardContext,
  settings: Settings,
  row: EntityRow,
  metadata: EntityMetadata,
): boolean {
  const { id } = row
  ctx.db.entity.update(id, { metadata, updated_at: ctx.timestamp, revision: row.revision + 1 })
  const change = metadataChange(row.metadata, metadata)
  emit(ctx, settings, 'ENTITY_UPDATED', id, {
    entity_id: id,
    changed_fields: change.changedFields,
    old_metadata: change.before,
    new_metadata: change.after,
  })
  return true
}

const RELATIONS_OF_ENTITY_SQL = `select id, relation_type from relation
  where from_entity = ?1 or to_entity = ?1`

const RELATION_COUNT_SQL = `select count(*) as count from relation
  where from_entity = ?1 or to_entity = ?1`

/** The entity's owner may take away relations of others with it, or nobody could ever delete it. */
function deleteRelationsOf(ctx: StandardContext, settings: Settings, id: string): void {
  const sql = RELATIONS_OF_ENTITY_SQL
  for (const relation of ctx.sql<{ id: string; relation_type: string }>(sql, [id])) {
    ctx.db.relation.delete(relation.id)
    emit(ctx, settings, 'RELATION_DELETED', relation.id, {
      relation_id: relation.id,
      relation_type: relation.relation_type,
    })
  }
}

/** Makes the reducers of `entities.ts`. */
export function entityReducers(reducer: DefineStandardReducer): EntityReducers {
  const target = { id: t.text(), expectedRevision: t.int().optional() }
  const type = t.text()
  const metadata = entityMetadataArgument.default({})
  const item = t.object({
    id: t.text().optional(),
    type,
    metadata: entityMetadataArgument.optional(),
  })

  const create = (ctx: StandardContext, input: RawEntityInput): Id<'entity'> => {
    const settings = beginWrite(ctx)
    if (input.type === '') throw validationError('Entity type cannot be empty')
    const id = givenId<'entity'>(input.id)
    const created_at = input.createdAt ?? ctx.timestamp
    const row = ctx.db.entity.insert({
      ...(id === undefined ? {} : { id }),
      entity_type: input.type,
      created_at,
      updated_at: input.updatedAt ?? created_at,
      metadata: entityMetadataOf(input.metadata ?? {}),
      owner: ctx.sender,
    })
    emit(ctx, settings, 'ENTITY_CREATED', row.id, {
      entity_id: row.id,
      entity_type: row.entity_type,
      metadata: row.metadata,
    })
    return row.id
  }

  return {
    createEntity: reducer({ type, metadata }, create),

    createEntityRaw: reducer(
      {
        id: t.text().optional(),
        type,
        metadata,
        createdAt: t.timestamp().optional(),
        updatedAt: t.timestamp().optional(),
      },
      (ctx, input) => {
        requireAdmin(ctx, 'Admin privileges required')
        return create(ctx, input)
      },
    ),

    createEntities: reducer(
      { items: t.array<BulkEntityInput>(item as never).max(BULK_ITEMS_MAX) },
      (ctx, { items }) => {
        const settings = beginWrite(ctx)
        const { timestamp, sender: owner, db } = ctx
        const ids = items.map((input, itemIndex) => {
          if (input.type === '') {
            throw validationError('Entity type cannot be empty', { itemIndex })
          }
          return db.entity.insert({
            id: givenId<'entity'>(input.id, itemIndex) ?? ctx.newId<'entity'>(),
            entity_type: input.type,
            created_at: timestamp,
            updated_at: timestamp,
            metadata: entityMetadataOf(input.metadata ?? {}),
            owner,
          }).id
        })
        const [first_id, last_id] = [ids.at(0), ids.at(-1)]
        if (first_id !== undefined && last_id !== undefined) {
          const data = { count: ids.length, first_id, last_id }
          emit(ctx, settings, 'ENTITIES_CREATED', first_id, data)
        }
        return ids
      },
    ),

    updateEntity: reducer({ ...target, metadata: entityMetadataArgument }, (ctx, input) => {
      const settings = beginWrite(ctx)
      const row = changeable(ctx, settings, input)
      return replaceMetadata(ctx, settings, row, entityMetadataOf(input.metadata))
    }),

    patchEntity: reducer({ ...target, metadata: entityPatchArgument }, (ctx, input) => {
      const settings = beginWrite(ctx)
      const row = changeable(ctx, settings, input)
      const patched = patchedMetadata<EntityMetadataInput>(row.metadata, input.metadata)
      return replaceMetadata(ctx, settings, row, entityMetadataOf(patched))
    }),

    deleteEntity: reducer({ ...target, cascade: t.bool().default(false) }, (ctx, input) => {
      const settings = beginWrite(ctx)
      const { id, entity_type } = changeable(ctx, settings, input)
      if (input.cascade) {
        deleteRelationsOf(ctx, settings, id)
      } else {
        const [row] = ctx.sql<{ readonly count: number }>(RELATION_COUNT_SQL, [id])
        if (row !== undefined && row.count > 0) throw entityReferenced(id, row.count)
      }
      ctx.db.entity.delete(id)
      emit(ctx, settings, 'ENTITY_DELETED', id, { entity_id: id, entity_type })
      return true
    }),
  }
}
