/**
 * The floor: the same rows through the bare driver, in a worker of its own, and the engine without
 * a page around it, so that their ratio holds nothing but the engine.
 */
import { type CallId, createIdFactory } from '@inner-universe/core'
import { openEngine } from '@inner-universe/engine'
import type { Driver, SqlValue } from '@inner-universe/sqlite'
import { loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { expose } from 'comlink'
import { noteOf, notes } from './notes.ts'

const CREATE = `
  CREATE TABLE IF NOT EXISTS note(
    _n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT, body TEXT, created INTEGER, rank INTEGER
  );
  CREATE INDEX IF NOT EXISTS note_rank ON note(rank);`
const CREATE_GRAPH = `
  CREATE TABLE entity(
    _n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entity_type TEXT, created_at INTEGER,
    updated_at INTEGER, metadata TEXT
  );
  CREATE INDEX entity_type ON entity(entity_type);
  CREATE INDEX entity_created ON entity(created_at);
  CREATE TABLE relation(
    _n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, from_entity TEXT, to_entity TEXT,
    relation_type TEXT, created_at INTEGER, metadata TEXT
  );
  CREATE INDEX relation_from ON relation(from_entity);
  CREATE INDEX relation_to ON relation(to_entity);
  CREATE INDEX relation_type ON relation(relation_type);
  CREATE VIRTUAL TABLE entity_text USING fts5(name, description, content='', contentless_delete=1);
  CREATE TRIGGER entity_text_insert AFTER INSERT ON entity BEGIN
    INSERT INTO entity_text(rowid, name, description)
    VALUES (new._n, new.metadata ->> 'name', new.metadata ->> 'description');
  END;`
const INSERT_ENTITY = `INSERT INTO entity(id, entity_type, created_at, updated_at, metadata)
  VALUES (?1, ?2, ?3, ?4, ?5)`
const INSERT_RELATION = `INSERT INTO relation(id, from_entity, to_entity, relation_type, created_at,
  metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`
const INSERT = 'INSERT INTO note(id, title, body, created, rank) VALUES (?1, ?2, ?3, ?4, ?5)'

function inGroups(
  open: Driver,
  count: number,
  group: number,
  sql: string,
  rowOf: (n: number) => SqlValue[],
): void {
  for (let from = 0; from < count; from += group) {
    open.exec('BEGIN IMMEDIATE')
    const insert = open.prepare(sql)
    for (let n = from; n < Math.min(count, from + group); n++) insert.run(rowOf(n))
    open.exec('COMMIT')
  }
}

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

  /**
   * Rows of the shape and number of an import of a graph, with its indexes and full-text search, but
   * without clocks, log or events. Milliseconds of it.
   */
  importGraph(entityCount: number, relationCount: number, group: number): number {
    const open = opened()
    open.exec(CREATE_GRAPH)
    const ids = Array.from({ length: entityCount }, () => newId())
    const relationIds = Array.from({ length: relationCount }, () => newId())
    const started = performance.now()
    inGroups(open, entityCount, group, INSERT_ENTITY, (n) => [
      ids[n] ?? '',
      'noun',
      n,
      n,
      JSON.stringify({
        name: noteOf(n).title,
        description: noteOf(n).body.slice(0, 80),
        tags: ['t'],
      }),
    ])
    inGroups(open, relationCount, group, INSERT_RELATION, (n) => [
      relationIds[n] ?? '',
      ids[Math.floor((n * entityCount) / relationCount)] ?? '',
      ids[(n * 7919) % entityCount] ?? '',
      'hypernym',
      n,
      '{"bidirectional":false,"strength":1,"tags":[]}',
    ])
    return performance.now() - started
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
