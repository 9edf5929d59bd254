/** Exports of versions: what is written is read, and damage is noticed wherever it is. HISTORY.md HI60, HI61. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { errorOf } from '../testing/expect-error.ts'
import { decodeExport, type ExportRecord, encodeExport } from './export-codec.ts'

const universeIds = ['0123456789abcdef0123456789abcdef', 'f'.repeat(32)]
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const optional = fc.option(text)
const record: fc.Arbitrary<ExportRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('version' as const),
    id: text,
    parents: fc.array(text, { maxLength: 3 }),
    branch: optional,
    description: text,
    author: text,
    created: fc.maxSafeNat(),
    cut: text,
  }),
  fc.record({ kind: fc.constant('content' as const), id: text, version: text, basis: optional }),
  fc.record({
    kind: fc.constant('chunk' as const),
    id: text,
    content: text,
    ordinal: fc.nat(),
    rows: fc.uint8Array({ maxLength: 40 }),
    seal: optional,
  }),
  fc.record({ kind: fc.constant('ref' as const), id: text, version: text }),
)
const records = fc.array(record, { minLength: 1, maxLength: 6 })

it('[HI60] an export is read as it was written', () => {
  fc.assert(
    fc.property(records, (given) => {
      expect(decodeExport(encodeExport(universeIds, given))).toEqual({
        universeIds,
        records: given,
        isDamaged: false,
      })
    }),
    { numRuns: 200 },
  )
})

it('[HI61] wherever a byte is other or missing, or one too many, the records before it are there and no others', () => {
  const change = fc.constantFrom<'flip' | 'cut' | 'add'>('flip', 'cut', 'add')
  fc.assert(
    fc.property(
      records,
      change,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (given, how, n, by) => {
        const bytes = encodeExport(universeIds, given)
        const at = n % bytes.length
        if (how === 'flip') bytes[at] = (bytes[at] ?? 0) ^ by
        const damaged =
          how === 'cut'
            ? bytes.subarray(0, at)
            : how === 'add'
              ? new Uint8Array([...bytes, by])
              : bytes
        const soundCount = given.filter(
          (_, index) => encodeExport(universeIds, given.slice(0, index + 1)).length <= at,
        ).length
        try {
          const decoded = decodeExport(damaged)
          expect(decoded.isDamaged).toBe(true)
          expect(decoded.records).toEqual(how === 'add' ? given : given.slice(0, soundCount))
        } catch (error) {
          // Damage of the head.
          expect(at).toBeLessThan(8 + 1 + 32 + 1 + 16)
          expect(error).toMatchObject({ code: 'history/invalid-export' })
        }
      },
    ),
    { numRuns: 500 },
  )
})

it('[HI61] garbage is refused with a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      errorOf(() => decodeExport(bytes), 'history/invalid-export')
    }),
    { numRuns: 300 },
  )
  const magic = new TextEncoder().encode('IUvers01')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      errorOf(() => decodeExport(new Uint8Array([...magic, ...bytes])), 'history/invalid-export')
    }),
    { numRuns: 300 },
  )
})
