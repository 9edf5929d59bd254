import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as id from './id.ts'

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const ZEROS = (count: number) => new Uint8Array(count)
const ONES = (count: number) => new Uint8Array(count).fill(255)
const INVALID = expect.objectContaining({ code: 'table/invalid-value' })

test('[ID1] version 7 ids have the layout of RFC 9562', () => {
  expect(id.createIdFactory({ now: () => 0x017f22e279b0, randomBytes: ZEROS })()).toBe(
    '017f22e2-79b0-7000-8000-000000000000',
  )
  expect(id.idFromParts({ timestampMs: 2 ** 48 - 1, counter: 0xabc, random: ONES(8) })).toBe(
    'ffffffff-ffff-7abc-bfff-ffffffffffff',
  )
})

test('[ID1] an id says when it was made', () => {
  const made = id.createIdFactory({ now: () => NOW_MS + 0.7, randomBytes })()
  expect(id.idTimestampMs(made)).toBe(NOW_MS)
  expect(id.idTimestampMs(id.idFromKey('entity', 'x'))).toBeUndefined()
})

test.each([
  '',
  'x',
  '017F22E2-79B0-7000-8000-000000000000',
  '017f22e279b070008000000000000000',
  '{017f22e2-79b0-7000-8000-00000000000}',
  '017f22e2-79b0-7000-8000-00000000000g',
  '017f22e2+79b0-7000-8000-000000000000',
  '017f22e2-79b0-7000-8000-0000000000000',
  undefined,
  7,
  { toString: () => '017f22e2-79b0-7000-8000-000000000000' },
])('[ID1] %j is not an id', (value) => {
  expect(id.isId(value)).toBe(false)
  expect(() => id.parseId(value)).toThrow(INVALID)
  if (typeof value === 'string') expect(() => id.idToBytes(value as id.Id)).toThrow(INVALID)
})

test('[ID1] every dash is needed where it is', () => {
  const made = '017f22e2-79b0-7000-8000-000000000000'
  for (const at of [8, 13, 18, 23]) {
    expect(id.isId(`${made.slice(0, at)}0${made.slice(at + 1)}`)).toBe(false)
  }
})

test('[ID1] packing is the inverse of unpacking and keeps the order', () => {
  const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(bytes16, bytes16, (a, b) => {
      const [left, right] = [id.idFromBytes(a), id.idFromBytes(b)]
      expect(id.idToBytes(left)).toEqual(a)
      expect(id.isId(left)).toBe(true)
      expect(Math.sign(Buffer.compare(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
    }),
  )
  expect(() => id.idFromBytes(ZEROS(15))).toThrow(INVALID)
})

test('[ID2] ids rise whatever the clock does', () => {
  const moves = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(moves, (deltas) => {
      let nowMs = NOW_MS
      const newId = id.createIdFactory({ now: () => nowMs, randomBytes })
      let before = ''
      for (const delta of deltas) {
        nowMs += delta
        const made: string = newId()
        expect(made > before).toBe(true)
        before = made
      }
    }),
  )
})

test('[ID2] the counter starts at 0 in every millisecond', () => {
  let nowMs = NOW_MS
  const newId = id.createIdFactory({ now: () => nowMs, randomBytes: ZEROS })
  const first = [newId(), newId()]
  nowMs++
  expect([...first, newId()].map((made) => made.slice(15, 18))).toEqual(['000', '001', '000'])
})

test('[ID2] the 4097th id of a millisecond borrows the next', () => {
  const newId = id.createIdFactory({ now: () => NOW_MS, randomBytes: ZEROS })
  const made = Array.from({ length: 4097 }, () => newId())
  expect(id.idTimestampMs(made[4095] as id.Id)).toBe(NOW_MS)
  expect(id.idTimestampMs(made[4096] as id.Id)).toBe(NOW_MS + 1)
  expect(new Set(made).size).toBe(4097)
  expect(made.toSorted()).toEqual(made)
})

test.each([
  { timestampMs: -1, counter: 0, random: ZEROS(8) },
  { timestampMs: 2 ** 48, counter: 0, random: ZEROS(8) },
  { timestampMs: Number.NaN, counter: 0, random: ZEROS(8) },
  { timestampMs: 0, counter: 4096, random: ZEROS(8) },
  { timestampMs: 0, counter: 0, random: ZEROS(7) },
])('[ID2] parts out of range are refused: %j', (parts) => {
  expect(() => id.idFromParts(parts)).toThrow(INVALID)
})

test('[ID3] the id of a key is SHA-256 of table, zero byte and key in version 8 layout', () => {
  const made = id.idFromKey('entity', 'schön')
  const digest = createHash('sha256').update('entity\0schön').digest('hex')
  expect(made.replaceAll('-', '').slice(0, 12)).toBe(digest.slice(0, 12))
  expect(made).toBe('b111b847-35b8-82d5-854d-263fc3e4eaff')
  expect(made.slice(14, 15)).toBe('8')
  expect(made.replaceAll('-', '').slice(13, 16)).toBe(digest.slice(13, 16))
  expect(made.slice(-15).replace('-', '')).toBe(digest.slice(18, 32))
})

test('[ID3] different pairs of table and key have different ids', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(id.idFromKey('t', a) === id.idFromKey('t', b)).toBe(a === b)
      expect(id.idFromKey('t', a)).not.toBe(id.idFromKey('u', a))
    }),
  )
})

test('[ID4] the same parts make the same id', () => {
  const parts = { timestampMs: NOW_MS, counter: 3, random: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
  expect(id.idFromParts(parts)).toBe('019b7ca9-8c8e-7003-8102-030405060708')
  expect(id.idFromParts(parts)).toBe(id.idFromParts({ ...parts, random: parts.random.slice() }))
})

test('[ID5] stream and client ids are 16 bytes in hex', () => {
  const stream = id.createStreamId(ONES)
  expect(stream).toBe('ff'.repeat(16))
  expect(id.streamIdFromBytes(id.streamIdToBytes(stream))).toBe(stream)
  expect(id.parseClientId(id.createClientId(randomBytes))).toMatch(/^[0-9a-f]{32}$/)
  for (const bad of [
    '',
    'FF'.repeat(16),
    'f'.repeat(31),
    'f'.repeat(34),
    `${'f'.repeat(32)}\n`,
    1,
  ]) {
    expect(() => id.parseStreamId(bad)).toThrow(INVALID)
    expect(() => id.parseClientId(bad)).toThrow(INVALID)
    expect(() => id.streamIdToBytes(String(bad) as id.StreamId)).toThrow(INVALID)
  }
  expect(() => id.streamIdFromBytes(ZEROS(17))).toThrow(INVALID)
})

test('[ID6] a call id is parsed into what it was made of', () => {
  const client = id.createClientId(randomBytes)
  for (const callNumber of [1, 10, Number.MAX_SAFE_INTEGER]) {
    const callId = id.formatCallId(client, callNumber)
    expect(callId).toBe(`${client}:${callNumber}`)
    expect(id.parseCallId(callId)).toEqual({ client, callNumber })
  }
  for (const callNumber of [0, -1, 1.5, 2 ** 53]) {
    expect(() => id.formatCallId(client, callNumber)).toThrow(INVALID)
    expect(() => id.parseCallId(`${client}:${callNumber}`)).toThrow(INVALID)
  }
  for (const bad of [client, `${client}:`, `${client}:01`, `${client}:1 `, `x:1`, null]) {
    expect(() => id.parseCallId(bad)).toThrow(INVALID)
  }
})
