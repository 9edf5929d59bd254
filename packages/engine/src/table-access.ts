/** `ctx.db.<table>`: the table API of reducers over reader and writer. See core's `TableAccess`. */
import {
  deriveCells,
  isUniverseError,
  lensesOf,
  narrowed,
  ordered,
  type Query,
  type QueryValue,
  type Row,
  type RunnableQuery,
  type StoredValue,
  type TableAccess,
  type TableQuery,
  UniverseError,
  type Where,
} from '@inner-universe/core'
import type { CallScope } from './call-scope.ts'
import { withElement, withoutElement } from './merged-columns.ts'
import { invalidValue, type RowCodec, setElements } from './row-codec.ts'
import type { VisibleRow } from './row-store.ts'
import type { CellWrite, RowWriter } from './row-writer.ts'
import { noteSchedule } from './schedule.ts'
import type { ColumnSchema, TableSchema } from './schema.ts'
import type { TableReader } from './table-reader.ts'

/** What all table accesses of an engine share; `call` is the one under way. */
export interface Session {
  readonly reader: TableReader
  readonly writer: RowWriter
  call: CallScope | undefined
}

type AnyRow = Readonly<Record<string, unknown>>
type Element = string | number | boolean

/** The call under way. @throws UniverseError `engine/read-only` outside one, `reducer/time-limit`. */
export function currentCall(session: Session): CallScope {
  const { call } = session
  if (call === undefined) {
    throw new UniverseError(
      'engine/read-only',
      'the context of a reducer was used after the reducer had returned; use it only inside',
    )
  }
  call.checkTime()
  return call
}

class ReducerQuery implements RunnableQuery<AnyRow> {
  protected readonly session: Session
  protected readonly plan: TableQuery

  constructor(session: Session, plan: TableQuery) {
    this.session = session
    this.plan = plan
  }

  where(where: Parameters<Query<AnyRow>['where']>[0]): RunnableQuery<AnyRow> {
    return this.#with(narrowed(this.plan, where))
  }

  orderBy(
    ...[path, direction = 'asc']: Parameters<Query<AnyRow>['orderBy']>
  ): RunnableQuery<AnyRow> {
    return this.#with(ordered(this.plan, path, direction))
  }

  limit(limit: number): RunnableQuery<AnyRow> {
    return this.#with({ ...this.plan, limit })
  }

  offset(offset: number): RunnableQuery<AnyRow> {
    return this.#with({ ...this.plan, offset })
  }

  after(keys: readonly QueryValue[]): RunnableQuery<AnyRow> {
    return this.#with({ ...this.plan, after: keys })
  }

  #with(plan: TableQuery): RunnableQuery<AnyRow> {
    return new ReducerQuery(this.session, plan)
  }

  all(): readonly AnyRow[] {
    currentCall(this.session)
    return this.session.reader.query(this.plan)
  }

  first(): AnyRow | undefined {
    currentCall(this.session)
    const { plan } = this
    return this.session.reader.query({ ...plan, limit: Math.min(plan.limit ?? 1, 1) })[0]
  }

  count(): number {
    currentCall(this.session)
    return this.session.reader.count(this.plan)
  }
}

/** One table of one engine; made once, used by every call. */
export class ReducerTable extends ReducerQuery implements TableAccess<AnyRow, AnyRow, AnyRow> {
  readonly #table: TableSchema
  readonly #codec: RowCodec

  constructor(session: Session, table: TableSchema) {
    super(session, { table: table.name, orderBy: [] })
    this.#table = table
    this.#codec = session.reader.codecOf(table)
  }

  insert(given: AnyRow): AnyRow {
    const call = currentCall(this.session)
    const table = this.#table
    const { values, row, isNewId } = this.#codec.encode(this.#derive(given), () => call.newId())
    const id = values[table.primaryKey.index] as string
    if (table.definition.scope === 'transient') {
      call.scope.changes.note(table, id, undefined, values)
      return row
    }
    const mayDiffer = this.session.writer.insert(call, table, values, isNewId)
    if (table.definition.schedule !== undefined) noteSchedule(call, table, id, row)
    return (mayDiffer ? this.session.reader.get(table, id) : undefined) ?? row
  }

