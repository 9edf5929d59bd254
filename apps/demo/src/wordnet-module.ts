/** The standard module with notes and views of the graph: what the worker and the page open. */
import {
  type BuiltQuery,
  type Column,
  type DocumentColumn,
  defineModule,
  type Id,
  type Module,
  type Reducer,
  type Table,
  t,
  table,
  UniverseError,
} from '@inner-universe/core'
import {
  type StandardReducers,
  type StandardTables,
  standardLifecycle,
  standardModule,
  standardReducers,
  standardTables,
} from '@inner-universe/universe'

/** Columns of `entity_note`. */
export type EntityNoteColumns = {
  /** The entity's id: two devices that begin its note at once begin the same. */
  readonly id: Column<string>
  readonly entity: Column<Id<'entity'>>
  /** What people write together, at its root `content`. */
  readonly body: DocumentColumn<'richText'>
}

/** The standard tables, and one note for each entity that somebody wrote one on. */
export type WordnetTables = StandardTables & { readonly entity_note: Table<EntityNoteColumns> }

/** The standard reducers, and what begins a note. */
export type WordnetReducers = StandardReducers & {
  /** Makes the note of an entity if there is none; true: made. */
  readonly beginNote: Reducer<{ readonly entity: string }, boolean>
}

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

const tables: WordnetTables = {
  ...standardTables,
  entity_note: table<EntityNoteColumns>({
    id: t.key(),
    entity: t.ref('entity', { onDelete: 'cascade' }),
    body: t.richText(),
  }),
}

/** See the file's head. A later version of the standard module: its files open, and gain notes and versions. */
export const wordnetModule: Module<WordnetTables, WordnetReducers, WordnetViews> = defineModule({
  name: standardModule.name,
  version: standardModule.version + 2,
  tables,
  reducers: (reducer) => ({
    ...standardReducers(reducer),
    beginNote: reducer({ entity: t.text() }, (ctx, { entity }) => {
      const row = ctx.db.entity.get(entity)
      if (row === undefined) {
        throw new UniverseError('table/row-not-found', `there is no entity ${entity} to note on`)
      }
      if (ctx.db.entity_note.get(entity) !== undefined) return false
      ctx.db.entity_note.insert({ id: entity, entity: row.id })
      return true
    }),
  }),
  lifecycle: standardLifecycle,
  versions: true,
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
