import { bytesToHex, type Floor, hexToBytes, isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/floors.json' with { type: 'json' }
import { decodeFloor, encodeFloor, floorHash } from './floor-codec.ts'
import { FLOOR_BYTES_MAX, FLOOR_ROWS_MAX } from './limits.ts'
import { floors, mutated } from './testing/message-arbitraries.ts'

const bytesOf = (hex: string): Uint8Array => hexToBytes(hex) as Uint8Array
/** A row's id as it is written: a text of seven bytes. */
const ID_1999999 = Uint8Array.of(0, 7, ...new TextEncoder().encode('1999999'))
const forgetting = (table: string, ids: readonly string[]): Floor => ({
  baseOffset: 5,
  hlc: 6,
  forgotten: [{ table, ids }],
})

describe('floors', () => {
  it.each(vectors.valid)('[FL5] $what', ({ hex, hash, floor }) => {
    expect(decodeFloor(bytesOf(hex))).toEqual(floor)
    expect(bytesToHex(encodeFloor(floor))).toBe(hex)
    expect(floorHash(floor)).toBe(hash)
  })

  it.each(vectors.invalid)('[FL2] [FL4] $what is refused', ({ hex, reason }) => {
    expect(() => decodeFloor(bytesOf(hex))).toThrow(
      expect.objectContaining({ code: 'sync/protocol', message: expect.stringContaining(reason) }),
    )
  })

  it('[FL1] a floor is read as it was written', () => {
    fc.assert(
      fc.property(floors, (floor) => {
        expect(decodeFloor(encodeFloor(floor))).toEqual(floor)
      }),
    )
  })

  it('[FL2] equal floors have equal bytes in whatever order they were made', () => {
    const made: Floor = {
      baseOffset: 5,
      hlc: 6,
      forgotten: [
        { table: 'b', ids: ['y', 'x', 'y'] },
        { table: 'empty', ids: [] },
        { table: 'a', ids: ['z'] },
        { table: 'b', ids: ['x', 'w'] },
      ],
    }
    expect(decodeFloor(encodeFloor(made)).forgotten).toEqual([
      { table: 'a', ids: ['z'] },
      { table: 'b', ids: ['w', 'x', 'y'] },
    ])
  })

  it('[FL3] a floor has its limits, in both directions', () => {
    const ids = Array.from({ length: FLOOR_ROWS_MAX + 1 }, (_, index) => `${1_000_000 + index}`)
    expect(() => encodeFloor(forgetting('t', ids))).toThrow('131073 rows')
    const most = forgetting('t', ids.slice(1))
    const bytes = encodeFloor(most)
    expect(decodeFloor(bytes)).toEqual(most)
    const oneMore = bytesToHex(bytes).replace('808008', '818008') + bytesToHex(ID_1999999)
    expect(() => decodeFloor(bytesOf(oneMore))).toThrow('131073 rows forgotten')
    const long = ids.slice(0, 5000).map((id) => id.padEnd(1000, 'x'))
    expect(() => encodeFloor(forgetting('t', long))).toThrow('4194304 are allowed')
    expect(() => decodeFloor(new Uint8Array(FLOOR_BYTES_MAX + 1))).toThrow(
      'a floor of 4194305 bytes',
    )
  })

  it('[FL4] changed and arbitrary bytes are refused or have no other encoding', () => {
    const arbitrary = fc.uint8Array({ maxLength: 100 }).map((rest) => Uint8Array.of(0x81, ...rest))
    fc.assert(
      fc.property(fc.oneof(mutated(floors.map(encodeFloor)), arbitrary), (bytes) => {
        try {
          expect(encodeFloor(decodeFloor(bytes))).toEqual(bytes)
        } catch (error) {
          if (!isUniverseError(error, 'sync/protocol')) throw error
        }
      }),
      { numRuns: 3000 },
    )
  })
})
