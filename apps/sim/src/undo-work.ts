/**
 * Makes calls that can be undone, undoes them and does them again at a replica; and holds each turn against
 * what the scope had written before: engine/UNDO.md UN8, UN10.
 */
import { decodeSegment, type Row, type RowOperation, type StreamSeq } from '@inner-universe/core'
import type { CallOutcome, CallUndo, Engine, UndoResult } from '@inner-universe/engine'
import { cellsText } from './oracle.ts'
import type { Action } from './plan.ts'
import type { SimReplica } from './sim-replica.ts'
import type { Watch } from './watch.ts'

/** Tables that such calls write. */
const TABLES: readonly string[] = ['item', 'note', 'person']

/**
 * Columns whose cells are held against what was written: one writer each, and no reference, which shows or
 * not by what others do.
 */
const PLAIN: ReadonlySet<string> = new Set(['title', 'note', 'meta', 'name', 'text', 'size'])

/** Decided among hidden rows too, by stamps: undoing may change who has it (engine/UNDO.md). */
const CLAIMED = 'handle'

/** Cells of all rows, as `table id column`. */
type Shown = ReadonlyMap<string, Row>

/** Makes the calls of a sketch; taken back at once, they leave nothing. */
export function sketch(
  replica: SimReplica,
  { scope, calls, isGroup, isTakenBack, atMs }: Extract<Action, { kind: 'sketch' }>,
  watch: Watch,
): void {
  const before = shownOf(replica)
  if (before === undefined) return
  let stepCount = 0
  for (const steps of calls) {
    const undo: CallUndo = {
      kind: 'record',
      scope,
      ...(isGroup ? { group: `${atMs}` } : { groupMs: 0 }),
    }
    const [outcome] = replica.commit([{ reducer: 'sketch', args: { steps }, undo }])
    watch.trace(() => `${replica.name} sketches in ${scope}: ${said(outcome)}`)
    watch.count(outcome?.ok ? 'sketch' : 'refused call sketch')
    if (outcome?.ok !== true || outcome.delta === undefined) continue
    stepCount = isGroup ? 1 : stepCount + 1
    noteWritten(replica, scope, operationsOf(replica.engine, outcome.delta))
  }
  if (!isTakenBack) return
  const turned: Turned[] = []
  for (let undone = 0; undone < stepCount; undone++) {
    turned.push(...turnOnce(replica, scope, 'undo', watch))
  }
  for (const { result } of turned) expectUnchanged(replica, result, watch)
  expectSame(replica, before, turned, watch)
}

/** Undoes steps and does some again; all of them: then all is as it was. */
export function turn(
  replica: SimReplica,
  { scope, undos, redos }: Extract<Action, { kind: 'turn' }>,
  watch: Watch,
): void {
  const before = shownOf(replica)
  if (before === undefined) return
  const turned: Turned[] = []
  let undoneCount = 0
  for (let undone = 0; undone < undos; undone++) {
    const of = turnOnce(replica, scope, 'undo', watch)
    turned.push(...of)
    undoneCount += of.filter(({ result }) => result.isDone).length
  }
  for (let redone = 0; redone < redos; redone++) {
    for (const of of turnOnce(replica, scope, 'redo', watch)) {
      turned.push(of)
      if (of.result.isDone) undoneCount -= 1
    }
  }
  if (undoneCount === 0) expectSame(replica, before, turned, watch)
}

/** One step undone, or done again. */
interface Turned {
  readonly result: UndoResult
  readonly operations: readonly RowOperation[]
}

/** Undoes one step, or does it again; asked twice by the same call it happens once. */
function turnOnce(
  replica: SimReplica,
  scope: string,
  kind: 'undo' | 'redo',
  watch: Watch,
): readonly [] | readonly [Turned] {
  const before = shownOf(replica)
  if (before === undefined) return []
  const call = { reducer: kind, args: {}, undo: { kind, scope } } as const
  const [outcome] = replica.commit([call])
  watch.trace(() => `${replica.name} ${kind} in ${scope}: ${said(outcome)}`)
  if (outcome?.ok !== true) {
    watch.fail('undo', `${replica.name} cannot ${kind}: ${said(outcome)}`)
    return []
  }
  const result = outcome.value as UndoResult
  watch.count(result.isDone ? kind : `${kind} of nothing`)
  if (result.skippedCount > 0) watch.count(`${kind} with skips`)
  const operations = operationsOf(replica.engine, outcome.delta)
  const turned = { result, operations }
  if (!result.isDone) expectSame(replica, before, [turned], watch)
  for (const operation of operations) {
    checkOverwritten(replica, { scope, operation, before }, watch)
  }
  noteWritten(replica, scope, operations)
  return [turned]
}

