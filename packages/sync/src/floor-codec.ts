/**
 * The bytes of a floor, as an entry of the log and as what the log's chain hashes. PROTOCOL.md, FL.
 *
 * `floor = 81 · baseOffset varint · hlc varint · tableCount varint · (table name · idCount varint ·
 * id*)*`, `id = 00 text | 01 uuid`. The first byte is none that a batch begins with.
 */
import {
  ByteReader,
  ByteWriter,
  type Floor,
  type Forgotten,
  type Hash,
  type HashFunction,
  HLC_MAX,
  hashOf,
  isId,
  KEY_BYTES_MAX,
  UniverseError,
} from '@inner-universe/core'
import { FLOOR_BYTES_MAX, FLOOR_ROWS_MAX, TEXT_NAME_BYTES_MAX } from './limits.ts'

/** First byte of every floor. */
export const FLOOR_FORMAT = 0x81

/**
 * The bytes of a floor. Tables and ids are written in ascending order, each once, whatever order they
 * have: equal floors have equal bytes and hashes.
 *
 * @throws UniverseError `sync/protocol` above {@link FLOOR_BYTES_MAX} or {@link FLOOR_ROWS_MAX}: forget
 * fewer rows at once.
 */
export function encodeFloor(floor: Floor): Uint8Array {
  const out = new ByteWriter({ bytesMax: FLOOR_BYTES_MAX, code: 'sync/protocol' })
  const idsByTable = new Map<string, Set<string>>()
  for (const { table, ids } of floor.forgotten) {
    if (ids.length > 0) idsByTable.set(table, new Set([...(idsByTable.get(table) ?? []), ...ids]))
  }
  const tables = [...idsByTable.keys()].sort()
  const rowCount = [...idsByTable.values()].reduce((sum, ids) => sum + ids.size, 0)
  if (rowCount > FLOOR_ROWS_MAX) {
    throw new UniverseError('sync/protocol', `a floor of ${rowCount} rows; forget fewer at once`)
  }
  out.writeByte(FLOOR_FORMAT)
  out.writeVarint(floor.baseOffset)
  out.writeVarint(floor.hlc)
  out.writeVarint(tables.length)
  for (const table of tables) {
    const ids = [...(idsByTable.get(table) ?? [])].sort()
    out.writeText(table, TEXT_NAME_BYTES_MAX)
    out.writeVarint(ids.length)
    for (const id of ids) writeId(out, id)
  }
  return out.finish()
}

/**
 * Reads a floor.
 *
 * @throws UniverseError `sync/protocol` for anything that {@link encodeFloor} does not write.
 */
export function decodeFloor(bytes: Uint8Array): Floor {
  const from = new ByteReader(bytes, 'sync/protocol')
  if (bytes.length > FLOOR_BYTES_MAX) from.fail(`a floor of ${bytes.length} bytes`)
  const format = from.readByte()
  if (format !== FLOOR_FORMAT) from.fail(`a floor of format ${format}`)
  const baseOffset = from.readVarint()
  const hlc = from.readVarintUpTo(HLC_MAX, 'an hlc')
  const forgotten: Forgotten[] = []
  let rowCount = 0
  let lastTable = ''
  for (let tables = countOf(from); tables > 0; tables--) {
    const table = from.readText(TEXT_NAME_BYTES_MAX)
    if (table <= lastTable) from.fail('tables out of order')
    lastTable = table
    const idCount = countOf(from)
    rowCount += idCount
    if (idCount === 0 || rowCount > FLOOR_ROWS_MAX) from.fail(`${rowCount} rows forgotten`)
    const ids: string[] = []
    for (let rest = idCount; rest > 0; rest--) {
      const id = readId(from)
      const last = ids.at(-1)
      if (last !== undefined && id <= last) from.fail('ids out of order')
      ids.push(id)
    }
    forgotten.push({ table, ids })
  }
  from.expectEnd()
  return { baseOffset, hlc, forgotten }
}

/** The entry hash of a floor: what it adds to the log's chain. */
export function floorHash(floor: Floor, hash: HashFunction = hashOf): Hash {
  return hash(encodeFloor(floor))
}

function writeId(out: ByteWriter, id: string): void {
  const isUuid = isId(id)
  out.writeByte(isUuid ? 1 : 0)
  if (!isUuid || !out.writeUuid(id)) out.writeText(id, KEY_BYTES_MAX)
}

function readId(from: ByteReader): string {
  const tag = from.readByte()
  if (tag === 1) return from.readUuid()
  if (tag !== 0) from.fail(`an id of kind ${tag}`)
  const id = from.readText(KEY_BYTES_MAX)
  return isId(id) ? from.fail('a UUID as text') : id
}

/** Each counted thing takes two bytes at least. */
function countOf(from: ByteReader): number {
  const count = from.readVarint()
  return count > from.remaining / 2 ? from.fail(`a count of ${count}, with too few bytes,`) : count
}
