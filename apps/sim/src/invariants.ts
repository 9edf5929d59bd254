/** What must hold when a world has come to rest. README.md lists them by name. */
import {
  createSegmentWriter,
  type Delta,
  type Hash,
  type LogPosition,
  MERGE_REDUCER,
  REVERT_REDUCER,
  type RowOperation,
  type StreamId,
  type TableDefinitions,
} from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import { extendLogHash, floorHash } from '@inner-universe/sync'
import type { UniverseRecord } from '@inner-universe/sync/relay-side'
import { fastHash } from './fast-hash.ts'
import { cellsText, differenceOf, type ShownRows } from './oracle.ts'
import type { OpenedEntry } from './relay-log.ts'

/** Notes a violation: name of the invariant, and what was found. */
export type Fail = (invariant: string, message: string) => void

/** Every row that a replica shows, of the tables named. */
export function shownRows(engine: Engine, tables: TableDefinitions): ShownRows {
  const shown = new Map<string, ReadonlyMap<string, string>>()
  for (const [table, definition] of Object.entries(tables)) {
    if (definition.scope !== 'synced') continue
    const { columnNames, columns, rowCount } = engine.sql(`SELECT * FROM "${table}"`)
    const keyAt = columnNames.indexOf(definition.primaryKey)
    const byId = new Map<string, string>()
    for (let row = 0; row < rowCount; row++) {
      const cells = Object.fromEntries(
        columnNames.map((name, index) => [name, columns[index]?.[row] ?? null]),
      )
      byId.set(String(columns[keyAt]?.[row]), cellsText(cells))
    }
    shown.set(table, byId)
  }
  return shown
}

/** What a log is judged by. */
export interface LogFacts {
  readonly record: UniverseRecord | undefined
  /** Streams that two copies of a replica may have written. */
  readonly twoWriters: ReadonlySet<StreamId>
  /** The relay was restored at some time. */
  readonly isRestored: boolean
}

/**
 * What is in the log twice with good reason: two copies of a replica had a call pending, one of them pushed
 * it, and the other authored it anew after a floor had taken the first out of reach.
 */
export interface Doubles {
  /** How much each tally counts too much. */
  readonly counted: ReadonlyMap<string, number>
  /**
   * Rows that a floor had forgotten when their insertion came again, by {@link rowName}, with the floor's
   * hlc: what was up to it is no part of them any more. Where undoing brings one back that others hung on or
   * that referred to others, so are all that were forgotten by then.
   */
  readonly revived: ReadonlyMap<string, number>
}

/** Names a row among those of all tables. */
export function rowName(table: string, id: string): string {
  return `${table} ${id}`
}

