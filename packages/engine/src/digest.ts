/** The digest of what queries see of synced tables. STORAGE.md SY9. */
import { ByteWriter, createSha256, encodeValue, finishHash, type Hash } from '@inner-universe/core'
import type { Driver, SqlValue } from '@inner-universe/sqlite'
import { quoteName, type Schema } from './schema.ts'

/** Bytes gathered before they are hashed. */
const CHUNK_BYTES = 64 * 1024

/**
 * Hashes the visible rows of all synced tables, names included: tables and columns by name, rows by
 * primary key. Nothing in it depends on how this file numbers rows and streams.
 */
export function digestOf(driver: Driver, schema: Schema): Hash {
  const digest = createSha256()
  const out = new ByteWriter()
  const flush = (): void => {
    digest.update(out.view())
    out.reset()
  }
  for (const table of [...schema.values()].sort(byName)) {
    if (!table.isSynced) continue
    const columns = [...table.columns].sort(byName)
    out.writeText(table.name)
    out.writeVarint(columns.length)
    for (const { name } of columns) out.writeText(name)
    const names = columns.map(({ name }) => quoteName(name)).join(', ')
    const key = quoteName(table.primaryKey.name)
    let rowCount = 0
    driver.prepare(`SELECT ${names} FROM ${table.rowsSql} ORDER BY ${key}`).each([], (row) => {
      for (const value of row) encodeValue(out, value as SqlValue)
      rowCount += 1
      if (out.length > CHUNK_BYTES) flush()
      return undefined
    })
    // After the rows: they are not counted before.
    out.writeVarint(rowCount)
    flush()
  }
  return finishHash(digest)
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
