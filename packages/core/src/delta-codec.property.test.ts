import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RowOperation, StoredValue } from './delta.ts'
import { decodeSegment } from './delta-codec.ts'
import { isUniverseError } from './error.ts'
import type { Stamp } from './hlc.ts'
import { idFromKey, type StreamId } from './id.ts'
import { canonicalJson } from './json.ts'
import { createSegmentWriter, type SegmentEntry } from './segment-writer.ts'

const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const ids = ['x', 'y', '', 'é', ...['a', 'b', 'c'].map((key) => idFromKey('t', key))]
const of = {
  table: fc.constantFrom('note', 'project', 'T_1'),
  id: fc.oneof(fc.constantFrom(...ids), fc.uuid()),
}
const column = fc.constantFrom('a', 'b', 'toString', 'constructor')
const cell: fc.Arbitrary<StoredValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...ids),
  fc.uuid(),
  fc.uint8Array({ maxLength: 20 }),
)
const cells = fc.dictionary(column, cell).map((all) => ({ ...all }))
const element = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.boolean())
  .map((value) => canonicalJson(value))
const stamp: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  stream: fc.constantFrom(...streams),
})
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), ...of, cells }),
  fc.record({ kind: fc.constant('update' as const), ...of, cells }),
  fc.record({ kind: fc.constant('delete' as const), ...of }),
  fc.record({ kind: fc.constant('increment' as const), ...of, column, by: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant('add' as const), ...of, column, elements: fc.array(element) }),
  fc.record({
    kind: fc.constant('remove' as const),
    ...of,
    column,
    elements: fc.array(fc.record({ element, dots: fc.array(stamp, { maxLength: 3 }) })),
  }),
)
const entries: fc.Arbitrary<SegmentEntry[]> = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 2 ** 40 }),
      reducer: fc.constantFrom('add', 'a reducer with spaces', ''),
      args: fc.option(fc.jsonValue({ noUnicodeString: false }), { nil: undefined }),
      operations: fc.array(operation, { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => {
    let hlc = 0
    return list.map(({ step, args, ...rest }) => {
      hlc += step
      const parsed = args === undefined ? {} : { args: JSON.parse(JSON.stringify(args)) }
      return { hlc, ...parsed, ...rest } as SegmentEntry
    })
  })

function encode(list: readonly SegmentEntry[], firstSeq = 1): Uint8Array {
  const writer = createSegmentWriter({ stream: streams[0] as StreamId, schemaVersion: 1, firstSeq })
  for (const entry of list) writer.append(entry)
  return writer.finish()
}

describe('segments', () => {
  it('[DS1] what is encoded is decoded', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 2 ** 50 }), (list, firstSeq) => {
        const { deltas } = decodeSegment(encode(list, firstSeq))
        expect(deltas).toEqual(
          list.map((entry, index) => ({
            stream: streams[0],
            schemaVersion: 1,
            seq: firstSeq + index,
            ...entry,
          })),
        )
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('[DS9] changed bytes are refused with one code, or are another valid segment', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })
    const damage = fc.record({
      changes: fc.array(change, { maxLength: 4 }),
      keep: fc.option(fc.nat(), { nil: undefined }),
      tail: fc.uint8Array({ maxLength: 3 }),
    })
    fc.assert(
      fc.property(entries, damage, (list, { changes, keep, tail }) => {
        const bytes = encode(list)
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte
        const kept = keep === undefined ? bytes : bytes.subarray(0, keep % (bytes.length + 1))
        const damaged = Uint8Array.of(...kept, ...tail)
        try {
          // Valid by chance: then it says something that can be written and read again.
          const { stream, schemaVersion, firstSeq, deltas } = decodeSegment(damaged)
          const writer = createSegmentWriter({ stream, schemaVersion, firstSeq })
          for (const delta of deltas) writer.append(delta)
          expect(decodeSegment(writer.finish()).deltas).toEqual(deltas)
        } catch (error) {
          expect(isUniverseError(error, 'engine/delta-invalid')).toBe(true)
        }
      }),
      { numRuns: 1500 },
    )
  }, 60_000)

  it('[DS9] arbitrary bytes after a good beginning are refused or read, nothing else', () => {
    const header = encode([{ hlc: 1, reducer: '', operations: [] }]).subarray(0, 21)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        try {
          decodeSegment(Uint8Array.of(...header, ...rest))
        } catch (error) {
          expect(isUniverseError(error, 'engine/delta-invalid')).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  }, 60_000)
})