  get(id: string): AnyRow | undefined {
    currentCall(this.session)
    return this.session.reader.get(this.#table, this.#key(id))
  }

  find(where: Where<AnyRow>): AnyRow | undefined {
    return this.where(where).first()
  }

  update(id: string, patch: AnyRow): AnyRow {
    const call = currentCall(this.session)
    this.#refuseAppendOnly('updated')
    const row = this.#visible(call, id)
    const writes: CellWrite[] = []
    for (const [name, value] of Object.entries(this.#derive(patch))) {
      if (value === undefined) continue
      const column = this.#codec.columnOf(name)
      const stored = this.#codec.encodeCell(column, value)
      if (column === this.#table.primaryKey) {
        if (stored !== id) throw invalidValue(this.#table, column, 'a primary key never changes')
      } else {
        writes.push({ column, value: stored })
      }
    }
    return this.#write(call, row, writes)
  }

  upsert(given: AnyRow): AnyRow {
    const call = currentCall(this.session)
    const { primaryKey } = this.#table
    const id = given[primaryKey.name]
    if (id === undefined || call.scope.rows.get(this.#table, this.#key(id)) === undefined) {
      return this.insert(given)
    }
    return this.update(id as string, given)
  }

  delete(id: string): boolean {
    const call = currentCall(this.session)
    const row = call.scope.rows.get(this.#table, this.#key(id))
    if (row === undefined) return false
    this.session.writer.delete(call, this.#table, row)
    if (this.#table.definition.schedule !== undefined)
      noteSchedule(call, this.#table, id, undefined)
    return true
  }

  increment(id: string, name: string, by = 1): void {
    const call = currentCall(this.session)
    this.#refuseAppendOnly('updated')
    const column = this.#columnOfKind(name, 'counter')
    const row = this.#visible(call, id)
    const value = (row.values[column.index] as number) + by
    if (!Number.isSafeInteger(by) || !Number.isSafeInteger(value)) {
      throw invalidValue(this.#table, column, 'a counter is an integer within ±(2^53 − 1)')
    }
    this.#write(call, row, [{ column, value }])
  }

  addToSet(id: string, name: string, element: Element): void {
    this.#changeSet(id, name, element, withElement)
  }

  removeFromSet(id: string, name: string, element: Element): void {
    this.#changeSet(id, name, element, withoutElement)
  }

  #changeSet(
    id: string,
    name: string,
    element: Element,
    change: (stored: StoredValue, element: string) => string,
  ): void {
    const call = currentCall(this.session)
    this.#refuseAppendOnly('updated')
    const column = this.#columnOfKind(name, 'set')
    // Checks the element as a set of one, by the column's own rules.
    const [text = ''] = setElements(this.#codec.encodeCell(column, [element]))
    const row = this.#visible(call, id)
    const value = change(row.values[column.index] as StoredValue, text)
    this.#write(call, row, [{ column, value }])
  }

  /** [MR23] What was given, and what follows from it by lenses and fits its column. */
  #derive(given: AnyRow): AnyRow {
    const lenses = lensesOf(this.#table.definition)
    if (lenses.length === 0) return given
    const cells: Record<string, StoredValue> = {}
    for (const name of new Set(lenses.flatMap(({ name: newer, lens }) => [newer, lens.column]))) {
      const value = given[name]
      if (value === undefined) continue
      cells[name] = this.#codec.encodeCell(this.#codec.columnOf(name), value)
    }
    const filled: Record<string, unknown> = { ...given }
    const derived = deriveCells(this.#table.definition, cells)
    for (const [name, stored] of Object.entries(derived)) {
      if (Object.hasOwn(cells, name)) continue
      const column = this.#codec.columnOf(name)
      const value = column.kind === 'bool' && stored !== null ? stored !== 0 : stored
      if (this.#fits(column, value)) filled[name] = value
    }
    return filled
  }

  #fits(column: ColumnSchema, value: unknown): boolean {
    try {
      this.#codec.encodeCell(column, value)
      return true
    } catch (error) {
      // Beyond the column's limits: a lens that gives no usable value gives none.
      if (isUniverseError(error, 'table/invalid-value')) return false
      throw error
    }
  }

  #write(call: CallScope, row: VisibleRow, writes: readonly CellWrite[]): Row {
    const values = this.session.writer.update(call, this.#table, row, writes)
    const after = this.#codec.decode(values)
    const { schedule } = this.#table.definition
    if (schedule !== undefined && writes.some(({ column }) => column.name === schedule.column)) {
      noteSchedule(call, this.#table, values[this.#table.primaryKey.index] as string, after)
    }
    return after
  }

  #visible(call: CallScope, id: string): VisibleRow {
    const row = call.scope.rows.get(this.#table, this.#key(id))
    if (row !== undefined) return row
    throw new UniverseError(
      'table/row-not-found',
      `table "${this.#table.name}" has no row "${id.slice(0, 64)}"; it may have been deleted`,
      { details: { table: this.#table.name, id } },
    )
  }

  #key(id: unknown): string {
    if (typeof id === 'string') return id
    throw invalidValue(this.#table, this.#table.primaryKey, `expected a text, got a ${typeof id}`)
  }

  #columnOfKind(name: string, kind: 'counter' | 'set'): ColumnSchema {
    const column = this.#codec.columnOf(name)
    if (column.kind === kind) return column
    throw invalidValue(this.#table, column, `a ${column.kind} column is not a ${kind}`)
  }

  #refuseAppendOnly(done: string): void {
    const { name, definition } = this.#table
    if (definition.scope === 'transient' || definition.isAppendOnly) {
      throw new UniverseError(
        'table/invalid-value',
        `table "${name}" is ${definition.isAppendOnly ? 'append-only' : 'transient'}: its rows are never ${done}; insert a new one`,
        { details: { table: name, reason: 'append-only' } },
      )
    }
  }
}
