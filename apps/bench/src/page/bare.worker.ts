/**
 * The floor: the same rows through the bare driver, in a worker of its own, and the engine without
 * a page around it, so that their ratio holds nothing but the engine.
 */
import { type CallId, createIdFactory } from '@inner-universe/core'
import { openEngine } from '@inner-universe/engine'
import type { Driver } from '@inner-universe/sqlite'
import { loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { expose } from 'comlink'
import { noteOf, notes } from './notes.ts'

const CREATE = `
  CREATE TABLE IF NOT EXISTS note(
    _n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT, body TEXT, created INTEGER, rank INTEGER
  );
  CREATE INDEX IF NOT EXISTS note_rank ON note(rank);`
const INSERT = 'INSERT INTO note(id, title, body, created, rank) VALUES (?1, ?2, ?3, ?4, ?5)'

function randomBytes(byteCount: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(byteCount))
}

const newId = createIdFactory({ now: Date.now, randomBytes })
let driver: Driver | undefined
let nextNote = 0

function opened(): Driver {
  if (driver === undefined) throw new Error('open() first')
  return driver
}

async function openDriver(directory: string): Promise<Driver> {
  const sqlite = await loadSqlite()
  return openWasmDatabase({ sqlite, storage: { kind: 'opfs', directory }, durability: 'power' })
}

/** What the page calls through comlink. */
export const bare = {
  async open(directory: string): Promise<void> {
    driver = await openDriver(directory)
    driver.exec(CREATE)
    nextNote = driver.prepare('SELECT count(*) FROM note').get()?.[0] as number
  },

  close(): void {
    driver?.close()
    driver = undefined
  },

  /** Inserts `count` rows, `group` to a transaction. Milliseconds of it. */
  insert(count: number, group: number): number {
    const open = opened()
    const rows = Array.from({ length: count }, () => {
      const { title, body, rank } = noteOf(nextNote++)
      return [newId(), title, body, Date.now(), rank]
    })
    const started = performance.now()
    for (let from = 0; from < count; from += group) {
      open.exec('BEGIN IMMEDIATE')
      const insert = open.prepare(INSERT)
      for (const row of rows.slice(from, from + group)) insert.run(row)
      open.exec('COMMIT')
    }
    return performance.now() - started
  },

  /** One row, one transaction: what a durable call cannot beat. */
  insertOne(): string {
    const id = newId()
    const { title, body, rank } = noteOf(nextNote++)
    const open = opened()
    open.exec('BEGIN IMMEDIATE')
    open.prepare(INSERT).run([id, title, body, Date.now(), rank])
    open.exec('COMMIT')
    return id
  },

  /** The first rows by rank: what a live query reads. */
  firstByRank(limit: number): unknown {
    return opened().prepare('SELECT * FROM note ORDER BY rank, id LIMIT ?1').all([limit])
  },

  /** The same rows as reducer calls given to the engine itself, `group` to a commit. */
  async engineInsert(directory: string, count: number, group: number): Promise<number> {
    const engine = openEngine({
      driver: await openDriver(directory),
      module: notes,
      now: Date.now,
      randomBytes,
      identity: 'bench',
      stream: 'continue',
    })
    const client = Array.from(randomBytes(16), (byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    )
    const calls = Array.from({ length: count }, (_, index) => ({
      callId: `${client}:${index + 1}` as CallId,
      reducer: 'addNote',
      args: noteOf(index),
      timestampMs: Date.now(),
      sender: 'bench',
      connectionId: 'bench',
      oldestPendingNumber: index + 1,
    }))
    const started = performance.now()
    for (let from = 0; from < count; from += group) engine.commit(calls.slice(from, from + group))
    const elapsedMs = performance.now() - started
    const held = engine.count({ table: 'note', orderBy: [] })
    engine.close()
    if (held < count) throw new Error(`the engine holds ${held} of ${count} notes`)
    return elapsedMs
  },
}

/** The worker's surface, for the page's `wrap`. */
export type Bare = typeof bare

expose(bare)
