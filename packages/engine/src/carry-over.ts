/** What a replica's file holds that the relay does not: read here, written by `adopt.ts`. STORAGE.md SY10. */
import { type Base, decodeSegment, type Hash, NO_EPOCH, type StreamId } from '@inner-universe/core'
import type { Driver, SqlRow } from '@inner-universe/sqlite'
import type { CarryOver, PendingDelta } from './engine.ts'
import type { HeldLog } from './held-log.ts'
import { localTables } from './image.ts'
import type { Outbox } from './outbox.ts'
import { quoteName, type Schema, type TableSchema } from './schema.ts'
import type { Streams } from './streams.ts'
import type { SyncState } from './sync-state.ts'
import { UNDO_TABLES } from './undo/undo-schema.ts'
import { hasUndoTables } from './undo-part.ts'

/** The base of a delta written before any relay's log was read. */
const NO_BASE: Base = { epoch: NO_EPOCH, offset: 0 }

/** Tables of the engine whose rows go over as they are, with their columns. */
export const LOCAL_TABLES: Readonly<Record<string, readonly string[]>> = {
  _call: ['client', 'last_number', 'first_number', 'oldest_pending', 'time_ms', 'answers'],
  _schedule: ['tbl', 'id', 'due_ms'],
  _connection: ['id', 'identity'],
  _conflict: ['id', 'conflict'],
  _kv: ['category', 'key', 'payload'],
}

/** Rows of one table, in the order of its columns. */
export interface CarriedTable {
  /** Name in the file. */
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly SqlRow[]
}

/** An own stream as the replaced file left it. */
export interface CarriedStream {
  readonly stream: StreamId
  readonly ackedSeq: number
  readonly ackedHash: Hash
}

/** What `CarryOver.local` is. */
export interface CarriedLocal {
  readonly tables: readonly CarriedTable[]
  /** Own streams, oldest first. */
  readonly streams: readonly CarriedStream[]
  /** How far each stream had been read, by the clock. */
  readonly headHlcs: ReadonlyMap<StreamId, number>
  /** Whether a relay lost what it had acknowledged: if `init` is pending, it was in a log. */
  readonly hasLost: boolean
}

/** What reading needs. */
export interface CarryOverParts {
  readonly driver: Driver
  readonly schema: Schema
  readonly streams: Streams
  readonly log: HeldLog
  readonly outbox: Outbox
  readonly sync: SyncState
}

/** Reads everything that belongs to this device, and all own deltas the relay has not acknowledged. */
export function readCarryOver({
  driver,
  schema,
  streams,
  log,
  outbox,
  sync,
}: CarryOverParts): CarryOver {
  const pending: PendingDelta[] = []
  for (const stream of streams.own()) {
    log.eachAfter(stream, stream.ackedSeq, ({ bytes, base = NO_BASE, origins, calls }) => {
      for (const [index, delta] of decodeSegment(bytes).deltas.entries()) {
        pending.push({ delta, base, origin: origins?.[index], call: calls?.[index] })
      }
      return undefined
    })
  }
  const local: CarriedLocal = {
    tables: [
      ...Object.entries(LOCAL_TABLES).map(([name, columns]) => readTable(driver, name, columns)),
      ...(hasUndoTables(driver) ? Object.entries(UNDO_TABLES) : []).map(([name, columns]) =>
        readTable(driver, name, columns),
      ),
      ...localTables(schema).map((table) => readTable(driver, ...physicalOf(table))),
    ],
    streams: streams
      .own()
      .map(({ id, ackedSeq, ackedHash }) => ({ stream: id, ackedSeq, ackedHash })),
    headHlcs: new Map([...streams.all()].map(({ id, headHlc }) => [id, headHlc])),
    hasLost: sync.hasLost,
  }
  const sealed = outbox.sealedBatches(undefined, Number.POSITIVE_INFINITY)
  return { pending, sealed, stream: streams.writing.id, local }
}

/** Name and columns of a local table in the file. */
export function physicalOf(table: TableSchema): [name: string, columns: readonly string[]] {
  return [`_rows_${table.name}`, table.columns.map(({ name }) => name)]
}

function readTable(driver: Driver, name: string, columns: readonly string[]): CarriedTable {
  const list = columns.map(quoteName).join(', ')
  return { name, columns, rows: driver.prepare(`SELECT ${list} FROM ${quoteName(name)}`).all() }
}
