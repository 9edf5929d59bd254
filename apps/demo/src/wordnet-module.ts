/** The standard module with views of the graph: what the worker and the page open. */
import { type BuiltQuery, defineModule, type Id, type Module } from '@inner-universe/core'
import {
  type StandardReducers,
  type StandardTables,
  standardLifecycle,
  standardModule,
  standardReducers,
  standardTables,
} from '@inner-universe/universe'

/** Types of the relations from an entity to what it is a kind of. */
export const KIND_OF_TYPES: readonly string[] = ['hypernym', 'instance hypernym']

/** Views by name. */
export type WordnetViews = {
  readonly entitiesByType: BuiltQuery<{ readonly entity_type: string; readonly count: number }>
  readonly relationsByType: BuiltQuery<{ readonly relation_type: string; readonly count: number }>
  /**
   * How many relations begin at each entity; those of none are left out. Those that end there are not
   * counted: nearly all of WordNet's have their inverse, and counting both ends would cost an import
   * three times as much.
   */
  readonly connections: BuiltQuery<{ readonly from_entity: Id<'entity'>; readonly count: number }>
  /** The relations of {@link KIND_OF_TYPES}, their ends alone. */
  readonly kinds: BuiltQuery<{
    readonly from_entity: Id<'entity'>
    readonly to_entity: Id<'entity'>
  }>
}

/** See the file's head. Of the same name and version as the standard module: files open as before. */
export const wordnetModule: Module<StandardTables, StandardReducers, WordnetViews> = defineModule({
  name: standardModule.name,
  version: standardModule.version,
  tables: standardTables,
  reducers: standardReducers,
  lifecycle: standardLifecycle,
  views: {
    entitiesByType: (q) => q.entity.groupBy('entity_type').count(),
    relationsByType: (q) => q.relation.groupBy('relation_type').count(),
    connections: (q) => q.relation.groupBy('from_entity').count(),
    kinds: (q) =>
      q.relation
        .where({ relation_type: { in: [...KIND_OF_TYPES] } })
        .select('from_entity', 'to_entity'),
  },
})
