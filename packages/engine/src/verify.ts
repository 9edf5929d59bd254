/** Checks a file against SQLite's and the engine's own invariants. STORAGE.md IN1–IN8. */
import type { Driver } from '@inner-universe/sqlite'
import { quoteName, type Schema, searchTable } from './schema.ts'
import type { TransactionParts } from './transaction.ts'

/** Faults as sentences; none when the file is sound. Cost: reads the whole file. */
export function findFaults({ driver, reader }: TransactionParts): readonly string[] {
  const faults = driver.integrityCheck().filter((line) => line !== 'ok')
  // A damaged file cannot be asked further.
  if (faults.length > 0) return faults
  return [
    ...rowFaults(driver, reader.schema),
    ...logFaults(driver),
    ...callFaults(driver),
    ...timerFaults(driver, reader.schema),
  ]
}

function count(driver: Driver, sql: string, params: readonly string[] = []): number {
  return (driver.prepare(sql).get(params)?.[0] as number | undefined) ?? 0
}

function* rowFaults(driver: Driver, schema: Schema): Iterable<string> {
  for (const table of schema.values()) {
    const key = quoteName(table.primaryKey.name)
    const both = count(
      driver,
      `SELECT count(*) FROM _hidden AS h JOIN ${table.rowsSql} AS live ON live.${key} = h.id WHERE tbl = ?1`,
      [table.name],
    )
    if (both > 0) yield `table "${table.name}": ${both} rows are both visible and hidden`
    if (table.definition.scope === 'transient') {
      const kept = count(driver, `SELECT count(*) FROM ${table.rowsSql}`)
      if (kept > 0) yield `table "${table.name}" is transient and holds ${kept} rows`
    }
    if (table.isSynced) {
      const strange = count(
        driver,
        `SELECT count(*) FROM ${table.rowsSql} WHERE _r NOT IN (SELECT idx FROM _stream)`,
      )
      if (strange > 0) yield `table "${table.name}": ${strange} rows of unknown streams`
    }
    for (const { column, target } of table.references) {
      const name = quoteName(column.name)
      const dangling = count(
        driver,
        `SELECT count(*) FROM ${table.rowsSql} WHERE ${name} IS NOT NULL AND ${name} NOT IN
          (SELECT ${quoteName(target.primaryKey.name)} FROM ${target.rowsSql})`,
      )
      if (dangling > 0) {
        yield `"${table.name}.${column.name}": ${dangling} references to rows that are not visible`
      }
    }
    if (table.definition.search !== undefined) {
      const rows = count(driver, `SELECT count(*) FROM ${table.rowsSql}`)
      const docs = quoteName(`${searchTable(table.name)}_docsize`)
      const indexed = count(driver, `SELECT count(*) FROM ${docs}`)
      if (rows !== indexed) {
        yield `table "${table.name}": ${rows} rows, ${indexed} in its search index`
      }
    }
  }
}

function* logFaults(driver: Driver): Iterable<string> {
  const streams = driver
    .prepare('SELECT idx, head_seq, acked_seq, batch_seq, is_own FROM _stream ORDER BY idx')
    .all() as [number, number, number, number, number][]
  for (const [index, headSeq, ackedSeq, batchSeq, isOwn] of streams) {
    // Below a floor the log may be dropped, but for what waits for a newer schema.
    let nextSeq: number | undefined
    let mayEnd = true
    let hasGap = false
    driver
      .prepare(
        `SELECT first_seq, count, offset IS NOT NULL AND EXISTS (SELECT 1 FROM _unapplied AS waiting
            WHERE waiting.stream = _log.stream AND waiting.seq >= first_seq
            AND waiting.seq < first_seq + count)
          FROM _log WHERE stream = ?1 ORDER BY first_seq`,
      )
      .each([index], ([firstSeq, deltaCount, isWaiting]) => {
        if (nextSeq !== undefined && firstSeq !== nextSeq && !mayEnd) hasGap = true
        nextSeq = (firstSeq as number) + (deltaCount as number)
        mayEnd = isWaiting === 1
        return undefined
      })
    if (hasGap) yield `stream ${index}: its log has a gap`
    const isPending = isOwn === 1 && headSeq > ackedSeq
    if ((nextSeq ?? 1) - 1 !== headSeq && (isPending || !mayEnd)) {
      yield `stream ${index}: its head is ${headSeq}, its log ends at ${(nextSeq ?? 1) - 1}`
    }
    if (ackedSeq > headSeq) {
      yield `stream ${index}: acknowledged up to ${ackedSeq}, beyond its head ${headSeq}`
    }
    if (batchSeq > headSeq) {
      yield `stream ${index}: its last batch ends at ${batchSeq}, beyond its head ${headSeq}`
    }
  }
  const strays = count(
    driver,
    'SELECT count(*) FROM _log WHERE stream NOT IN (SELECT idx FROM _stream)',
  )
  if (strays > 0) yield `${strays} segments of unknown streams`
}

function* callFaults(driver: Driver): Iterable<string> {
  const seen = new Map<string, Set<number>>()
  const rows = driver
    .prepare('SELECT hex(client), first_number, last_number, answers FROM _call')
    .all()
  for (const [client, first, last, answers] of rows) {
    const numbers = seen.get(client as string) ?? new Set<number>()
    seen.set(client as string, numbers)
    for (const [callNumber] of JSON.parse(answers as string) as [number][]) {
      if (numbers.has(callNumber)) yield `call ${callNumber} of client ${client} is answered twice`
      if (callNumber < (first as number) || callNumber > (last as number)) {
        yield `call ${callNumber} of client ${client} is outside its row`
      }
      numbers.add(callNumber)
    }
  }
}

function* timerFaults(driver: Driver, schema: Schema): Iterable<string> {
  for (const table of schema.values()) {
    if (table.definition.schedule === undefined) continue
    const key = quoteName(table.primaryKey.name)
    const missing = count(
      driver,
      `SELECT count(*) FROM ${table.rowsSql} AS live WHERE live.${key} NOT IN
        (SELECT timer.id FROM _schedule AS timer WHERE timer.tbl = ?1)`,
      [table.name],
    )
    if (missing > 0) yield `table "${table.name}": ${missing} timers without a due time`
  }
}
