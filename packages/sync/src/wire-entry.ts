/** How an entry of the log travels: the fields that `push` and `data` have in common. */
import { decodeFloor, encodeFloor } from './floor-codec.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_DELTAS_MAX,
  CONTENT_BYTES_MAX,
  FLOOR_BYTES_MAX,
  HEADER_BYTES_MAX,
} from './limits.ts'
import type { WireBatch, WireEntry } from './messages.ts'
import { bytes, checked, type Field, hash, oneOf, stream, struct, varint } from './wire-field.ts'

/** A batch: its header, and its content raw or deflated. */
export const wireBatch: Field<WireBatch> = checked(createBatchField(), batchFault)

/** An entry: a batch, the name of an own batch, or a floor. */
export const wireEntry: Field<WireEntry> = createEntryField()

/** `header bytes · 0 · body bytes`, or `header bytes · 1 · contentBytes varint · body bytes`. */
function createBatchField(): Field<WireBatch> {
  const header = bytes(HEADER_BYTES_MAX)
  const encoding = oneOf(['raw', 'deflate'] as const)
  const contentBytes = varint(1, CONTENT_BYTES_MAX)
  const body = bytes(CONTENT_BYTES_MAX)
  return {
    layout: `{header:${header.layout} · encoding:${encoding.layout} · contentBytes:${contentBytes.layout} if deflate · body:${body.layout}}`,
    write(out, batch) {
      header.write(out, batch.header)
      encoding.write(out, batch.encoding)
      if (batch.encoding === 'deflate') contentBytes.write(out, batch.contentBytes)
      body.write(out, batch.body)
    },
    read(from) {
      const headerBytes = header.read(from)
      const how = encoding.read(from)
      const inflated = how === 'deflate' ? contentBytes.read(from) : undefined
      const carried = body.read(from)
      return {
        header: headerBytes,
        contentBytes: inflated ?? carried.length,
        encoding: how,
        body: carried,
      }
    },
  }
}

/** `kind u8 · offset varint · what the kind says`. */
function createEntryField(): Field<WireEntry> {
  type Of<Kind> = Omit<Extract<WireEntry, { kind: Kind }>, 'kind'>
  const offset = varint(1)
  const kind = oneOf(['batch', 'own', 'floor'] as const)
  const batch = struct<Of<'batch'>>({ offset, batch: wireBatch })
  const own = struct<Of<'own'>>({
    offset,
    stream,
    firstSeq: varint(1),
    deltaCount: varint(1, BATCH_DELTAS_MAX),
    hash,
  })
  const floorBytes = bytes(FLOOR_BYTES_MAX)
  const floor = struct<Of<'floor'>>({
    offset,
    floor: {
      layout: 'floor',
      write: (out, value) => floorBytes.write(out, encodeFloor(value)),
      read: (from) => decodeFloor(floorBytes.read(from)),
    },
  })
  return {
    layout: `{kind:${kind.layout} · batch:${batch.layout} | own:${own.layout} | floor:${floor.layout}}`,
    write(out, entry) {
      kind.write(out, entry.kind)
      if (entry.kind === 'batch') batch.write(out, entry)
      else if (entry.kind === 'own') own.write(out, entry)
      else floor.write(out, entry)
    },
    read(from) {
      const of = kind.read(from)
      if (of === 'batch') return { kind: of, ...batch.read(from) }
      if (of === 'own') return { kind: of, ...own.read(from) }
      return { kind: of, ...floor.read(from) }
    },
  }
}

function batchFault(batch: WireBatch): string | undefined {
  const { header, body, contentBytes, encoding } = batch
  if (header.length === 0 || body.length === 0) return 'a batch without header or content'
  if (header.length + body.length > BATCH_BYTES_MAX) {
    return `a batch of ${header.length + body.length} bytes; ${BATCH_BYTES_MAX} are allowed`
  }
  if (encoding === 'raw' && contentBytes !== body.length) return 'a raw body of another length'
  if (encoding === 'deflate' && contentBytes <= body.length)
    return 'a body that deflate made longer'
  return undefined
}
