/**
 * What was changed in a document here since it was last encoded, as spans of clocks and deletions.
 *
 * Nothing is encoded per transaction: a burst is written from the document itself, where what was typed
 * letter by letter is one struct by then, and what was deleted again has no content.
 */
import { DOCUMENT_UPDATE_BYTES_MAX } from '@inner-universe/core'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

type DeleteSet = Y.Transaction['deleteSet']
type Struct = Y.Item | Y.GC

/** Clocks of one client, `end` not included. */
interface Span {
  readonly start: number
  readonly end: number
}

type Spans = ReadonlyMap<number, Span>

/** Deletions in one update: some 10 bytes each. */
const DELETIONS_MAX = 50_000

/** The changes of one document. */
export class LocalChanges {
  readonly #doc: Y.Doc
  #spans = new Map<number, Span>()
  #deleteSets: DeleteSet[] = []
  #length = 0

  constructor(doc: Y.Doc) {
    this.#doc = doc
  }

  /** About how much there is: characters, elements and deletions. */
  get length(): number {
    return this.#length
  }

  /** Notes a finished transaction. False: it changed nothing. */
  note({ beforeState, afterState, deleteSet }: Y.Transaction): boolean {
    const lengthBefore = this.#length
    for (const [client, end] of afterState) {
      const start = beforeState.get(client) ?? 0
      if (start < end) this.noteSpan(client, { start, end })
    }
    if (deleteSet.clients.size > 0) this.noteDeletions(deleteSet)
    return this.#length > lengthBefore
  }

  /** Notes that a client's clocks of a span are to be encoded. */
  noteSpan(client: number, { start, end }: Span): void {
    this.#length += end - start
    const known = this.#spans.get(client)
    // What lies between two spans came from elsewhere: once more does no harm.
    this.#spans.set(client, {
      start: Math.min(start, known?.start ?? start),
      end: Math.max(end, known?.end ?? end),
    })
  }

  /** Notes that these deletions are to be encoded. */
  noteDeletions(deletions: DeleteSet): void {
    this.#deleteSets.push(deletions)
    this.#length += deletions.clients.size
  }

  /**
   * Encodes what was noted, in Yjs's first format, and forgets it. Each update is as small as may be
   * kept, unless one value alone is larger; they are to be applied in their order.
   */
  take(): readonly Uint8Array[] {
    const spans = this.#spans
    const deleteSets = this.#deleteSets
    if (spans.size === 0 && deleteSets.length === 0) return []
    this.#spans = new Map()
    this.#deleteSets = []
    this.#length = 0
    const deletions = Y.mergeDeleteSets(deleteSets)
    const whole = this.#encode(spans, deletions)
    if (whole.length <= DOCUMENT_UPDATE_BYTES_MAX) return [whole]
    return [
      ...this.#encodeParts(spans),
      ...partsOf(deletions).map((part) => this.#encode(new Map(), part)),
    ]
  }

  /** By halves, each small enough. */
  #encodeParts(spans: Spans): readonly Uint8Array[] {
    if (spans.size === 0) return []
    const whole = this.#encode(spans, Y.createDeleteSet())
    const length = lengthOf(spans)
    if (whole.length <= DOCUMENT_UPDATE_BYTES_MAX || length === 1) return [whole]
    const [first, rest] = this.#halve(spans, Math.ceil(length / 2))
    // One value that cannot be cut.
    if (rest.size === 0 || first.size === 0) return [whole]
    return [...this.#encodeParts(first), ...this.#encodeParts(rest)]
  }

  #halve(spans: Spans, length: number): readonly [Spans, Spans] {
    const first = new Map<number, Span>()
    const rest = new Map<number, Span>()
    let left = length
    for (const [client, span] of spans) {
      const { start, end } = span
      const cut = left >= end - start ? end : this.#cutNear(client, start + left, span)
      if (cut > start) first.set(client, { start, end: cut })
      if (cut < end) rest.set(client, { start: cut, end })
      left = Math.max(0, left - (end - start))
    }
    return [first, rest]
  }

  /** A clock at which the client's structs may be cut: not between the halves of one character. */
  #cutNear(client: number, clock: number, { start, end }: Span): number {
    if (clock <= start || clock >= end) return clock
    const structs = this.#structsOf(client)
    const struct = structs[Y.findIndexSS(structs, clock)]
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return clock
    const unit = struct.content.str.charCodeAt(clock - struct.id.clock - 1)
    return unit >= 0xd800 && unit <= 0xdbff ? clock + 1 : clock
  }

  #encode(spans: Spans, deletions: DeleteSet): Uint8Array {
    const encoder = new Y.UpdateEncoderV1()
    encoding.writeVarUint(encoder.restEncoder, spans.size)
    // Higher clients first, as Yjs does: it resolves conflicts quicker.
    for (const client of [...spans.keys()].sort((left, right) => right - left)) {
      this.#writeSpan(encoder, client, spans.get(client) as Span)
    }
    writeDeletions(encoder, deletions)
    return encoder.toUint8Array()
  }

  #writeSpan(encoder: Y.UpdateEncoderV1, client: number, { start, end }: Span): void {
    const structs = this.#structsOf(client)
    const first = Y.findIndexSS(structs, start)
    let last = first
    while (clockAfter(structs[last] as Struct) < end) last++
    encoding.writeVarUint(encoder.restEncoder, last - first + 1)
    encoder.writeClient(client)
    encoding.writeVarUint(encoder.restEncoder, start)
    for (let index = first; index <= last; index++) {
      const struct = structs[index] as Struct
      // Yjs declares the encoder of its second format; the first has the same methods.
      headOf(struct, end).write(
        encoder as unknown as Y.UpdateEncoderV2,
        Math.max(0, start - struct.id.clock),
      )
    }
  }

  #structsOf(client: number): Struct[] {
    return this.#doc.store.clients.get(client) ?? []
  }
}

/** The part of a struct before a clock. */
function headOf(struct: Struct, end: number): Struct {
  const length = end - struct.id.clock
  if (length >= struct.length) return struct
  if (!(struct instanceof Y.Item)) return new Y.GC(struct.id, length)
  const { id, origin, rightOrigin, parent, parentSub } = struct
  const content = struct.content.copy()
  // Cuts the tail off; the copy keeps the head.
  content.splice(length)
  return new Y.Item(id, null, origin, null, rightOrigin, parent, parentSub, content)
}

function clockAfter({ id, length }: Struct): number {
  return id.clock + length
}

function lengthOf(spans: Spans): number {
  let length = 0
  for (const { start, end } of spans.values()) length += end - start
  return length
}

function partsOf(deletions: DeleteSet): readonly DeleteSet[] {
  const parts: DeleteSet[] = []
  for (const [client, items] of deletions.clients) {
    for (let start = 0; start < items.length; start += DELETIONS_MAX) {
      const part = Y.createDeleteSet()
      part.clients.set(client, items.slice(start, start + DELETIONS_MAX))
      parts.push(part)
    }
  }
  return parts
}

function writeDeletions(encoder: Y.UpdateEncoderV1, { clients }: DeleteSet): void {
  encoding.writeVarUint(encoder.restEncoder, clients.size)
  for (const [client, items] of clients) {
    encoding.writeVarUint(encoder.restEncoder, client)
    encoding.writeVarUint(encoder.restEncoder, items.length)
    for (const { clock, len } of items) {
      encoder.writeDsClock(clock)
      encoder.writeDsLen(len)
    }
  }
}
