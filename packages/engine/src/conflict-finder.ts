/**
 * Finds where writes of this replica met concurrent ones, before either is merged. STORAGE.md SY7.
 *
 * The clock of a stored cell tells who wrote it and when. The author of a batch has not seen an own
 * delta that is not in the relay's log, or lies there above the batch's base; and who wrote a delta that
 * is merged into a rebuilt file had not seen what is above the heads of the file it comes from.
 */
import {
  type Base,
  type Conflict,
  compareStamp,
  type Delta,
  decodeClockOverrides,
  type Epoch,
  type JsonValue,
  type LocalStamp,
  laterStamp,
  type MergedRow,
  type MergedRows,
  mergeOperations,
  type Stamp,
  type StoredValue,
  type StreamId,
  type TableDefinitions,
} from '@inner-universe/core'
import { isSameValue } from './changes.ts'
import type { HiddenRow } from './hidden-cells.ts'
import type { RowCodec } from './row-codec.ts'
import type { VisibleRow } from './row-store.ts'
import type { ColumnSchema, TableSchema } from './schema.ts'
import type { StreamEntry } from './streams.ts'
import type { WriteScope } from './write-scope.ts'

/** What finding conflicts needs besides the open transaction. */
export interface ConflictParts {
  readonly tables: TableDefinitions
  readonly codecs: ReadonlyMap<TableSchema, RowCodec>
  readonly now: () => number
}

/** A conflict with the stamp of their write: of several on one cell the newest is told. */
interface Found {
  readonly conflict: Conflict
  readonly stamp: Stamp
}

type Side = Conflict['winner']

const OTHER: Readonly<Record<Side, Side>> = { ours: 'theirs', theirs: 'ours' }

/** Looks at the batches of one transaction, each before it is merged. */
export class ConflictFinder {
  readonly #scope: WriteScope
  readonly #parts: ConflictParts
  readonly #epoch: Epoch
  readonly #atMs: number
  readonly #found = new Map<string, Found>()
  readonly #pendingHlc = new Map<StreamEntry, number>()

  /** `epoch`: of the log that the batches come from. */
  constructor(scope: WriteScope, parts: ConflictParts, epoch: Epoch) {
    this.#scope = scope
    this.#parts = parts
    this.#epoch = epoch
    this.#atMs = Math.floor(parts.now())
  }

  /** Forgets which own deltas are not in the relay's log: some are now. */
  noteAcknowledged(): void {
    this.#pendingHlc.clear()
  }

