/**
 * Clocks of single columns: the `_o` blob of a row. CODEC.md CO1–CO4.
 *
 *     blob  = entry*, names rising
 *     entry = name (text) · stream index (varint) · hlc − base hlc (zigzag)
 *
 * A row carries one clock, that of the insert that gave it life. Only columns whose own clock differs
 * have an entry, and a row without entries holds NULL. Columns are named, not numbered: a later
 * version of a module may order them otherwise.
 */
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { KEY_BYTES_MAX } from './limits.ts'

/** A stamp as a database keeps it: the stream by its local index, which never leaves the file. */
export interface LocalStamp {
  readonly hlc: number
  readonly streamIndex: number
}

/** Clocks by column, where they differ from the row's. */
export type ClockOverrides = ReadonlyMap<string, LocalStamp>

const NONE: ClockOverrides = new Map()
const writer = new ByteWriter()

/** The blob of a row's overrides, or null when there are none. Equal overrides are equal bytes. */
export function encodeClockOverrides(
  base: LocalStamp,
  overrides: ClockOverrides,
): Uint8Array<ArrayBuffer> | null {
  if (overrides.size === 0) return null
  writer.reset()
  const names = [...overrides.keys()]
  if (names.length > 1) names.sort()
  for (const name of names) {
    const clock = overrides.get(name) as LocalStamp
    writer.writeText(name)
    writer.writeVarint(clock.streamIndex)
    writer.writeZigzag(clock.hlc - base.hlc)
  }
  return writer.finish()
}

/**
 * The overrides in a blob.
 *
 * @throws UniverseError `storage/corrupt` when the blob is not one {@link encodeClockOverrides} made.
 */
export function decodeClockOverrides(base: LocalStamp, bytes: Uint8Array | null): ClockOverrides {
  if (bytes === null) return NONE
  const reader = new ByteReader(bytes, 'storage/corrupt')
  const overrides = new Map<string, LocalStamp>()
  let last = ''
  while (reader.remaining > 0) {
    const name = reader.readText(KEY_BYTES_MAX)
    if (name <= last) reader.fail('column names that do not rise')
    last = name
    const streamIndex = reader.readVarint()
    overrides.set(name, { hlc: base.hlc + reader.readZigzag(), streamIndex })
  }
  return overrides
}

/**
 * The blob after some columns were written with one clock: those get it, others keep theirs. What a
 * local update does to `_o`.
 */
export function overrideClocks(
  base: LocalStamp,
  bytes: Uint8Array | null,
  columns: Iterable<string>,
  clock: LocalStamp,
): Uint8Array<ArrayBuffer> | null {
  const isBase = clock.hlc === base.hlc && clock.streamIndex === base.streamIndex
  const overrides = new Map(decodeClockOverrides(base, bytes))
  for (const column of columns) {
    if (isBase) overrides.delete(column)
    else overrides.set(column, clock)
  }
  return encodeClockOverrides(base, overrides)
}