/** [log] [init] Offsets, chains, streams, origins, clocks and floors of the relay's log. */
export function checkLog(
  log: readonly OpenedEntry[],
  { record, twoWriters, isRestored }: LogFacts,
  fail: Fail,
): Doubles {
  let logHash = ZERO as Hash
  let greatestHlc = 0
  const hlcAt: number[] = [0]
  let floor = 0
  const heads = new Map<StreamId, { seq: number; hash: Hash; hlc: number }>()
  const origins = new Set<string>()
  const originals = new Map<string, { readonly delta: Delta; readonly offset: number }>()
  const counted = new Map<string, number>()
  const forgotten = new Map<string, number>()
  const revived = new Map<string, number>()
  log.forEach((entry, index) => {
    const at = `offset ${entry.offset}`
    if (entry.offset !== index + 1) fail('log', `${at} stands at place ${index + 1}`)
    const entryHash = entry.kind === 'batch' ? entry.hash : floorHash(entry.floor, fastHash)
    logHash = extendLogHash(logHash, entryHash, fastHash)
    if (logHash !== entry.logHash) fail('log', `the log's hash is wrong at ${at}`)
    if (entry.kind === 'floor') {
      if (entry.floor.baseOffset < floor) fail('floor', `the floor at ${at} is below the last`)
      floor = entry.floor.baseOffset
      if (entry.floor.baseOffset >= entry.offset) fail('floor', `${at} is its own base`)
      if ((hlcAt[floor] ?? 0) > entry.floor.hlc) fail('floor', `${at} has an hlc that is too low`)
      for (const { table, ids } of entry.floor.forgotten) {
        for (const id of ids) forgotten.set(rowName(table, id), entry.floor.hlc)
      }
      hlcAt.push(greatestHlc)
      return
    }
    const { header } = entry
    const head = heads.get(header.stream)
    if (header.firstSeq !== (head?.seq ?? 0) + 1) {
      fail('stream', `${at} has seq ${header.firstSeq} after ${head?.seq ?? 0}`)
    }
    if (header.previous !== (head?.hash ?? ZERO)) fail('stream', `${at} breaks its stream's chain`)
    if (header.firstHlc <= (head?.hlc ?? 0)) fail('clock', `${at} is not after its own stream`)
    const base = baseOffset(header.base, record)
    if (base >= entry.offset) fail('clock', `${at} was written on the log up to ${base}`)
    if (base < floor) fail('floor', `${at} has base ${base} above a floor of ${floor}`)
    const seen = hlcAt[Math.min(base, hlcAt.length - 1)] ?? 0
    // Of a past epoch nobody knows for certain: a restored relay may have gone on in it unnoticed.
    const isCertain = record === undefined || header.base.epoch === record.epoch
    if (isCertain && header.firstHlc <= seen) {
      fail('clock', `${at} is stamped at or before what it had seen`)
    }
    entry.deltas.forEach((delta, place) => {
      // After a restore it may have to be written anew on what others have begun.
      if (delta.reducer === 'init' && header.base.offset > 0 && !isRestored) {
        fail('init', `${at}: init was written on the log up to ${header.base.offset}`)
      }
      const origin = header.origins[place]
      const name = `${delta.stream} ${delta.seq}`
      if (originals.has(name)) fail('once', `${at}: ${name} is in the log again`)
      originals.set(name, { delta, offset: entry.offset })
      const isTurn = TURNS.has(delta.reducer)
      if (isTurn && delta.operations.some((each) => isRevival(each, forgotten))) {
        for (const [row, hlc] of forgotten) revived.set(row, hlc)
      }
      if (origin === undefined) return
      if (origins.has(origin.hash)) fail('once', `${at}: origin ${origin.hash} is there again`)
      origins.add(origin.hash)
      const original = originals.get(`${origin.stream} ${origin.seq}`)
      if (original === undefined || hashAlone(original.delta) !== origin.hash) return
      const isExcused = original.offset <= floor && twoWriters.has(original.delta.stream)
      if (!isExcused) fail('once', `${at}: its original is at ${original.offset}`)
      for (const operation of delta.operations) {
        const row = rowName(operation.table, operation.id)
        if (isRevival(operation, forgotten)) revived.set(row, forgotten.get(row) ?? 0)
        if (operation.kind !== 'increment' || operation.table !== 'tally') continue
        counted.set(operation.id, (counted.get(operation.id) ?? 0) + operation.by)
      }
    })
    greatestHlc = Math.max(greatestHlc, header.lastHlc)
    heads.set(header.stream, {
      seq: header.firstSeq + header.deltaCount - 1,
      hash: entry.hash,
      hlc: header.lastHlc,
    })
    hlcAt.push(greatestHlc)
  })
  return { counted, revived }
}

/** Deltas that may bring back rows under ids that they had. */
const TURNS: ReadonlySet<string> = new Set(['undo', 'redo', MERGE_REDUCER, REVERT_REDUCER])

function isRevival({ kind, table, id }: RowOperation, forgotten: Doubles['revived']): boolean {
  return kind === 'insert' && forgotten.has(rowName(table, id))
}

/** Hash of a delta encoded alone: what an origin names it by. */
function hashAlone(delta: Delta): Hash {
  const { stream, schemaVersion, seq } = delta
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq: seq })
  writer.append(delta)
  return fastHash(writer.finish())
}

const ZERO = '0'.repeat(32)

