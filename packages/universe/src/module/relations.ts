/** Reducers of relations. */
import { type Id, type Reducer, t } from '@inner-universe/core'
import {
  beginWrite,
  type DefineStandardReducer,
  mayChange,
  type Settings,
  type StandardContext,
} from './context.ts'
import { givenId, type RowTarget } from './entities.ts'
import { emit } from './events.ts'
import { BULK_ITEMS_MAX } from './limits.ts'
import {
  metadataChange,
  patchedMetadata,
  type RelationMetadata,
  type RelationMetadataInput,
  type RelationMetadataPatch,
  relationMetadataArgument,
  relationMetadataOf,
  relationPatchArgument,
} from './metadata.ts'
import {
  entityNotFound,
  relationNotFound,
  revisionConflict,
  unauthorized,
  validationError,
} from './refusal.ts'
import type { RelationRow } from './tables.ts'

/** A new relation. Several of one type between two entities, and to itself, are allowed. */
export interface RelationInput {
  readonly from: string
  readonly to: string
  /** Any text but "". */
  readonly type: string
  readonly metadata?: RelationMetadataInput | undefined
}

/** A relation of a bulk call; with an id of its own when ids must stay the same between imports. */
export interface BulkRelationInput extends RelationInput {
  /** Canonical lower-case UUID text of any version. */
  readonly id?: string | null | undefined
}

/** Reducers of `relations.ts`. */
export type RelationReducers = {
  /** Adds a relation owned by the caller; gives its id. Anybody may relate any entities. */
  readonly createRelation: Reducer<RelationInput, Id<'relation'>>
  /** Adds up to {@link BULK_ITEMS_MAX} relations with one event; gives their ids in order. */
  readonly createRelations: Reducer<
    { readonly items: readonly BulkRelationInput[] },
    readonly Id<'relation'>[]
  >
  /** Replaces the metadata as a whole. */
  readonly updateRelation: Reducer<
    RowTarget & { readonly metadata: RelationMetadataInput },
    boolean
  >
  /** Changes part of the metadata. */
  readonly patchRelation: Reducer<RowTarget & { readonly metadata: RelationMetadataPatch }, boolean>
  readonly deleteRelation: Reducer<RowTarget, boolean>
}

/** The relation, if the caller may change it at that revision. Checks in this order. */
function changeable(ctx: StandardContext, settings: Settings, target: RowTarget): RelationRow {
  const { id, expectedRevision } = target
  const row = ctx.db.relation.get(id)
  if (row === undefined) throw relationNotFound(id)
  if (!mayChange(ctx, settings, row.owner)) {
    throw unauthorized(`relation ${id} may be changed by its owner or an admin only`)
  }
  if (typeof expectedRevision === 'number' && expectedRevision !== row.revision) {
    throw revisionConflict('Relation', id, expectedRevision, row.revision)
  }
  return row
}

function replaceMetadata(
  ctx: StandardContext,
  settings: Settings,
  row: RelationRow,
  metadata: RelationMetadata,
): boolean {
  const { id } = row
  ctx.db.relation.update(id, { metadata, revision: row.revision + 1 })
  const change = metadataChange(row.metadata, metadata)
  emit(ctx, settings, 'RELATION_UPDATED', id, {
    relation_id: id,
    changed_fields: change.changedFields,
    old_metadata: change.before,
    new_metadata: change.after,
  })
  return true
}

const KNOWN_ENTITIES_SQL = `select id from entity
  where id in (select value from json_each(?1))`

/** Checks both ends of all items with one statement: a seek per end, no row is built. */
function requireEnds(ctx: StandardContext, items: readonly BulkRelationInput[]): void {
  const wanted = new Set<string>()
  for (const { from, to } of items) wanted.add(from).add(to)
  const rows = ctx.sql<{ readonly id: string }>(KNOWN_ENTITIES_SQL, [JSON.stringify([...wanted])])
  if (rows.length === wanted.size) return
  const known = new Set(rows.map((row) => row.id))
  for (const { from, to } of items) {
    if (!known.has(from)) throw entityNotFound(from, 'from')
    if (!known.has(to)) throw entityNotFound(to, 'to')
  }
}

/** Makes the reducers of `relations.ts`. */
export function relationReducers(reducer: DefineStandardReducer): RelationReducers {
  const target = { id: t.text(), expectedRevision: t.int().optional() }
  const metadata = relationMetadataArgument.default({})
  const input = { from: t.text(), to: t.text(), type: t.text(), metadata }
  const item = t.object({
    ...input,
    id: t.text().optional(),
    metadata: relationMetadataArgument.optional(),
  })

  return {
    createRelation: reducer(input, (ctx, { from, to, type, metadata: given }) => {
      const settings = beginWrite(ctx)
      if (type === '') throw validationError('Relation type cannot be empty')
      if (ctx.db.entity.get(from) === undefined) throw entityNotFound(from, 'from')
      if (ctx.db.entity.get(to) === undefined) throw entityNotFound(to, 'to')
      const row = ctx.db.relation.insert({
        from_entity: from as Id<'entity'>,
        to_entity: to as Id<'entity'>,
        relation_type: type,
        created_at: ctx.timestamp,
        metadata: relationMetadataOf(given),
        owner: ctx.sender,
      })
      emit(ctx, settings, 'RELATION_CREATED', row.id, {
        relation_id: row.id,
        from_entity: from,
        to_entity: to,
        relation_type: type,
        metadata: row.metadata,
      })
      return row.id
    }),

    createRelations: reducer(
      { items: t.array<BulkRelationInput>(item as never).max(BULK_ITEMS_MAX) },
      (ctx, { items }) => {
        const settings = beginWrite(ctx)
        const { timestamp: created_at, sender: owner, db } = ctx
        for (const [itemIndex, { type }] of items.entries()) {
          if (type === '') throw validationError('Relation type cannot be empty', { itemIndex })
        }
        requireEnds(ctx, items)
        const ids = items.map(
          ({ id, from, to, type, metadata: given }, itemIndex) =>
            db.relation.insert({
              id: givenId<'relation'>(id, itemIndex) ?? ctx.newId<'relation'>(),
              from_entity: from as Id<'entity'>,
              to_entity: to as Id<'entity'>,
              relation_type: type,
              created_at,
              metadata: relationMetadataOf(given ?? {}),
              owner,
            }).id,
        )
        const [first_id, last_id] = [ids.at(0), ids.at(-1)]
        if (first_id !== undefined && last_id !== undefined) {
          const data = { count: ids.length, first_id, last_id }
          emit(ctx, settings, 'RELATIONS_CREATED', first_id, data)
        }
        return ids
      },
    ),

    updateRelation: reducer({ ...target, metadata: relationMetadataArgument }, (ctx, args) => {
      const settings = beginWrite(ctx)
      const row = changeable(ctx, settings, args)
      return replaceMetadata(ctx, settings, row, relationMetadataOf(args.metadata))
    }),

    patchRelation: reducer({ ...target, metadata: relationPatchArgument }, (ctx, args) => {
      const settings = beginWrite(ctx)
      const row = changeable(ctx, settings, args)
      const patched = patchedMetadata<RelationMetadataInput>(row.metadata, args.metadata)
      return replaceMetadata(ctx, settings, row, relationMetadataOf(patched))
    }),

    deleteRelation: reducer(target, (ctx, args) => {
      const settings = beginWrite(ctx)
      const { id, relation_type } = changeable(ctx, settings, args)
      ctx.db.relation.delete(id)
      emit(ctx, settings, 'RELATION_DELETED', id, { relation_id: id, relation_type })
      return true
    }),
  }
}
