/**
 * Tables of a relay's database.
 *
 * Universes and streams are numbered within the file, so that the rows of the log are small; hashes
 * and stream ids are blobs of 16 bytes. An entry of the log is a batch, or a floor: its stream is then
 * NULL and its body the encoded floor (PROTOCOL.md).
 */
import { UniverseError } from '@inner-universe/core'
import { type Driver, inTransaction } from '@inner-universe/sqlite'

/** `iurl` in ASCII: tells the file from other SQLite databases. */
export const APPLICATION_ID = 0x6975726c

/** Raised with every change of the tables below. */
export const STORE_FORMAT = 1

const TABLES = `
  CREATE TABLE store (instance TEXT NOT NULL) STRICT;
  CREATE TABLE universe (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    module TEXT NOT NULL,
    owner TEXT NOT NULL,
    epoch TEXT NOT NULL,
    epoch_ms INTEGER NOT NULL,
    head INTEGER NOT NULL,
    hash BLOB NOT NULL,
    truncated_through INTEGER NOT NULL,
    truncated_hash BLOB NOT NULL,
    floor_offset INTEGER,
    floor_base INTEGER,
    schema_version INTEGER NOT NULL,
    schema_hash BLOB NOT NULL,
    schema_text TEXT,
    min_reader INTEGER NOT NULL,
    min_writer INTEGER NOT NULL,
    byte_count INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE past_epoch (
    universe INTEGER NOT NULL,
    place INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    last_offset INTEGER NOT NULL,
    PRIMARY KEY (universe, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE stream (
    no INTEGER PRIMARY KEY,
    universe INTEGER NOT NULL,
    stream BLOB NOT NULL,
    identity TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (universe, stream)
  ) STRICT;
  CREATE TABLE log (
    universe INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    log_hash BLOB NOT NULL,
    stream INTEGER,
    first_seq INTEGER,
    delta_count INTEGER,
    hash BLOB,
    header BLOB,
    content_bytes INTEGER,
    is_deflated INTEGER,
    byte_count INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (universe, "offset")
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX log_by_seq ON log (stream, first_seq) WHERE stream IS NOT NULL;
  CREATE TABLE origin (
    universe INTEGER NOT NULL,
    stream BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (universe, stream, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cursor (
    universe INTEGER NOT NULL,
    stream BLOB NOT NULL,
    "offset" INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (universe, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE image (
    universe INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    "offset" INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (universe, manifest)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE image_chunk (
    chunk BLOB NOT NULL,
    universe INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    PRIMARY KEY (chunk, universe, manifest)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chunk (hash BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT;
`

/**
 * Creates the tables in an empty file, or checks that they are those of this version.
 *
 * @throws UniverseError `storage/not-a-database` for a database of something else,
 * `engine/format-too-new` for one of a later version.
 */
export function prepareSchema(driver: Driver): void {
  const [applicationId] = driver.prepare('SELECT * FROM pragma_application_id').get() ?? []
  const [format] = driver.prepare('SELECT * FROM pragma_user_version').get() ?? []
  const [tableCount] = driver.prepare('SELECT count(*) FROM sqlite_schema').get() ?? []
  if (tableCount === 0) {
    inTransaction(driver, () => {
      driver.exec(TABLES)
      driver.exec("INSERT INTO store (instance) VALUES ('')")
      driver.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
      driver.exec(`PRAGMA user_version = ${STORE_FORMAT}`)
    })
    return
  }
  if (applicationId !== APPLICATION_ID) {
    throw new UniverseError(
      'storage/not-a-database',
      'the file is a database, but not of a relay; check the path',
    )
  }
  if (format !== STORE_FORMAT) {
    throw new UniverseError(
      'engine/format-too-new',
      `the relay's database has format ${format}; this version knows ${STORE_FORMAT}. Update the relay`,
    )
  }
}