/** A base as an offset of the present log: a past epoch counts up to where it ended. */
function baseOffset(
  base: { readonly epoch: string; readonly offset: number },
  record: UniverseRecord | undefined,
): number {
  if (record === undefined || base.epoch === record.epoch) return base.offset
  const first = record.pastEpochs.findIndex(({ epoch }) => epoch === base.epoch)
  if (first < 0) return 0
  return Math.min(
    base.offset,
    ...record.pastEpochs.slice(first).map(({ lastOffset }) => lastOffset),
  )
}

/** [position] What a replica says it has read is what the log is there. */
export function checkPosition(
  name: string,
  position: LogPosition,
  log: readonly OpenedEntry[],
  record: UniverseRecord | undefined,
  fail: Fail,
): void {
  if (record === undefined) return
  const { epoch, offset, hash } = position
  if (epoch !== record.epoch && log.length > 0) {
    fail('position', `${name} is in epoch ${epoch}, the relay in ${record.epoch}`)
  }
  if (offset !== log.length) fail('position', `${name} has read up to ${offset} of ${log.length}`)
  const expected = offset === 0 ? ZERO : log[offset - 1]?.logHash
  if (expected !== undefined && hash !== expected) fail('position', `${name} has another log`)
}

/** [once] [counters] Each call has one event, and each counter is the sum of its events. */
export function checkMarks(
  name: string,
  engine: Engine,
  doubles: ReadonlyMap<string, number>,
  fail: Fail,
): ReadonlySet<string> {
  const seen = new Set<string>()
  const sums = new Map<string, number>()
  for (const row of engine.query({ table: 'event', orderBy: [] })) {
    const { marker, tally, by } = row as { marker: string; tally: string; by: number }
    if (seen.has(marker)) fail('once', `${name} shows call ${marker} twice`)
    seen.add(marker)
    sums.set(tally, (sums.get(tally) ?? 0) + by)
  }
  for (const row of engine.query({ table: 'tally', orderBy: [] })) {
    const { key, total } = row as { key: string; total: number }
    const sum = (sums.get(key) ?? 0) + (doubles.get(key) ?? 0)
    if (total !== sum)
      fail('counters', `${name}: tally ${key} is ${total}, its events add to ${sum}`)
    sums.delete(key)
  }
  for (const [key, sum] of sums) fail('counters', `${name}: tally ${key} of ${sum} is not shown`)
  return seen
}

/** [references] [unique] No visible reference leads nowhere, and no unique value is shown twice. */
export function checkReferences(
  name: string,
  engine: Engine,
  tables: TableDefinitions,
  fail: Fail,
): void {
  for (const [table, { columns, scope }] of Object.entries(tables)) {
    if (scope !== 'synced') continue
    for (const [column, definition] of Object.entries(columns)) {
      if (definition.kind === 'ref') {
        const target = tables[definition.table ?? '']
        const { rowCount } = engine.sql(
          `SELECT 1 FROM "${table}" WHERE "${column}" IS NOT NULL AND "${column}" NOT IN
             (SELECT "${target?.primaryKey}" FROM "${definition.table}")`,
        )
        if (rowCount > 0) fail('references', `${name}: ${table}.${column} leads nowhere`)
      }
      if (definition.isUnique) {
        const { rowCount } = engine.sql(
          `SELECT 1 FROM "${table}" WHERE "${column}" IS NOT NULL GROUP BY "${column}" HAVING count(*) > 1`,
        )
        if (rowCount > 0) fail('unique', `${name}: ${table}.${column} shows a value twice`)
      }
    }
  }
}

/** [equal] Two replicas show the same. */
export function checkEqual(
  a: { readonly name: string; readonly rows: ShownRows },
  b: { readonly name: string; readonly rows: ShownRows },
  tables: TableDefinitions,
  invariant: string,
  fail: Fail,
): void {
  const difference = differenceOf(a.rows, b.rows, Object.keys(tables))
  if (difference !== undefined) fail(invariant, `${a.name} against ${b.name}: ${difference}`)
}
