/**
 * A relay's storage in one SQLite database. Every call is one transaction, durable across a power cut
 * when its promise resolves (WAL, `synchronous = FULL`); the calls themselves are synchronous.
 */
import {
  assert,
  type Epoch,
  type Hash,
  type StreamId,
  streamIdToBytes,
  ZERO_HASH,
} from '@inner-universe/core'
import { type Driver, inTransaction, type SqlRow, type SqlValue } from '@inner-universe/sqlite'
import { encodeFloor, hashToBytes } from '@inner-universe/sync'
import {
  type Append,
  entryBytes,
  type LogStore,
  type NewUniverse,
  type StoredCursor,
  type StoredEntry,
  type StoredImage,
  type StoredOrigin,
  type StoredStream,
  type UniverseRecord,
} from '@inner-universe/sync/relay-side'
import { SqliteImages } from './sqlite-images.ts'
import {
  ENTRY_COLUMNS,
  entryOf,
  RECORD_COLUMNS,
  recordOf,
  STREAM_COLUMNS,
  storedHash,
  streamIdOf,
  streamOf,
} from './sqlite-rows.ts'

type BatchEntry = Extract<StoredEntry, { kind: 'batch' }>

/** Rows looked at per statement when entries are read until they are enough bytes. */
const READ_ROWS = 64

/** The store over a database whose tables are there. */
export class SqliteLogStore implements LogStore {
  readonly #driver: Driver
  readonly #images: SqliteImages
  /** Numbers of universes; they never change. */
  readonly #numbers = new Map<string, number>()

  constructor(driver: Driver) {
    this.#driver = driver
    this.#images = new SqliteImages(driver)
  }

  /** Begins a new epoch in every universe. Within a transaction. */
  startEpochs(newEpoch: () => Epoch, epochMs: number): void {
    for (const [no] of this.#all('SELECT no FROM universe')) {
      this.#startEpoch(no as number, newEpoch(), epochMs)
    }
  }

  async find(universe: string): Promise<UniverseRecord | undefined> {
    return this.#records('WHERE name = ?1', [universe])[0]
  }

