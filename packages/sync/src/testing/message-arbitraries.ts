/** Generators of messages, batches and floors, and of bytes that are nearly theirs. */
import {
  type BatchHead,
  bytesToHex,
  createSegmentWriter,
  type Epoch,
  type Floor,
  type Hash,
  hexToBytes,
  idFromKey,
  NO_EPOCH,
  type Origin,
  type StreamId,
  type UnsealedDeltas,
  ZERO_HASH,
} from '@inner-universe/core'
import fc from 'fast-check'
import type { RelayMessage, ReplicaMessage, Rights, WireBatch, WireEntry } from '../messages.ts'

const hexOf = (byteCount: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: byteCount, maxLength: byteCount }).map(bytesToHex)

const hashes = hexOf(16) as fc.Arbitrary<Hash>
const streams = hexOf(16) as fc.Arbitrary<StreamId>
const epochs = hexOf(8) as fc.Arbitrary<Epoch>
const whole = fc.oneof(fc.nat(300), fc.maxSafeNat())
const positive = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeNat().map((n) => n || 1),
)
const channel = fc.integer({ min: 1, max: 65_535 })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const name = text.filter((each) => each !== '')
const state = fc.uint8Array({ maxLength: 100 })
const content = fc.uint8Array({ minLength: 1, maxLength: 200 })
const orNone = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(each, { nil: undefined })

/** A base, a third of them none. */
export const bases: fc.Arbitrary<UnsealedDeltas['base']> = fc.oneof(
  fc.record({ epoch: epochs, offset: whole }),
  fc.record({ epoch: epochs, offset: whole }),
  fc.constant({ epoch: NO_EPOCH, offset: 0 }),
)

const positions = fc.oneof(
  fc.record({ epoch: epochs, offset: positive, hash: hashes }),
  fc.constantFrom(NO_EPOCH, '00ff'.repeat(4) as Epoch).map((epoch) => ({
    epoch,
    offset: 0,
    hash: ZERO_HASH,
  })),
)

const heads: fc.Arbitrary<BatchHead> = fc.record({ stream: streams, seq: positive, hash: hashes })

/** Floors in the order in which they are written. */
export const floors: fc.Arbitrary<Floor> = fc.record({
  baseOffset: whole,
  hlc: whole,
  forgotten: fc
    .dictionary(
      name,
      fc
        .uniqueArray(fc.oneof(text, fc.uuid()), { minLength: 1, maxLength: 5 })
        .map((ids) => ids.sort()),
      { maxKeys: 4, noNullPrototype: true },
    )
    .map((tables) =>
      Object.entries(tables)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([table, ids]) => ({ table, ids })),
    ),
})

const wireBatches: fc.Arbitrary<WireBatch> = fc.oneof(
  fc.record({ header: content, body: content }).map(({ header, body }) => ({
    header,
    contentBytes: body.length,
    encoding: 'raw' as const,
    body,
  })),
  fc.record({
    header: content,
    contentBytes: fc.integer({ min: 201, max: 18 * 1024 * 1024 }),
    encoding: fc.constant('deflate' as const),
    body: content,
  }),
)

const entries: fc.Arbitrary<readonly WireEntry[]> = fc
  .tuple(
    fc.integer({ min: 1, max: 2 ** 50 }),
    fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('batch' as const), batch: wireBatches }),
        fc.record({
          kind: fc.constant('own' as const),
          stream: streams,
          firstSeq: positive,
          deltaCount: fc.integer({ min: 1, max: 65_536 }),
          hash: hashes,
        }),
        fc.record({ kind: fc.constant('floor' as const), floor: floors }),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([first, of]) => of.map((entry, index) => ({ ...entry, offset: first + index })))

const rights: fc.Arbitrary<Rights> = fc.record({
  read: fc.boolean(),
  write: fc.boolean(),
  tables: orNone(fc.array(name, { maxLength: 4 })),
})

const of = <T extends string>(type: T): { type: fc.Arbitrary<T> } => ({ type: fc.constant(type) })
const on = <T extends string>(
  type: T,
): { type: fc.Arbitrary<T>; channel: fc.Arbitrary<number> } => ({ ...of(type), channel })

/** Every message of a replica. */
export const replicaMessages: fc.Arbitrary<ReplicaMessage> = fc.oneof(
  fc.record({
    ...of('hello'),
    versions: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 16 }),
    token: text,
    timeMs: whole,
    agent: text,
  }),
  fc.record({ ...of('renew'), token: text }),
  fc.record({
    ...on('open'),
    universe: name,
    module: name,
    schemaVersion: positive,
    schemaHash: hashes,
    minReader: whole,
    minWriter: whole,
    mode: fc.constantFrom('replica' as const, 'fill' as const),
    stream: streams,
    position: positions,
    floorOffset: whole,
  }),
  fc.record({ ...on('schema'), schema: text }),
  fc.record({ ...on('push'), batch: wireBatches }),
  fc.record({ ...on('seen'), offset: whole }),
  fc.record(on('heads')),
  fc.record({ ...on('aware'), state }),
  fc.record(on('close')),
  fc.record({ ...of('ping'), timeMs: whole }),
)

