/** A module with every kind of column and reference, and one reducer that does what it is told. */
import {
  APPEND_REDUCER,
  COMPACT_REDUCER,
  defineModule,
  documentTable,
  isUniverseError,
  type ReducerContext,
  t,
  table,
} from '@inner-universe/core'

/** One write of the `write` reducer. Those that make no sense where the row stands are left out. */
export interface Step {
  readonly act:
    | ('put' | 'insert' | 'update' | 'delete' | 'create')
    | ('increment' | 'add' | 'remove' | 'append' | 'compact')
  readonly table: 'item' | 'person' | 'box' | 'event'
  readonly id: string
  readonly cells: Readonly<Record<string, unknown>>
  readonly by: number
  readonly element: string
}

/** What a call of `write` does: its own steps, then those of a nested call, then maybe a throw. */
export interface Script {
  readonly steps: readonly Step[]
  readonly nested?: Script | undefined
  readonly fails: boolean
}

interface AnyTable {
  get(id: string): unknown
  insert(row: unknown): unknown
  upsert(row: unknown): unknown
  update(id: string, patch: unknown): unknown
  delete(id: string): boolean
  increment(id: string, column: string, by: number): void
  addToSet(id: string, column: string, element: string): void
  removeFromSet(id: string, column: string, element: string): void
}

const keyOf = (name: Step['table']) => (name === 'person' ? 'id' : 'key')

function run(context: ReducerContext, step: Step): void {
  const { act, table: name, id, cells, by, element } = step
  const access = context.db[name] as unknown as AnyTable
  const isThere = access.get(id) !== undefined
  const row = { [keyOf(name)]: id, ...cells }
  if (name === 'event' && act !== 'delete') {
    if (!isThere) access.insert(row)
    return
  }
  if (act === 'create') {
    if (name === 'person') access.insert(cells)
  } else if (act === 'put') access.upsert(row)
  else if (act === 'insert' ? isThere : !isThere) return
  else if (act === 'insert') access.insert(row)
  else if (act === 'update') access.update(id, cells)
  else if (act === 'delete') access.delete(id)
  else if (name !== 'item') return
  else if (act === 'increment') access.increment(id, 'votes', by)
  else if (act === 'add') access.addToSet(id, 'tags', element)
  else if (act === 'remove') access.removeFromSet(id, 'tags', element)
  else writeDocument(context, step)
}

/** Appends to the document of an item, or puts a checkpoint in the place of its first updates. */
function writeDocument({ db, call }: ReducerContext, { act, id, by, element }: Step): void {
  const place = { table: 'item', row: id, document: 'body' }
  const bytes = new TextEncoder().encode(element)
  if (act === 'append') {
    call(APPEND_REDUCER, { ...place, update: bytes })
    return
  }
  const updates = db[documentTable('item')]?.where({ row: id }).all() as readonly { id: string }[]
  const covers = updates.slice(0, Math.max(0, by)).map((update) => update.id)
  call(COMPACT_REDUCER, { ...place, checkpoint: bytes, covers })
}

export const convergenceModule = defineModule({
  name: 'convergence',
  version: 1,
  tables: {
    item: table({
      key: t.key(),
      title: t.text(),
      note: t.text().optional(),
      size: t.int().default(1),
      price: t.real().optional(),
      isDone: t.bool().default(false),
      due: t.timestamp().optional(),
      photo: t.bytes().optional(),
      meta: t.json().default({}),
      list: t.array(t.int()).default([]),
      place: t.object({ x: t.int(), y: t.int().optional() }).optional(),
      color: t.enum(['red', 'green']).default('red'),
      votes: t.counter(),
      tags: t.set(t.text()),
      ranks: t.set(t.int()),
      owner: t.ref('person').optional(),
      parent: t.ref('item', { onDelete: 'cascade' }).optional(),
      friend: t.ref('item', { onDelete: 'null' }).optional(),
      code: t.text().unique().optional(),
      rank: t.int().unique().optional(),
      body: t.richText(),
    }),
    person: table({
      id: t.id(),
      name: t.text(),
      best: t.ref('item').optional(),
      boss: t.ref('person', { onDelete: 'cascade' }).optional(),
      spouse: t.ref('person', { onDelete: 'null' }).optional(),
      badge: t.enum(['gold', 'tin']).unique().optional(),
    }),
    event: table({
      key: t.key(),
      code: t.text().unique().optional(),
      count: t.counter(),
      item: t.ref('item').optional(),
    }).appendOnly(),
    box: table({
      key: t.key(),
      count: t.counter(),
      within: t.ref('box').optional(),
      holds: t.ref('item', { onDelete: 'cascade' }).optional(),
    }),
    log: table({ id: t.id(), text: t.text(), item: t.ref('item').optional() }).local(),
  },
  reducers: (reducer) => ({
    write: reducer({ script: t.json() }, (ctx, args) => {
      const script = args.script as unknown as Script
      for (const step of script.steps) {
        try {
          run(ctx as unknown as ReducerContext, step)
        } catch (error) {
          // Refused before anything was written.
          if (!isUniverseError(error, 'table/duplicate-value')) throw error
        }
      }
      ctx.db.log.insert({ text: 'written', item: 'a' as never })
      if (script.nested !== undefined) {
        try {
          ctx.call('write', { script: script.nested })
        } catch {
          // What it did is undone; the rest of this call stands.
        }
      }
      if (script.fails) throw new Error('as told')
    }),
  }),
})