/** [undo] No cell is written over, and no row deleted, that has what somebody else wrote. */
function checkOverwritten(
  { memory, name }: SimReplica,
  { scope, operation, before }: Written,
  watch: Watch,
): void {
  const { kind, table, id } = operation
  const row = before.get(`${table} ${id}`)
  if (row === undefined || (kind !== 'update' && kind !== 'delete')) return
  for (const column of Object.keys(kind === 'update' ? operation.cells : row)) {
    const value = JSON.stringify(row[column])
    if (!PLAIN.has(column) || memory.isOfScope(scope, `${table} ${id} ${column}`, value)) continue
    watch.fail('undo', `${name}: a ${kind} took ${table} ${id} ${column} ${value} from another`)
  }
}

/** A write of undoing, and what was shown before it. */
interface Written {
  readonly scope: string
  readonly operation: RowOperation
  readonly before: Shown
}

/** What a call of a scope wrote is the scope's from now on. */
function noteWritten(
  replica: SimReplica,
  scope: string,
  operations: readonly RowOperation[],
): void {
  const after = shownOf(replica)
  for (const operation of operations) {
    if (operation.kind !== 'insert' && operation.kind !== 'update') continue
    const { table, id } = operation
    const row = after?.get(`${table} ${id}`)
    for (const [column, stored] of Object.entries(operation.cells)) {
      // A row that is not shown may be shown later. JSON is stored as its text.
      const values = row ? [JSON.stringify(row[column])] : [JSON.stringify(stored), `${stored}`]
      for (const value of values) {
        replica.memory.wroteInScope(scope, `${table} ${id} ${column}`, value)
      }
    }
  }
}

/** Operations of a delta that was just written; none without one. */
function operationsOf(
  engine: Engine | undefined,
  at: StreamSeq | undefined,
): readonly RowOperation[] {
  if (engine === undefined || at === undefined) return []
  return engine
    .readLog(at.stream, at.seq, 1)
    .flatMap(({ bytes }) => decodeSegment(bytes).deltas)
    .filter(({ seq }) => seq === at.seq)
    .flatMap(({ operations }) => operations)
}

/** [undo] Where nobody wrote in between, nothing is told to have been written by another. */
function expectUnchanged({ name }: SimReplica, { skipped }: UndoResult, watch: Watch): void {
  for (const { table, id, column, why } of skipped) {
    if (why !== 'changed' && why !== 'deleted' && why !== 'exists') continue
    watch.fail('undo', `${name}: ${table} ${id} ${column ?? ''} is told as ${why}, by nobody`)
  }
}

/**
 * [undo] All that was turned was turned back: what is shown is as it was. A row that was deleted and that
 * others keep has its cells as they were when it was deleted last.
 */
function expectSame(
  replica: SimReplica,
  before: Shown,
  turned: readonly Turned[],
  watch: Watch,
): void {
  if (turned.some(({ result }) => result.skippedCount > 0)) return
  const after = shownOf(replica)
  const deleted = new Set(
    turned.flatMap(({ operations }) =>
      operations.flatMap(({ kind, table, id }) => (kind === 'delete' ? [`${table} ${id}`] : [])),
    ),
  )
  for (const key of new Set([...before.keys(), ...(after?.keys() ?? [])])) {
    const [was, is] = [textOf(before.get(key)), textOf(after?.get(key))]
    if (was === is || (deleted.has(key) && after?.has(key))) continue
    watch.fail('undo', `${replica.name}: undoing left ${key} as ${is}, not ${was}`)
  }
}

function textOf(row: Row | undefined): string {
  if (row === undefined) return 'no row'
  const { [CLAIMED]: _, ...cells } = row
  return cellsText(cells as never)
}

function shownOf({ engine, isOn }: SimReplica): Shown | undefined {
  if (engine === undefined || !isOn) return undefined
  const rows = TABLES.flatMap((table) =>
    engine.query({ table, orderBy: [] }).map((row) => {
      const { primaryKey } = engine.definitions[table] as { readonly primaryKey: string }
      return [`${table} ${String(row[primaryKey])}`, row] as const
    }),
  )
  return new Map(rows)
}

function said(outcome: CallOutcome | undefined): string {
  return outcome?.ok ? JSON.stringify(outcome.value) : String(outcome?.error.message)
}
