import type { Driver } from '../driver.ts'
import { quoteIdentifier, tablesRead } from '../sql.ts'
import { type DriverCase, driverCase } from './driver-case.ts'
import { expectCode, expectEqual } from './expectation.ts'

/** What {@link tablesRead} and {@link quoteIdentifier} do on any driver. */
export const sqlContract: readonly DriverCase[] = [
  driverCase('tablesRead names what a query reads', (driver) => {
    makeSchema(driver)
    for (const [sql, tables] of QUERIES) {
      expectEqual([...tablesRead(driver, sql)].sort(), [...tables], sql)
    }
  }),

  driverCase('tablesRead follows a change of schema and an undone one', (driver) => {
    makeSchema(driver)
    const sql = 'SELECT * FROM recent'
    expectEqual([...tablesRead(driver, sql)], ['event'])
    driver.exec('BEGIN')
    driver.exec('DROP VIEW recent; CREATE VIEW recent AS SELECT * FROM entity')
    expectEqual([...tablesRead(driver, sql)], ['entity'])
    driver.exec('CREATE VIRTUAL TABLE other USING fts5(body)')
    expectEqual([...tablesRead(driver, 'SELECT * FROM note')], ['note'])
    driver.exec('ROLLBACK')
    expectEqual([...tablesRead(driver, sql)], ['event'])
    expectEqual([...tablesRead(driver, 'SELECT * FROM note')], ['note'])
  }),

  driverCase('tablesRead refuses what is no query', (driver) => {
    makeSchema(driver)
    expectCode(() => tablesRead(driver, 'DELETE FROM entity'), 'sql/not-read-only')
    expectCode(() => tablesRead(driver, 'SELECT * FROM nowhere'), 'sql/invalid')
    expectCode(() => tablesRead(driver, 'SELECT 1; SELECT 2'), 'sql/invalid')
  }),

  driverCase('quoteIdentifier makes a name of anything', (driver) => {
    const name = 'my "table"; DROP'
    driver.exec(`CREATE TABLE ${quoteIdentifier(name)} (id)`)
    expectEqual([...tablesRead(driver, `SELECT id FROM ${quoteIdentifier(name)}`)], [name])
  }),
]

const QUERIES: readonly (readonly [sql: string, tables: readonly string[]])[] = [
  ['SELECT 1', []],
  ['SELECT * FROM entity', ['entity']],
  ['SELECT * FROM ENTITY WHERE id = ?', ['entity']],
  ['SELECT count(*) FROM entity', ['entity']],
  ['SELECT kind FROM entity WHERE kind = ?', ['entity']],
  ['SELECT max(kind) FROM entity', ['entity']],
  ['SELECT e.name FROM entity e JOIN relation r ON r.source = e.id', ['entity', 'relation']],
  [
    'SELECT e.name, r.id FROM entity e LEFT JOIN relation r ON r.source = e.id',
    ['entity', 'relation'],
  ],
  ['SELECT name FROM entity WHERE id IN (SELECT target FROM relation)', ['entity', 'relation']],
  ['SELECT (SELECT count(*) FROM event) FROM entity', ['entity', 'event']],
  [
    'SELECT name FROM entity WHERE EXISTS (SELECT 1 FROM relation WHERE target = entity.id)',
    ['entity', 'relation'],
  ],
  ['WITH e AS (SELECT * FROM event) SELECT count(*) FROM e', ['event']],
  ['WITH entity AS (SELECT 1 AS id) SELECT id FROM entity', []],
  [
    `WITH RECURSIVE reach(id) AS (VALUES (?1) UNION SELECT target FROM relation JOIN reach ON source = reach.id)
     SELECT name FROM reach JOIN entity USING (id)`,
    ['entity', 'relation'],
  ],
  ['SELECT id FROM entity UNION ALL SELECT id FROM event', ['entity', 'event']],
  ['SELECT * FROM recent', ['event']],
  ['SELECT count(*) FROM busy', ['entity', 'event']],
  ['SELECT rank, body FROM note WHERE note MATCH ? ORDER BY rank', ['note']],
  [
    'SELECT e.id FROM note JOIN entity e ON e.rowid = note.rowid WHERE note MATCH ?',
    ['entity', 'note'],
  ],
  ['SELECT count(*) FROM note_content', ['note']],
  ['SELECT note_text.rowid FROM note_text', ['note_text']],
  ['SELECT * FROM note_text_content', ['note_text']],
  ['SELECT value FROM entity, json_each(entity.name)', ['entity']],
  ['SELECT * FROM entity WHERE kind = ? OR name = ?', ['entity']],
  ['SELECT * FROM counter WHERE key = ?', ['counter']],
  ['SELECT name FROM sqlite_schema', ['sqlite_schema']],
  ['SELECT sum(at) OVER (ORDER BY id) FROM event', ['event']],
]

function makeSchema(driver: Driver): void {
  driver.exec(`
    CREATE TABLE entity (_n INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, name TEXT);
    CREATE INDEX entityByKind ON entity (kind);
    CREATE INDEX entityByName ON entity (name);
    CREATE TABLE relation (id TEXT PRIMARY KEY, source TEXT, target TEXT);
    CREATE INDEX relationBySource ON relation (source, target);
    CREATE TABLE event (id TEXT PRIMARY KEY, at INTEGER);
    CREATE TABLE counter (key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
    CREATE VIEW recent AS SELECT * FROM event ORDER BY at DESC LIMIT 10;
    CREATE VIEW busy AS SELECT entity.id, recent.at FROM entity JOIN recent ON recent.id = entity.id;
    CREATE VIRTUAL TABLE note USING fts5(body);
    CREATE VIRTUAL TABLE note_text USING fts5(body);
  `)
}
