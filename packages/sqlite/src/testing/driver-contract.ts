/**
 * What every {@link Driver} does, as cases any runner can run: Vitest in Node, a worker in a browser.
 *
 * ```ts
 * for (const { title, run } of driverContract) test(title, async () => run(await makeHarness()))
 * ```
 */

import type { Driver, SqlValue } from '../driver.ts'
import { inSavepoint, inTransaction } from '../transaction.ts'
import { type DriverCase, driverCase } from './driver-case.ts'
import { expectCode, expectEqual, expectThrow } from './expectation.ts'

/** The whole contract. */
export const driverContract: readonly DriverCase[] = [
  driverCase('values come back as they were given', (driver) => {
    driver.exec('CREATE TABLE sample (value)')
    const insert = driver.prepare('INSERT INTO sample (value) VALUES (?) RETURNING value')
    const values: SqlValue[] = [
      null,
      0,
      1,
      -1,
      255,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 32 + 1,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      2n ** 53n,
      -(2n ** 53n),
      2n ** 63n - 1n,
      -(2n ** 63n),
      0.5,
      -1.25e-300,
      1.7976931348623157e308,
      2 ** 53,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      '',
      'plain',
      '\ufeffwith a byte order mark',
      'x'.repeat(47),
      'x'.repeat(500),
      `${'x'.repeat(40)}é`,
      'Grüße, 世界, 👩‍👩‍👧 and \u0000 inside',
      new Uint8Array([0, 1, 254, 255]),
      new Uint8Array(0),
    ]
    for (const value of values) {
      expectEqual(insert.get([value]), [value], 'returned')
      expectEqual(driver.prepare('SELECT ?1').get([value]), [value], 'echoed')
    }
    const select = driver.prepare('SELECT value FROM sample ORDER BY rowid')
    expectEqual(
      select.all(),
      values.map((value) => [value]),
      'stored',
    )
    expectEqual(select.columns(), { names: ['value'], columns: [values], rowCount: values.length })
    const seen: SqlValue[] = []
    select.each([], ([value]) => {
      seen.push(value as SqlValue)
      return undefined
    })
    expectEqual(seen, values, 'each')
  }),

  driverCase('whole numbers are INTEGER, others REAL, and −0 is 0', (driver) => {
    const typeOf = (value: SqlValue) => driver.prepare('SELECT typeof(?)').get([value])
    expectEqual(typeOf(7), ['integer'])
    expectEqual(typeOf(7n), ['integer'])
    expectEqual(typeOf(2 ** 53), ['real'])
    expectEqual(typeOf(0.5), ['real'])
    expectEqual(driver.prepare('SELECT ?').get([-0]), [0])
    expectEqual(driver.prepare('SELECT ?').get([5n]), [5])
    expectEqual(driver.prepare('SELECT 5.0, 1e15').get(), [5, 1e15])
  }),

  driverCase('a lone surrogate becomes U+FFFD', (driver) => {
    expectEqual(driver.prepare('SELECT ?').get(['a\ud800b\udc00']), ['a\ufffdb\ufffd'])
  }),

  driverCase('text and blobs of a megabyte and of every length near a page', (driver) => {
    driver.exec('CREATE TABLE large (id INTEGER PRIMARY KEY, body)')
    const text = 'Wörter '.repeat(150_000)
    const bytes = new Uint8Array(1_048_577).map((_, at) => at * 31)
    const insert = driver.prepare('INSERT INTO large VALUES (?1, ?2)')
    insert.run([1, text])
    insert.run([2, bytes])
    for (let length = 4080; length < 4110; length++) insert.run([length, 'é'.repeat(length)])
    const get = driver.prepare('SELECT body FROM large WHERE id = ?')
    expectEqual(get.get([1]), [text])
    expectEqual(get.get([2]), [bytes])
    for (let length = 4080; length < 4110; length++) {
      expectEqual(get.get([length]), ['é'.repeat(length)])
    }
  }),

  driverCase('parameters: missing are NULL, spare or untyped ones are refused', (driver) => {
    const pair = driver.prepare('SELECT ?1, ?2')
    expectEqual(pair.get(['left', 'right']), ['left', 'right'])
    expectEqual(pair.get(['left']), ['left', null])
    expectEqual(pair.get(), [null, null])
    expectCode(() => pair.get([1, 2, 3]), 'sql/invalid')
    for (const value of [Number.NaN, 2n ** 63n, true, undefined, {}, []]) {
      const error = expectCode(() => pair.get([value as never, 'secret']), 'sql/invalid')
      expectEqual(JSON.stringify(error.details).includes('secret'), false, 'values leak')
    }
    expectEqual(pair.get(['fine', 'again']), ['fine', 'again'])
    expectEqual(driver.prepare('SELECT ?2, ?1').get(['a', 'b']), ['b', 'a'])
  }),

  driverCase('an error names its cause and the statement works afterwards', (driver) => {
    driver.exec('CREATE TABLE entry (id TEXT UNIQUE, amount INTEGER NOT NULL)')
    const insert = driver.prepare('INSERT INTO entry VALUES (?, ?)')
    expectEqual(insert.run(['one', 1]), 1)
    const error = expectCode(() => insert.run(['one', 2]), 'sql/invalid')
    expectEqual(error.details.sqliteCode, 2067)
    expectEqual(JSON.stringify(error.details).includes('"one"'), false, 'values leak')
    expectCode(() => insert.run(['two', null]), 'sql/invalid')
    expectEqual(insert.run(['two', 2]), 1)
    expectEqual(driver.prepare('SELECT count(*) FROM entry').get(), [2])
    expectCode(() => driver.prepare('SELEC 1'), 'sql/invalid')
    expectCode(() => driver.prepare('SELECT nothing FROM entry'), 'sql/invalid')
    expectCode(() => driver.prepare('SELECT 1 FROM "nowhere"'), 'sql/invalid')
    expectCode(() => driver.exec('CREATE TABLE entry (id)'), 'sql/invalid')
  }),

  driverCase('prepare takes exactly one statement', (driver) => {
    expectCode(() => driver.prepare(''), 'sql/invalid')
    expectCode(() => driver.prepare(' -- nothing\n/* at all */;'), 'sql/invalid')
    expectCode(() => driver.prepare('SELECT 1; SELECT 2'), 'sql/invalid')
    expectEqual(driver.prepare('SELECT 1; -- done\n ;').get(), [1])
    const [first, second] = [driver.prepare('SELECT 1'), driver.prepare('SELECT 1')]
    expectEqual(first === second, true, 'cached')
  }),

  driverCase('run counts changed rows and nothing else', (driver) => {
    expectEqual(driver.prepare('CREATE TABLE entry (id INTEGER)').run(), 0)
    const insert = driver.prepare('INSERT INTO entry VALUES (1), (2), (3)')
    expectEqual(insert.run(), 3)
    expectEqual(driver.prepare('SELECT id FROM entry').run(), 0)
    expectEqual(driver.prepare('UPDATE entry SET id = id + 1 WHERE id > 1').run(), 2)
    expectEqual(driver.prepare('DELETE FROM entry WHERE id > 99').run(), 0)
    expectEqual(
      driver.prepare('WITH pick AS (SELECT 1 AS id) DELETE FROM entry WHERE id IN pick').run(),
      1,
    )
    expectEqual(driver.prepare('CREATE INDEX entryById ON entry (id)').run(), 0)
  }),

  driverCase('isReadOnly is true for queries only', (driver) => {
    driver.exec('CREATE TABLE entry (id INTEGER)')
    const isReadOnly = (sql: string) => driver.prepare(sql).isReadOnly
    for (const sql of [
      'SELECT * FROM entry',
      'VALUES (1)',
      '/* why */ select 1',
      'WITH one AS (SELECT 1) SELECT * FROM one',
      'EXPLAIN DELETE FROM entry',
      "SELECT * FROM pragma_table_info('entry')",
    ]) {
      expectEqual(isReadOnly(sql), true, sql)
    }
    for (const sql of [
      'INSERT INTO entry VALUES (1)',
      'DELETE FROM entry',
      'WITH one AS (SELECT 1) INSERT INTO entry SELECT * FROM one',
      'CREATE TABLE other (id)',
      'BEGIN',
      'COMMIT',
      'SAVEPOINT a',
      "ATTACH ':memory:' AS other",
      'PRAGMA user_version = 5',
      'VACUUM',
    ]) {
      expectEqual(isReadOnly(sql), false, sql)
    }
  }),

  driverCase('each stops when told and the statement can be used again', (driver) => {
    const numbers = driver.prepare('SELECT value FROM json_each(?)')
    const seen: SqlValue[] = []
    numbers.each(['[1,2,3,4]'], ([value]) => {
      seen.push(value as SqlValue)
      return seen.length < 2
    })
    expectEqual(seen, [1, 2])
    expectEqual(
      expectThrow(() =>
        numbers.each(['[1]'], () => {
          throw new RangeError('from the callback')
        }),
      ) instanceof RangeError,
      true,
    )
    expectEqual(numbers.all(['[7]']), [[7]])
  }),

  driverCase('a statement in the middle of each is not run again', (driver) => {
    const numbers = driver.prepare('SELECT value FROM json_each(?)')
    expectThrow(() => numbers.each(['[1,2]'], () => numbers.run() === 0))
    expectEqual(numbers.all(['[7]']), [[7]])
    // Another statement may run meanwhile, and may write.
    driver.exec('CREATE TABLE entry (id)')
    numbers.each(['[1,2]'], ([value]) => {
      driver.prepare('INSERT INTO entry VALUES (?)').run([value as SqlValue])
      return undefined
    })
    expectEqual(driver.prepare('SELECT id FROM entry').all(), [[1], [2]])
  }),

  driverCase('columns come by name and in order, also without rows', (driver) => {
    driver.exec("CREATE TABLE entry (id, name); INSERT INTO entry VALUES (1, 'a'), (2, NULL)")
    const all = driver.prepare('SELECT id, name AS "the name", id AS id FROM entry ORDER BY id')
    expectEqual(all.columnNames, ['id', 'the name', 'id'])
    expectEqual(all.columns(), {
      names: ['id', 'the name', 'id'],
      columns: [
        [1, 2],
        ['a', null],
        [1, 2],
      ],
      rowCount: 2,
    })
    expectEqual(driver.prepare('SELECT id FROM entry WHERE id > ?').columns([5]), {
      names: ['id'],
      columns: [[]],
      rowCount: 0,
    })
    expectEqual(driver.prepare('DELETE FROM entry').columnNames, [])
    expectEqual(driver.prepare('DELETE FROM entry').columns(), {
      names: [],
      columns: [],
      rowCount: 0,
    })
    expectEqual(driver.prepare('SELECT 1 WHERE 0').get(), undefined)
  }),

  driverCase('a kept statement follows a change of schema, undone or not', (driver) => {
    driver.exec("CREATE TABLE entry (id); INSERT INTO entry VALUES ('a')")
    const all = driver.prepare('SELECT * FROM entry')
    expectEqual(all.all(), [['a']])
    driver.prepare('ALTER TABLE entry ADD COLUMN size INTEGER DEFAULT 9').run()
    expectEqual(all.columnNames, ['id', 'size'])
    expectEqual(all.all(), [['a', 9]])
    driver.exec('BEGIN')
    driver.exec('ALTER TABLE entry RENAME COLUMN size TO weight')
    expectEqual(all.columns().names, ['id', 'weight'])
    driver.exec('ROLLBACK')
    expectEqual(all.columns().names, ['id', 'size'])
  }),

  driverCase('more statements than the cache holds go on working', (driver) => {
    const first = driver.prepare('SELECT 0')
    for (let index = 1; index < 1_200; index++) {
      expectEqual(driver.prepare(`SELECT ${index}`).get(), [index])
    }
    expectEqual(first.get(), [0])
  }),

  driverCase('a transaction commits, or leaves nothing', (driver) => {
    driver.exec('CREATE TABLE entry (id)')
    const insert = driver.prepare('INSERT INTO entry VALUES (?)')
    const ids = () => driver.prepare('SELECT id FROM entry ORDER BY id').all().flat()
    expectEqual(
      inTransaction(driver, () => {
        expectEqual(driver.isInTransaction, true)
        insert.run([1])
        return 'result'
      }),
      'result',
    )
    expectEqual(driver.isInTransaction, false)
    const fault = expectThrow(() =>
      inTransaction(driver, () => {
        insert.run([2])
        throw new RangeError('changed my mind')
      }),
    )
    expectEqual(fault instanceof RangeError, true)
    expectEqual(ids(), [1])
    driver.exec('BEGIN IMMEDIATE')
    insert.run([3])
    driver.exec('ROLLBACK')
    expectEqual(ids(), [1])
  }),

  driverCase('savepoints nest, and each undoes its own part', (driver) => {
    driver.exec('CREATE TABLE entry (id)')
    const insert = driver.prepare('INSERT INTO entry VALUES (?)')
    inTransaction(driver, () => {
      insert.run([1])
      expectThrow(() =>
        inSavepoint(driver, () => {
          insert.run([2])
          inSavepoint(driver, () => insert.run([3]))
          throw new Error('outer savepoint')
        }),
      )
      inSavepoint(driver, () => {
        insert.run([4])
        expectThrow(() =>
          inSavepoint(driver, () => {
            insert.run([5])
            throw new Error('inner savepoint')
          }),
        )
      })
    })
    expectEqual(driver.prepare('SELECT id FROM entry ORDER BY id').all().flat(), [1, 4])
  }),

  driverCase('a body that returns a promise is undone and refused', (driver) => {
    driver.exec('CREATE TABLE entry (id)')
    const body = (): never => {
      driver.prepare('INSERT INTO entry VALUES (1)').run()
      return Promise.reject(new Error('too late')) as never
    }
    expectCode(() => inTransaction(driver, body), 'reducer/asynchronous')
    inTransaction(driver, () => {
      expectCode(() => inSavepoint(driver, body), 'reducer/asynchronous')
    })
    expectEqual(driver.prepare('SELECT count(*) FROM entry').get(), [0])
  }),

  driverCase('a transaction SQLite already rolled back keeps its own error', (driver) => {
    driver.exec('CREATE TABLE entry (id UNIQUE)')
    const fault = expectCode(
      () =>
        inTransaction(driver, () => {
          driver.prepare('INSERT INTO entry VALUES (1)').run()
          inSavepoint(driver, () =>
            driver.prepare('INSERT OR ROLLBACK INTO entry VALUES (1)').run(),
          )
        }),
      'sql/invalid',
    )
    expectEqual(fault.details.sqliteCode, 2067)
    expectEqual(driver.isInTransaction, false)
    // A body that swallows that error must not look committed.
    expectCode(
      () =>
        inTransaction(driver, () => {
          driver.prepare('INSERT INTO entry VALUES (2)').run()
          expectThrow(() => driver.prepare('INSERT OR ROLLBACK INTO entry VALUES (2)').run())
        }),
      'storage/io',
    )
    expectEqual(driver.prepare('SELECT count(*) FROM entry').get(), [0])
  }),

  driverCase(
    'a query past its deadline stops; writes and later queries do not',
    (driver, harness) => {
      const endless = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) `
      let checks = 0
      driver.setDeadline(() => ++checks > 3)
      expectCode(() => driver.prepare(`${endless} SELECT i FROM n`).all(), 'sql/timed-out')
      if (harness.interruptsWithinRows) {
        expectCode(() => driver.prepare(`${endless} SELECT sum(i) FROM n`).get(), 'sql/timed-out')
      }
      driver.exec('CREATE TABLE entry (id)')
      driver.setDeadline(() => true)
      inTransaction(driver, () => {
        driver.prepare(`${endless} INSERT INTO entry SELECT i FROM n LIMIT 50000`).run()
      })
      driver.setDeadline(undefined)
      expectEqual(driver.prepare('SELECT count(*) FROM entry').get(), [50_000])
      expectEqual(driver.prepare(`${endless} SELECT i FROM n LIMIT 3`).all(), [[1], [2], [3]])
    },
  ),

  driverCase(
    'an expression beyond the depth limit is refused and nothing else is hurt',
    (driver) => {
      driver.exec('CREATE TABLE entry (id)')
      const chain = (count: number) => Array.from({ length: count }, () => 'id = ?1').join(' OR ')
      for (const count of [1_500, 20_000]) {
        expectCode(() => driver.prepare(`SELECT 1 FROM entry WHERE ${chain(count)}`), 'sql/invalid')
        expectCode(() => driver.exec(`DELETE FROM entry WHERE ${chain(count)}`), 'sql/invalid')
        expectCode(() => driver.prepare(`SELECT ${'('.repeat(count * 2)}`), 'sql/invalid')
      }
      driver.prepare('INSERT INTO entry VALUES (7)').run()
      expectEqual(driver.prepare(`SELECT id FROM entry WHERE ${chain(900)}`).all([7]), [[7]])
      expectEqual(driver.integrityCheck(), ['ok'])
    },
  ),

  driverCase('full-text search and JSON are there', (driver) => {
    driver.exec(`CREATE VIRTUAL TABLE note USING fts5(body, tokenize = 'trigram');
      INSERT INTO note VALUES ('green apples'), ('blue sky')`)
    expectEqual(driver.prepare('SELECT body FROM note WHERE note MATCH ?').all(['"apple"']), [
      ['green apples'],
    ])
    expectEqual(
      driver
        .prepare(`SELECT json_extract(?, '$.a[1]'), ? ->> '$.b'`)
        .get(['{"a":[1,2]}', '{"b":"c"}']),
      [2, 'c'],
    )
    expectEqual(driver.prepare(`SELECT json_group_array(value) FROM json_each('[1,"x"]')`).get(), [
      '[1,"x"]',
    ])
    expectEqual(
      driver.prepare('SELECT 2 % 2, sum(value) OVER () FROM json_each(?)').get(['[4]']),
      [0, 4],
    )
  }),

  driverCase('a string in double quotes is a name, never text', (driver) => {
    expectCode(() => driver.prepare('SELECT "mistyped"'), 'sql/invalid')
  }),

  driverCase('an export opens again with all that was in it', async (driver, harness) => {
    fill(driver, 2_000)
    const chunks = [...driver.exportChunks(10_000)]
    expectEqual(
      chunks.reduce((total, chunk) => total + chunk.length, 0),
      driver.fileBytes(),
    )
    expectEqual(
      chunks.slice(0, -1).every((chunk) => chunk.length === 10_000),
      true,
    )
    driver.prepare('DELETE FROM entry').run()
    driver.close()
    const replaced = await harness.replace(chunks)
    expectEqual(replaced.prepare('SELECT count(*), sum(id) FROM entry').get(), [2_000, 2_001_000])
    expectEqual(replaced.integrityCheck(), ['ok'])
    inTransaction(replaced, () => replaced.prepare('DELETE FROM entry WHERE id > 10').run())
    expectEqual(replaced.prepare('SELECT count(*) FROM entry').get(), [10])
    replaced.close()
  }),

  driverCase('a write during an export ends it', (driver) => {
    fill(driver, 500)
    const chunks = driver.exportChunks(4_096)[Symbol.iterator]()
    expectEqual(chunks.next().done, false)
    driver.prepare('SELECT count(*) FROM entry').get()
    expectEqual(driver.fileBytes() > 4_096, true)
    expectEqual(chunks.next().done, false)
    driver.prepare('DELETE FROM entry WHERE id = 1').run()
    expectCode(() => chunks.next(), 'storage/changed')
    driver.exec('BEGIN')
    expectThrow(() => driver.exportChunks(4_096)[Symbol.iterator]().next())
    driver.exec('ROLLBACK')
  }),

  driverCase('a reopened database holds what was committed', async (driver, harness) => {
    fill(driver, 100)
    driver.checkpoint()
    driver.prepare('DELETE FROM entry WHERE id > 50').run()
    driver.exec('BEGIN')
    driver.prepare('DELETE FROM entry').run()
    driver.close()
    if (!harness.isPersistent) return
    const reopened = await harness.open()
    expectEqual(reopened.prepare('SELECT count(*) FROM entry').get(), [50])
    expectEqual(reopened.integrityCheck(), ['ok'])
    reopened.close()
  }),

  driverCase('close is idempotent and final', (driver) => {
    const statement = driver.prepare('SELECT 1')
    const chunks = driver.exportChunks(100)[Symbol.iterator]()
    driver.exec('CREATE TABLE entry (id)')
    expectEqual(driver.isOpen, true)
    driver.close()
    driver.close()
    expectEqual(driver.isOpen, false)
    expectEqual(driver.isInTransaction, false)
    for (const use of [
      () => driver.exec('SELECT 1'),
      () => driver.prepare('SELECT 1'),
      () => driver.prepare('SELECT 2'),
      () => driver.fileBytes(),
      () => driver.checkpoint(),
      () => driver.integrityCheck(),
      () => chunks.next(),
      () => statement.get(),
      () => statement.run(),
      () => statement.all(),
      () => statement.columns(),
      () => statement.each([], () => undefined),
    ]) {
      expectCode(use, 'engine/closed')
    }
  }),
]

/** Rows of some 300 bytes under ids 1 to `rowCount`. */
function fill(driver: Driver, rowCount: number): void {
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT)')
  const insert = driver.prepare('INSERT INTO entry VALUES (?, ?)')
  inTransaction(driver, () => {
    for (let id = 1; id <= rowCount; id++) insert.run([id, `${id} `.padEnd(290, 'x')])
  })
}