  async create(created: NewUniverse): Promise<UniverseRecord> {
    const { universe, module, owner, epoch, epochMs } = created
    const zero = hashToBytes(ZERO_HASH)
    this.#run(
      `INSERT INTO universe (name, module, owner, epoch, epoch_ms, head, hash, truncated_through,
         truncated_hash, schema_version, schema_hash, min_reader, min_writer, byte_count)
       VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 0, ?6, 0, ?6, 0, 0, 0) ON CONFLICT DO NOTHING`,
      [universe, module, owner, epoch, epochMs, zero],
    )
    const record = await this.find(universe)
    assert(record !== undefined, 'a universe that was created is there')
    return record
  }

  async list(): Promise<readonly UniverseRecord[]> {
    return this.#records('', [])
  }

  async append(appends: readonly Append[]): Promise<void> {
    inTransaction(this.#driver, () => {
      for (const append of appends) this.#append(append)
    })
  }

  #append({ universe, entries, origins, newStreams }: Append): void {
    const last = entries.at(-1)
    if (last === undefined) return
    const no = this.#number(universe)
    const [head] = this.#get('SELECT head FROM universe WHERE no = ?1', [no]) ?? []
    for (const { stream, identity } of newStreams) {
      this.#run(
        'INSERT INTO stream (universe, stream, identity, seq, hash) VALUES (?1, ?2, ?3, 0, ?4)',
        [no, streamIdToBytes(stream), identity, hashToBytes(ZERO_HASH)],
      )
    }
    let next = head as number
    let bytes = 0
    for (const entry of entries) {
      assert(entry.offset === ++next, 'an append follows the head')
      bytes += entryBytes(entry)
      if (entry.kind === 'batch') this.#appendBatch(no, entry)
      else this.#appendFloor(no, entry)
    }
    for (const { stream, hash } of origins) {
      this.#run(
        'INSERT INTO origin (universe, stream, hash) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING',
        [no, streamIdToBytes(stream), hashToBytes(hash)],
      )
    }
    this.#run(
      'UPDATE universe SET head = ?2, hash = ?3, byte_count = byte_count + ?4 WHERE no = ?1',
      [no, last.offset, hashToBytes(last.logHash), bytes],
    )
  }

  #appendBatch(no: number, entry: BatchEntry): void {
    const { offset, logHash, firstSeq, deltaCount, batch } = entry
    const hash = hashToBytes(entry.hash)
    const row = this.#get(
      'UPDATE stream SET seq = ?3, hash = ?4 WHERE universe = ?1 AND stream = ?2 RETURNING no',
      [no, streamIdToBytes(entry.stream), firstSeq + deltaCount - 1, hash],
    )
    assert(row !== undefined, 'a stream has an identity')
    this.#run(
      `INSERT INTO log (universe, "offset", log_hash, stream, first_seq, delta_count, hash, header,
         content_bytes, is_deflated, byte_count, body)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
      [
        no,
        offset,
        hashToBytes(logHash),
        row[0] as number,
        firstSeq,
        deltaCount,
        hash,
        batch.header,
        batch.contentBytes,
        batch.encoding === 'deflate' ? 1 : 0,
        entryBytes(entry),
        batch.body,
      ],
    )
  }

  #appendFloor(no: number, entry: Extract<StoredEntry, { kind: 'floor' }>): void {
    const { offset, logHash, floor } = entry
    this.#run(
      'INSERT INTO log (universe, "offset", log_hash, byte_count, body) VALUES (?1, ?2, ?3, ?4, ?5)',
      [no, offset, hashToBytes(logHash), entryBytes(entry), encodeFloor(floor)],
    )
    this.#run('UPDATE universe SET floor_offset = ?2, floor_base = ?3 WHERE no = ?1', [
      no,
      offset,
      floor.baseOffset,
    ])
  }

  async read(
    universe: string,
    afterOffset: number,
    bytesMax: number,
  ): Promise<readonly StoredEntry[]> {
    const no = this.#number(universe)
    const entries: StoredEntry[] = []
    const statement = this.#driver.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM log LEFT JOIN stream ON stream.no = log.stream
       WHERE log.universe = ?1 AND log."offset" > ?2 ORDER BY log."offset" LIMIT ${READ_ROWS}`,
    )
    for (let after = afterOffset, bytes = 0; ; ) {
      let rowCount = 0
      statement.each([no, after], (row) => {
        const entry = entryOf(row)
        entries.push(entry)
        after = entry.offset
        rowCount += 1
        bytes += entryBytes(entry)
        return bytes < bytesMax
      })
      if (rowCount < READ_ROWS || bytes >= bytesMax) return entries
    }
  }

  async hashAt(universe: string, offset: number): Promise<Hash | undefined> {
    const no = this.#number(universe)
    const row =
      this.#get('SELECT log_hash FROM log WHERE universe = ?1 AND "offset" = ?2', [no, offset]) ??
      this.#get('SELECT truncated_hash FROM universe WHERE no = ?1 AND truncated_through = ?2', [
        no,
        offset,
      ])
    return row && storedHash(row[0])
  }

  async stream(universe: string, stream: StreamId): Promise<StoredStream | undefined> {
    const row = this.#get(
      `SELECT ${STREAM_COLUMNS} FROM stream WHERE universe = ?1 AND stream = ?2`,
      [this.#number(universe), streamIdToBytes(stream)],
    )
    return row && streamOf(row)
  }

  async streams(universe: string): Promise<readonly StoredStream[]> {
    return this.#all(`SELECT ${STREAM_COLUMNS} FROM stream WHERE universe = ?1`, [
      this.#number(universe),
    ]).map(streamOf)
  }

  async batchOf(universe: string, stream: StreamId, seq: number): Promise<BatchEntry | undefined> {
    const row = this.#get(
      `SELECT ${ENTRY_COLUMNS} FROM stream JOIN log ON log.stream = stream.no
       WHERE stream.universe = ?1 AND stream.stream = ?2 AND log.first_seq <= ?3
       ORDER BY log.first_seq DESC LIMIT 1`,
      [this.#number(universe), streamIdToBytes(stream), seq],
    )
    const entry = row && entryOf(row)
    if (entry?.kind !== 'batch' || seq >= entry.firstSeq + entry.deltaCount) return undefined
    return entry
  }

  async hasOrigin(universe: string, { stream, hash }: StoredOrigin): Promise<boolean> {
    const row = this.#get(
      'SELECT 1 FROM origin WHERE universe = ?1 AND stream = ?2 AND hash = ?3',
      [this.#number(universe), streamIdToBytes(stream), hashToBytes(hash)],
    )
    return row !== undefined
  }

  async hasOriginsOf(universe: string, stream: StreamId): Promise<boolean> {
    const row = this.#get('SELECT 1 FROM origin WHERE universe = ?1 AND stream = ?2 LIMIT 1', [
      this.#number(universe),
      streamIdToBytes(stream),
    ])
    return row !== undefined
  }

  async setSchema(universe: string, schema: Parameters<LogStore['setSchema']>[1]): Promise<void> {
    const { version, hash, text, minReader, minWriter } = schema
    this.#run(
      `UPDATE universe SET schema_version = ?2, schema_hash = ?3, schema_text = ?4, min_reader = ?5,
         min_writer = ?6 WHERE no = ?1`,
      [this.#number(universe), version, hashToBytes(hash), text, minReader, minWriter],
    )
  }

  async schemaText(universe: string): Promise<string | undefined> {
    const no = this.#number(universe)
    const [text] = this.#get('SELECT schema_text FROM universe WHERE no = ?1', [no]) ?? []
    return typeof text === 'string' ? text : undefined
  }

  async startEpoch(universe: string, epoch: Epoch, epochMs: number): Promise<void> {
    const no = this.#number(universe)
    inTransaction(this.#driver, () => this.#startEpoch(no, epoch, epochMs))
  }

  #startEpoch(no: number, epoch: Epoch, epochMs: number): void {
    this.#run(
      `INSERT INTO past_epoch (universe, place, epoch, last_offset)
       SELECT no, (SELECT count(*) FROM past_epoch WHERE universe = no), epoch, head
       FROM universe WHERE no = ?1`,
      [no],
    )
    this.#run('UPDATE universe SET epoch = ?2, epoch_ms = ?3 WHERE no = ?1', [no, epoch, epochMs])
  }

  async putCursors(universe: string, cursors: readonly StoredCursor[]): Promise<void> {
    const no = this.#number(universe)
    inTransaction(this.#driver, () => {
      for (const { stream, offset, atMs } of cursors) {
        this.#run(
          `INSERT INTO cursor (universe, stream, "offset", at_ms) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT DO UPDATE SET "offset" = excluded."offset", at_ms = excluded.at_ms`,
          [no, streamIdToBytes(stream), offset, atMs],
        )
      }
    })
  }

  async cursors(universe: string): Promise<readonly StoredCursor[]> {
    return this.#all('SELECT stream, "offset", at_ms FROM cursor WHERE universe = ?1', [
      this.#number(universe),
    ]).map(([stream, offset, atMs]) => ({
      stream: streamIdOf(stream),
      offset: offset as number,
      atMs: atMs as number,
    }))
  }

  async truncate(universe: string, throughOffset: number, entriesMax: number): Promise<number> {
    const no = this.#number(universe)
    return inTransaction(this.#driver, () => {
      const [head, from] = this.#get('SELECT head, truncated_through FROM universe WHERE no = ?1', [
        no,
      ]) as number[] as [number, number]
      assert(throughOffset <= head, 'a log is truncated up to its head at most')
      const through = Math.min(throughOffset, from + entriesMax)
      if (through <= from) return 0
      const [hash] = this.#get('SELECT log_hash FROM log WHERE universe = ?1 AND "offset" = ?2', [
        no,
        through,
      ]) as SqlRow
      const [bytes] = this.#get(
        'SELECT sum(byte_count) FROM log WHERE universe = ?1 AND "offset" <= ?2',
        [no, through],
      ) as SqlRow
      this.#run('DELETE FROM log WHERE universe = ?1 AND "offset" <= ?2', [no, through])
      this.#run(
        `UPDATE universe SET truncated_through = ?2, truncated_hash = ?3,
           byte_count = byte_count - ?4 WHERE no = ?1`,
        [no, through, hash as SqlValue, bytes as SqlValue],
      )
      return throughOffset - through
    })
  }

  async putImage(universe: string, image: StoredImage & { readonly text: string }): Promise<void> {
    this.#images.put(this.#number(universe), image)
  }

  async images(universe: string): Promise<readonly StoredImage[]> {
    return this.#images.list(this.#number(universe))
  }

  async manifestText(universe: string, manifest: Hash): Promise<string | undefined> {
    return this.#images.text(this.#number(universe), manifest)
  }

  async dropImages(universe: string, manifests: readonly Hash[]): Promise<void> {
    this.#images.drop(this.#number(universe), manifests)
  }

  async hasChunk(chunk: Hash): Promise<boolean> {
    return this.#images.hasChunk(chunk)
  }

  async putChunk(chunk: Hash, bytes: Uint8Array): Promise<void> {
    this.#images.putChunk(chunk, bytes)
  }

  async chunk(chunk: Hash): Promise<Uint8Array | undefined> {
    return this.#images.chunk(chunk)
  }

  async close(): Promise<void> {
    this.#driver.close()
  }

  #number(universe: string): number {
    const known = this.#numbers.get(universe)
    if (known !== undefined) return known
    const [no] = this.#get('SELECT no FROM universe WHERE name = ?1', [universe]) ?? []
    assert(typeof no === 'number', 'a universe is created before it is used')
    this.#numbers.set(universe, no)
    return no
  }

  #records(where: string, params: readonly SqlValue[]): UniverseRecord[] {
    const rows = this.#all(`SELECT ${RECORD_COLUMNS} FROM universe ${where} ORDER BY no`, params)
    return rows.map((row) =>
      recordOf(
        row,
        this.#all('SELECT epoch, last_offset FROM past_epoch WHERE universe = ?1 ORDER BY place', [
          row[0] as number,
        ]),
      ),
    )
  }

  #run(sql: string, params: readonly SqlValue[]): void {
    this.#driver.prepare(sql).run(params)
  }

  #get(sql: string, params: readonly SqlValue[]): SqlRow | undefined {
    return this.#driver.prepare(sql).get(params)
  }

  #all(sql: string, params: readonly SqlValue[] = []): SqlRow[] {
    return this.#driver.prepare(sql).all(params)
  }
}
