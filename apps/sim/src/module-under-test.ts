/**
 * The module that every replica of a world runs, in two schema versions: each kind of column and
 * reference, and reducers that merge, that are run again, that throw, and that the relay refuses.
 *
 * Every call carries a marker of its own. What it leaves, beside its other writes, is one row of the
 * append-only table `event` and one increment of a counter, in one delta: so each call can be counted
 * in the end, and each counter be held against the rows.
 */
import {
  defineModule,
  type JsonValue,
  type Module,
  type ReducerContext,
  t,
  table,
} from '@inner-universe/core'

/** One write of the reducer `write`. Rows of tables with ids are picked by their place among all. */
export interface Step {
  readonly act: 'put' | 'update' | 'delete' | 'increment' | 'add' | 'remove'
  readonly table: 'item' | 'person' | 'note'
  /** Natural key of an item; place of a person or note. */
  readonly key: string
  readonly pick: number
  readonly cells: Readonly<Record<string, JsonValue>>
  /** Reference columns, each to an item's key or to a picked person. */
  readonly links: Readonly<Record<string, string | number | null>>
  readonly by: number
  readonly element: string
}

/** Arguments that all reducers share: who is counted, and where. */
export interface Mark {
  readonly marker: string
  readonly tally: string
  readonly by: number
}

/** Arguments of any reducer of the module. */
export type CallArguments = Mark & Readonly<Record<string, unknown>>

interface AnyTable {
  get(id: string): unknown
  all(): readonly { readonly id: string }[]
  insert(row: unknown): unknown
  upsert(row: unknown): unknown
  update(id: string, patch: unknown): unknown
  delete(id: string): boolean
  increment(id: string, column: string, by: number): void
  addToSet(id: string, column: string, element: string): void
  removeFromSet(id: string, column: string, element: string): void
}

type AnyDb = Readonly<Record<string, AnyTable>>

/** Counters that marks move. */
export const TALLIES: readonly string[] = ['main', 'side']

const MARK = { marker: t.text(), tally: t.text(), by: t.int() }

function mark(db: AnyDb, { marker, tally, by }: Mark): void {
  db.event?.insert({ marker, tally, by })
  db.tally?.increment(tally, 'total', by)
}

function picked(access: AnyTable, pick: number): string | undefined {
  const rows = access.all()
  return rows.length === 0 ? undefined : rows[pick % rows.length]?.id
}

function linksOf(db: AnyDb, links: Step['links']): Record<string, string | null> {
  const resolved: Record<string, string | null> = {}
  for (const [column, target] of Object.entries(links)) {
    if (typeof target === 'number') {
      resolved[column] = picked(db.person as AnyTable, target) ?? null
    } else {
      const isThere = target !== null && db.item?.get(target) !== undefined
      resolved[column] = isThere ? target : null
    }
  }
  return resolved
}

function take(ctx: Pick<ReducerContext, 'db' | 'orderBetween'>, step: Step): void {
  const db = ctx.db as unknown as AnyDb
  const { act, table: name, key, pick, by, element } = step
  const access = db[name] as AnyTable
  const cells: Record<string, unknown> = { ...step.cells, ...linksOf(db, step.links) }
  if (name === 'note' && (act === 'put' || by > 3)) cells.place = placeIn(ctx, pick)
  if (act === 'put') {
    if (name === 'item') access.upsert({ key, ...cells })
    else access.insert(cells)
    return
  }
  const id = name === 'item' ? key : picked(access, pick)
  if (id === undefined || access.get(id) === undefined) return
  if (act === 'update') access.update(id, cells)
  else if (act === 'delete') access.delete(id)
  else if (name === 'person') return
  else if (act === 'increment') access.increment(id, 'votes', by)
  else if (act === 'add') access.addToSet(id, 'tags', element)
  else access.removeFromSet(id, 'tags', element)
}

/** A place after one of the notes, before the next of them. */
function placeIn(ctx: Pick<ReducerContext, 'db' | 'orderBetween'>, pick: number): string {
  const notes = (ctx.db as unknown as AnyDb).note?.all() as unknown as readonly {
    readonly place: string
  }[]
  const places = notes.map(({ place }) => place).sort()
  const at = places.length === 0 ? 0 : pick % places.length
  const before = places[at] ?? null
  const after = places.find((place) => before !== null && place > before) ?? null
  return ctx.orderBetween(before, after)
}