/** Every message of the relay. */
export const relayMessages: fc.Arbitrary<RelayMessage> = fc.oneof(
  fc.record({
    ...of('welcome'),
    version: fc.integer({ min: 1, max: 65_535 }),
    timeMs: whole,
    sessionId: name,
    identity: text,
    limits: fc.record({
      frameBytesMax: whole,
      contentBytesMax: whole,
      windowBatches: positive,
      windowBytes: whole,
      creditBytes: whole,
      awareBytesMax: whole,
    }),
  }),
  fc.record({
    ...on('opened'),
    epoch: epochs,
    owner: text,
    head: whole,
    isContinued: fc.boolean(),
    streamHead: orNone(heads),
    floor: orNone(fc.record({ offset: positive, baseOffset: whole })),
    image: orNone(fc.record({ manifest: hashes, offset: whole, byteCount: whole })),
    rights,
    minWriter: whole,
    wantsSchema: fc.boolean(),
    aware: fc.array(fc.record({ sessionId: name, state }), { maxLength: 4 }),
  }),
  fc.record({
    ...on('refused'),
    code: fc.constantFrom('unauthorized', 'module', 'schema', 'limit', 'invalid'),
    message: text,
  }),
  fc.record({ ...on('ack'), stream: streams, seq: positive, hash: hashes, offset: positive }),
  fc.record({
    ...on('nack'),
    code: fc.constantFrom('fork', 'gap', 'rebase', 'clock', 'duplicate-origin', 'too-large'),
    stream: streams,
    seq: whole,
    message: text,
    seqs: fc.array(positive, { maxLength: 5 }),
    timeMs: whole,
    retryAfterMs: whole,
  }),
  fc
    .record({ ...on('data'), hash: hashes, entries, beyond: fc.nat(1000) })
    .map(({ beyond, ...data }) => ({
      ...data,
      head: (data.entries.at(-1)?.offset ?? 0) + beyond,
    })),
  fc.record({ ...on('heads'), heads: fc.array(heads, { maxLength: 5 }) }),
  fc.record({ ...on('aware'), sessionId: name, state }),
  fc.record({ ...of('pong'), timeMs: whole, relayTimeMs: whole }),
  fc.record({
    ...of('bye'),
    code: fc.constantFrom('shutting-down', 'unauthorized', 'displaced', 'rate', 'internal'),
    message: text,
    retryAfterMs: whole,
  }),
)

/** Deltas ready to be sealed: one to five, their content a segment. */
export const unsealedDeltas: fc.Arbitrary<UnsealedDeltas> = fc
  .record({
    stream: streams,
    firstSeq: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 52 })),
    schemaVersion: fc.integer({ min: 1, max: 300 }),
    firstHlc: fc.integer({ min: 1, max: 2 ** 52 }),
    steps: fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 4 }),
    previous: hashes,
    base: bases,
    origins: fc.array(
      orNone(fc.record({ stream: streams, seq: positive, hash: hashes }) as fc.Arbitrary<Origin>),
      { minLength: 5, maxLength: 5 },
    ),
    value: fc.oneof(text, fc.integer()),
  })
  .map(({ steps, value, origins, ...facts }) => {
    const writer = createSegmentWriter(facts)
    let hlc = facts.firstHlc
    for (const step of [0, ...steps]) {
      hlc += step
      const id = idFromKey('note', `${step}`)
      const operation = { kind: 'update', table: 'note', id, cells: { value } } as const
      writer.append({ hlc, reducer: 'write', operations: [operation] })
    }
    const deltaCount = steps.length + 1
    const some = origins.slice(0, deltaCount)
    return {
      ...facts,
      deltaCount,
      lastHlc: hlc,
      origins: some.some((origin) => origin !== undefined) ? some : [],
      content: writer.finish(),
    }
  })

/** Bytes near to valid ones: bits flipped, cut, spliced with others, lengths that lie. */
export function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const lie = fc.constantFrom('ff', '00', '80', '7f', 'ffff7f', 'ffffffff0f', 'ffffffffffffff0f')
  const at = fc.nat(2 ** 16)
  type Mutation = (bytes: Uint8Array) => Uint8Array
  const put = (bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array =>
    Uint8Array.from([...bytes.subarray(0, from), ...middle, ...bytes.subarray(to)])
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    fc.tuple(at, fc.nat(7)).map(
      ([place, bit]): Mutation =>
        (bytes) => {
          const flipped = bytes.slice()
          const index = place % Math.max(1, bytes.length)
          if (index < bytes.length) flipped[index] = (bytes[index] as number) ^ (1 << bit)
          return flipped
        },
    ),
    at.map(
      (place): Mutation =>
        (bytes) =>
          bytes.slice(0, place % (bytes.length + 1)),
    ),
    fc.tuple(at, lie).map(
      ([place, hex]): Mutation =>
        (bytes) => {
          const from = place % (bytes.length + 1)
          return put(bytes, from, from + 1, hexToBytes(hex) ?? new Uint8Array())
        },
    ),
    fc.tuple(at, at, valid).map(
      ([place, other, donor]): Mutation =>
        (bytes) => {
          const from = place % (bytes.length + 1)
          return put(bytes, from, bytes.length, donor.subarray(other % (donor.length + 1)))
        },
    ),
    fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
      ([place, more]): Mutation =>
        (bytes) => {
          const from = place % (bytes.length + 1)
          return put(bytes, from, from, more)
        },
    ),
  )
  return fc
    .tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([bytes, mutations]) => mutations.reduce((now, mutate) => mutate(now), bytes))
}