  /** Compares a batch with what is stored. Cost: none unless its author missed own deltas. */
  look(base: Base, deltas: readonly Delta[]): void {
    const unseen = this.#unseenBy(base)
    if (unseen.size === 0) return
    const fold: MergedRows = new Map()
    for (const delta of deltas) mergeOperations(fold, delta, this.#parts.tables)
    this.#compare(fold, 'theirs', ({ hlc, streamIndex }) => {
      return hlc >= (unseen.get(streamIndex) ?? Number.POSITIVE_INFINITY)
    })
  }

  /** Compares pending deltas with what is stored; `headHlcs`: what their author had read of streams. */
  lookOwn(fold: MergedRows, headHlcs: ReadonlyMap<StreamId, number>): void {
    this.#compare(fold, 'ours', ({ hlc, streamIndex }) => {
      const { id, isOwn } = this.#scope.streams.at(streamIndex)
      return !isOwn && hlc > (headHlcs.get(id) ?? 0)
    })
  }

  /** The conflicts found, and unique values that own rows have lost in this transaction. */
  conflicts(): Conflict[] {
    const { streams, lostClaims } = this.#scope
    const conflicts = [...this.#found.values()].map(({ conflict }) => conflict)
    for (const { table, column, value, id, clock, holder } of lostClaims?.values() ?? []) {
      if (!streams.at(clock.streamIndex).isOwn) continue
      conflicts.push({
        ...this.#rowConflict(table, id),
        kind: 'claim-lost',
        column: column.name,
        ours: readCell(this.#parts.codecs, table, column, value),
        theirs: holder.id,
        winner: 'theirs',
      })
    }
    return conflicts
  }

  /** Stream index → lowest hlc of the own deltas that an author had not read. */
  #unseenBy(base: Base): Map<number, number> {
    const unseen = new Map<number, number>()
    for (const entry of this.#scope.streams.own()) {
      const hlc = this.#unseenHlc(entry, base)
      if (hlc !== undefined) unseen.set(entry.index, hlc)
    }
    return unseen
  }

  #unseenHlc(entry: StreamEntry, base: Base): number | undefined {
    const { driver } = this.#scope
    const isSameLog = base.epoch === this.#epoch
    let pending = this.#pendingHlc.get(entry)
    if (pending === undefined) {
      const [hlc] = driver
        .prepare(
          'SELECT first_hlc FROM _log WHERE stream = ?1 AND first_seq > ?2 ORDER BY first_seq LIMIT 1',
        )
        .get([entry.index, entry.ackedSeq]) ?? [Number.POSITIVE_INFINITY]
      pending = hlc as number
      this.#pendingHlc.set(entry, pending)
    }
    let lowest = pending
    if (!isSameLog) {
      const first = driver
        .prepare('SELECT first_hlc FROM _log WHERE stream = ?1 ORDER BY first_seq LIMIT 1')
        .get([entry.index])
      return first?.[0] as number | undefined
    }
    // Offsets rise with seqs: from the last acknowledged one down to the first that was seen.
    driver
      .prepare(
        `SELECT first_hlc, offset FROM _log WHERE stream = ?1 AND first_seq <= ?2
          ORDER BY first_seq DESC`,
      )
      .each([entry.index, entry.ackedSeq], ([firstHlc, offset]) => {
        const isSeen = offset !== null && (offset as number) <= base.offset
        if (!isSeen) lowest = firstHlc as number
        return !isSeen
      })
    return Number.isFinite(lowest) ? lowest : undefined
  }

  #compare(fold: MergedRows, side: Side, isUnseen: (stamp: LocalStamp) => boolean): void {
    for (const [name, byId] of fold) {
      const table = this.#scope.schema.get(name)
      if (table === undefined) continue
      for (const row of byId.values()) {
        // A cell without a clock was never written: only others of its row were.
        const isMissed = (clock: LocalStamp) => clock.hlc > 0 && isUnseen(clock)
        this.#compareRow(table, row, side, isMissed)
      }
    }
  }

  /** `side`: whose the writes are that arrive. */
  #compareRow(
    table: TableSchema,
    arrived: MergedRow,
    side: Side,
    isUnseen: (stamp: LocalStamp) => boolean,
  ): void {
    const { rows, streams } = this.#scope
    const { id } = arrived
    const winnerOf = (isArrived: boolean) => (isArrived ? side : OTHER[side])
    const hasPast = rows.hasPast(table)
    const stored = rows.get(table, id) ?? (hasPast ? rows.getHidden(table, id) : undefined)
    const storedDeath = hasPast ? rows.getTombstone(table, id) : undefined
    const written = newestOf(arrived)
    const death = isAfter(arrived.birth, arrived.death) ? undefined : arrived.death
    if (storedDeath !== undefined && isUnseen(storedDeath)) {
      if (death !== undefined || written === undefined) return
      const winner = winnerOf(isAfter(arrived.birth, streams.stampOf(storedDeath)))
      this.#add(written, { ...this.#rowConflict(table, id), winner })
      return
    }
    if (stored === undefined) return
    const clocks = decodeClockOverrides(stored, stored.overrides)
    if (death !== undefined) {
      if (!isUnseen(stored) && ![...clocks.values()].some(isUnseen)) return
      const birth = stored.hlc > 0 ? streams.stampOf(stored) : undefined
      const winner = winnerOf(!isAfter(birth, death))
      this.#add(death, { ...this.#rowConflict(table, id), winner })
      return
    }
    for (const [name, { value, stamp }] of arrived.cells) {
      const column = table.columnsByName.get(name)
      const clock = clocks.get(name) ?? stored
      if (column === undefined || !isUnseen(clock)) continue
      const held = this.#mergedValue(table, id, stored, column)
      if (isSameValue(held, value)) continue
      const values = { [OTHER[side]]: held, [side]: value } as Record<Side, StoredValue>
      this.#add(stamp, {
        ...this.#rowConflict(table, id),
        kind: 'overridden',
        column: name,
        ours: readCell(this.#parts.codecs, table, column, values.ours),
        theirs: readCell(this.#parts.codecs, table, column, values.theirs),
        winner: winnerOf(isAfter(stamp, streams.stampOf(clock))),
      })
    }
  }

  #rowConflict(table: TableSchema, id: string): Omit<Conflict, 'winner'> {
    return {
      kind: 'deleted',
      table: table.name,
      id,
      column: null,
      ours: null,
      theirs: null,
      reducer: null,
      reason: null,
      atMs: this.#atMs,
    }
  }

  #add(stamp: Stamp, conflict: Conflict): void {
    const key = JSON.stringify([conflict.table, conflict.id, conflict.column])
    const before = this.#found.get(key)
    if (before === undefined || isAfter(stamp, before.stamp)) {
      this.#found.set(key, { conflict, stamp })
    }
  }

  /** What was written to a cell, also where it reads NULL. */
  #mergedValue(
    table: TableSchema,
    id: string,
    row: VisibleRow | HiddenRow,
    column: ColumnSchema,
  ): StoredValue {
    const value = row.values[column.index] ?? null
    const { rows } = this.#scope
    if (value !== null || !rows.hasShadows()) return value
    return rows.shadowsOf(table, id).get(column.name) ?? null
  }
}

/** One stored cell as queries give it. */
function readCell(
  codecs: ReadonlyMap<TableSchema, RowCodec>,
  table: TableSchema,
  column: ColumnSchema,
  value: StoredValue,
): JsonValue {
  const values = table.columns.map((one) => (one === column ? value : null))
  return (codecs.get(table)?.decode(values)[column.name] ?? null) as JsonValue
}

/** A write that never was is before all. */
function isAfter(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a !== undefined && (b === undefined || compareStamp(a, b) > 0)
}

/** The newest write of a row other than a deletion; counters carry no stamp and count as none. */
function newestOf({ birth, cells, sets }: MergedRow): Stamp | undefined {
  let newest = birth
  for (const { stamp } of cells.values()) newest = laterStamp(newest, stamp)
  for (const elements of sets.values()) {
    for (const dots of elements.values()) {
      for (const { stamp } of dots.values()) newest = laterStamp(newest, stamp)
    }
  }
  return newest
}