const tables = {
  event: table({
    id: t.id(),
    marker: t.text(),
    tally: t.text(),
    by: t.int(),
  }).appendOnly(),
  tally: table({ key: t.key(), total: t.counter() }),
  item: table({
    key: t.key(),
    title: t.text(),
    note: t.text().optional(),
    size: t.int().default(1),
    isDone: t.bool().default(false),
    meta: t.json().default({}),
    color: t.enum(['red', 'green']).default('red'),
    votes: t.counter(),
    tags: t.set(t.text()),
    owner: t.ref('person').optional(),
    parent: t.ref('item', { onDelete: 'cascade' }).optional(),
    friend: t.ref('item', { onDelete: 'null' }).optional(),
  }),
  person: table({
    id: t.id(),
    name: t.text(),
    handle: t.text().optional().unique(),
    best: t.ref('item').optional(),
    boss: t.ref('person', { onDelete: 'cascade' }).optional(),
    spouse: t.ref('person', { onDelete: 'null' }).optional(),
  }),
  note: table({
    id: t.id(),
    text: t.text(),
    place: t.order(),
    about: t.ref('item', { onDelete: 'cascade' }).optional(),
    by: t.ref('person', { onDelete: 'null' }).optional(),
    votes: t.counter(),
    tags: t.set(t.text()),
    body: t.richText(),
  }),
  seat: table({ key: t.key(), holder: t.text() }),
  vault: table({ key: t.key(), secret: t.text() }),
  draft: table({ id: t.id(), text: t.text() }).local(),
} as const

const newerTables = {
  ...tables,
  item: table({
    key: t.key(),
    title: t.text(),
    note: t.text().optional(),
    size: t.int().default(1),
    isDone: t.bool().default(false),
    meta: t.json().default({}),
    color: t.enum(['red', 'green']).default('red'),
    votes: t.counter(),
    tags: t.set(t.text()),
    owner: t.ref('person').optional(),
    parent: t.ref('item', { onDelete: 'cascade' }).optional(),
    friend: t.ref('item', { onDelete: 'null' }).optional(),
    weight: t.real().optional(),
    likes: t.counter(),
    ranks: t.set(t.int()),
    body: t.list(),
  }),
  label: table({ key: t.key(), text: t.text(), item: t.ref('item').optional() }),
} as const

/** Schema version 1. */
export const olderModule: Module = defineModule({
  name: 'sim',
  version: 1,
  versions: true,
  tables,
  lifecycle: {
    init: (ctx) => {
      // Before any call: what creates a counter that others move could be undone under them.
      for (const key of TALLIES) ctx.db.tally.insert({ key })
      // With an id of its own: whoever joins must not bring a second one.
      ctx.db.person.insert({ name: 'founder' })
    },
  },
  reducers: (reducer) => ({
    write: reducer({ ...MARK, steps: t.json() }, (ctx, args) => {
      for (const step of args.steps as unknown as readonly Step[]) take(ctx, step)
      ctx.db.draft.insert({ text: args.marker })
      mark(ctx.db as unknown as AnyDb, args)
    }),
    // Re-run on a newer state when it must be authored again: its writes depend on what it reads.
    book: reducer(
      { ...MARK, seat: t.text() },
      (ctx, args) => {
        const held = ctx.db.seat.get(args.seat)
        if (held !== undefined && held.holder !== args.marker) throw new Error('the seat is taken')
        ctx.db.seat.upsert({ key: args.seat, holder: args.marker })
        mark(ctx.db as unknown as AnyDb, args)
      },
      { mode: 'recheck' },
    ),
    leave: reducer(
      { ...MARK, seat: t.text() },
      (ctx, args) => {
        ctx.db.seat.delete(args.seat)
        mark(ctx.db as unknown as AnyDb, args)
      },
      { mode: 'recheck' },
    ),
    fail: reducer({ ...MARK, steps: t.json() }, (ctx, args) => {
      for (const step of args.steps as unknown as readonly Step[]) take(ctx, step)
      mark(ctx.db as unknown as AnyDb, args)
      throw new Error('as told')
    }),
    // Can be undone: it leaves no mark, as that would have to be undone with it.
    sketch: reducer({ steps: t.json() }, (ctx, args) => {
      for (const step of args.steps as unknown as readonly Step[]) take(ctx, step)
    }),
    // Some replicas may not write this table.
    hoard: reducer({ ...MARK, key: t.text() }, (ctx, args) => {
      ctx.db.vault.upsert({ key: args.key, secret: args.marker })
      mark(ctx.db as unknown as AnyDb, args)
    }),
  }),
})

/** Schema version 2: more columns, one more table, a reducer that writes them. */
export const newerModule: Module = defineModule({
  name: 'sim',
  version: 2,
  versions: true,
  tables: newerTables,
  lifecycle: olderModule.lifecycle as never,
  reducers: (reducer) => ({
    ...(olderModule.reducers as Record<string, never>),
    decorate: reducer({ ...MARK, key: t.text(), size: t.int() }, (ctx, args) => {
      const { item, label } = ctx.db
      if (item.get(args.key) === undefined) item.insert({ key: args.key, title: args.marker })
      item.update(args.key, { weight: args.size / 2 })
      item.increment(args.key, 'likes', args.by)
      item.addToSet(args.key, 'ranks', args.size)
      label.upsert({ key: args.key, text: args.marker, item: args.key as never })
      mark(ctx.db as unknown as AnyDb, args)
    }),
  }),
})

/** The module of a schema version. */
export function moduleOf(schemaVersion: 1 | 2): Module {
  return schemaVersion === 1 ? olderModule : newerModule
}

/** Tables a replica with limited rights may write. */
export const OPEN_TABLES: readonly string[] = Object.keys(newerModule.tables).filter(
  (name) => name !== 'vault',
)
