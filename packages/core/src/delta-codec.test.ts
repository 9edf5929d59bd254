import { describe, expect, it } from 'vitest'
import vectors from '../vectors/segments.json' with { type: 'json' }
import type { RowOperation } from './delta.ts'
import { decodeSegment } from './delta-codec.ts'
import { isUniverseError } from './error.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { StreamId } from './id.ts'
import { idFromKey } from './id.ts'
import { decodeSegmentHeader } from './segment-format.ts'
import { createSegmentWriter, type SegmentEntry } from './segment-writer.ts'

const stream = '0f'.repeat(16) as StreamId
const start = { stream, schemaVersion: 3, firstSeq: 7 }
const hlc = 2 ** 52

function encode(...entries: readonly SegmentEntry[]): Uint8Array {
  const writer = createSegmentWriter(start)
  for (const entry of entries) writer.append(entry)
  return writer.finish()
}

const entry = (at: number, ...operations: readonly RowOperation[]): SegmentEntry => ({
  hlc: hlc + at,
  reducer: 'write',
  operations,
})

/** Cells as the vectors file writes them: JSON has no bytes and no bigints. */
function revive(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$bytes' in value) return hexToBytes(value.$bytes as string)
  return '$bigint' in value ? BigInt(value.$bigint as string) : value
}

describe('segments', () => {
  it.each(vectors.valid)('[DS10] $what', (vector) => {
    const bytes = hexToBytes(vector.hex) as Uint8Array
    const { deltas, ...header } = JSON.parse(JSON.stringify(vector.segment), revive)
    const decoded = decodeSegment(bytes)
    expect(decoded).toEqual({ ...header, deltaCount: deltas.length, deltas })
    expect(decodeSegmentHeader(bytes)).toEqual({ ...header, deltaCount: deltas.length })
    const writer = createSegmentWriter(header)
    for (const delta of deltas) writer.append(delta)
    expect(bytesToHex(writer.finish())).toBe(vector.hex)
  })

  it.each(vectors.invalid)('[DS9] $what is refused', ({ hex, reason }) => {
    expect(() => decodeSegment(hexToBytes(hex) as Uint8Array)).toThrow(reason)
  })

  it('[DS2] seqs follow the first, clocks rise', () => {
    const bytes = encode(entry(0), entry(1), entry(5000))
    const { deltas } = decodeSegment(bytes)
    expect(deltas.map(({ seq }) => seq)).toEqual([7, 8, 9])
    expect(deltas.map((delta) => delta.hlc - hlc)).toEqual([0, 1, 5000])
    expect(() => encode(entry(1), entry(1))).toThrow('hlc rises')
  })

  it('[DS3] arguments ride along', () => {
    const args = { list: [1, 'two', null], nested: { is: true } }
    const { deltas } = decodeSegment(encode({ ...entry(0), args }, entry(1)))
    expect(deltas.map((delta) => delta.args)).toEqual([args, undefined])
  })

  it('[DS4] a row’s id and references to it are written once', () => {
    const id = idFromKey('note', 'a')
    const other = idFromKey('note', 'b')
    const insert = (row: string, parent: string): RowOperation => ({
      kind: 'insert',
      table: 'note',
      id: row,
      cells: { parent },
    })
    const once = encode(entry(0, insert(id, other)))
    const twice = encode(entry(0, insert(id, other), insert(other, id)))
    expect(twice.length - once.length).toBe(4)
    expect(decodeSegment(twice).deltas[0]?.operations).toEqual([
      insert(id, other),
      insert(other, id),
    ])
  })

  it('[DS5] ids of more than 64 ids ago are found', () => {
    const ids = Array.from({ length: 200 }, (_, index) => idFromKey('note', `${index}`))
    const operations = [...ids, ...ids].map(
      (id, index): RowOperation => ({
        kind: 'update',
        table: 'note',
        id,
        cells: { parent: ids[(index * 7) % ids.length] as string },
      }),
    )
    expect(decodeSegment(encode(entry(0, ...operations))).deltas[0]?.operations).toEqual(operations)
  })

  it('[DS6] a burst of single-row updates takes at most 60 bytes each', () => {
    const updates = Array.from({ length: 100 }, (_, index) =>
      entry(index * 200, {
        kind: 'update',
        table: 'todo',
        id: `01900000-0000-7000-8000-0000000000${(index % 30) + 10}`,
        cells: { title: `a title of thirty letters #${index}`, done: index % 2 },
      }),
    )
    expect(encode(...updates).length / updates.length).toBeLessThan(45)
  })

  it('[DS7] a delta that cannot be encoded leaves the segment as it was', () => {
    const good = entry(0, { kind: 'delete', table: 'note', id: 'x' })
    const bad = entry(1, {
      kind: 'insert',
      table: 'other',
      id: 'y',
      cells: { text: 'fine', broken: '\ud800' },
    })
    const writer = createSegmentWriter(start)
    writer.append(good)
    const { byteCount } = writer
    expect(() => writer.append(bad)).toThrow('surrogate')
    expect(writer.byteCount).toBe(byteCount)
    writer.append({ ...good, hlc: hlc + 2 })
    expect(writer.finish()).toEqual(encode(good, { ...good, hlc: hlc + 2 }))
  })

  it('[DS8] the last delta can be taken out', () => {
    const first = entry(0, { kind: 'delete', table: 'note', id: 'x' })
    const second = entry(1, { kind: 'delete', table: 'other', id: 'y' })
    const writer = createSegmentWriter(start)
    writer.append(first)
    writer.append(second)
    writer.dropLast()
    expect(writer.deltaCount).toBe(1)
    expect(writer.finish()).toEqual(encode(first))
  })

  it('[DS9] cut anywhere, a segment is refused', () => {
    const bytes = encode(
      entry(0, {
        kind: 'remove',
        table: 'note',
        id: 'x',
        column: 'tags',
        elements: [{ element: '"a"', dots: [{ hlc, stream }] }],
      }),
      entry(1, { kind: 'increment', table: 'note', id: 'x', column: 'sum', by: -5 }),
    )
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeSegment(bytes.subarray(0, length))
        expect.unreachable()
      } catch (error) {
        expect(isUniverseError(error, 'engine/delta-invalid')).toBe(true)
      }
    }
  })
})
