/**
 * Checks bytes that claim to be an update of a document, before Yjs applies them.
 *
 * Yjs trusts its input: a few bytes of its second format unfold to any number of structs, and an
 * update that refers to what cannot be there fails in the middle of being applied. What passes here is
 * bounded, well formed, and refers only to what can be there. It need not be honest: whoever may write
 * may write nonsense, and may claim to be another of the document's clients.
 */
import {
  DOCUMENT_CHECKPOINT_BYTES_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  DOCUMENT_UPDATE_KINDS,
  JSON_DEPTH_MAX,
  UniverseError,
} from '@inner-universe/core'
import * as Y from 'yjs'
import { STRUCTS_MAX } from './limits.ts'

/**
 * Checks an update of the given kind (`DOCUMENT_UPDATE_KINDS`).
 *
 * Cost: decodes it once, about half of what applying it costs.
 *
 * @throws UniverseError `document/invalid-update`, with the reason as its cause.
 */
export function checkUpdate(update: Uint8Array, kind: number): void {
  try {
    const { structs, ds } = Y.decodeUpdateV2(update, decoderFor(update, kind))
    for (const struct of structs) checkStruct(struct)
    for (const [client, deletions] of ds.clients) {
      checkNumber(client)
      for (const { clock, len } of deletions) checkSpan(clock, len)
    }
  } catch (cause) {
    throw invalidUpdate(cause)
  }
}

/**
 * Applies updates to a document that nobody has seen yet, and checks what came of it: each is decoded
 * once instead of twice, and most are sound. False: one may not be, and the document is spoiled; start
 * with another, and check each before it is applied.
 */
export function applyUnseen(
  doc: Y.Doc,
  updates: readonly { readonly update: Uint8Array; readonly kind: number }[],
): boolean {
  try {
    doc.transact(() => {
      for (const { update, kind } of updates) {
        Y.applyUpdateV2(doc, update, null, decoderFor(update, kind))
      }
      // Order matters: once the transaction has ended, structs are joined and some are dropped.
      for (const structs of doc.store.clients.values()) for (const one of structs) checkStruct(one)
    })
  } catch {
    // Whatever it is, the check of each will tell which one it is of.
    return false
  }
  return doc.store.pendingStructs === null && doc.store.pendingDs === null
}

/** The decoder of an update, which bounds what it reads. @throws RangeError for its size or kind. */
function decoderFor({ length }: Uint8Array, kind: number): typeof Y.UpdateDecoderV2 {
  const isCheckpoint = kind === DOCUMENT_UPDATE_KINDS.checkpoint
  if (!isCheckpoint && kind !== DOCUMENT_UPDATE_KINDS.update) refuse(`of unknown kind ${kind}`)
  const bytesMax = isCheckpoint ? DOCUMENT_CHECKPOINT_BYTES_MAX : DOCUMENT_UPDATE_BYTES_MAX
  if (length === 0 || length > bytesMax) refuse(`of ${length} bytes`)
  // Yjs's declarations know the second format only; the first has the same methods.
  return isCheckpoint ? BoundedDecoderV2 : (BoundedDecoderV1 as unknown as typeof Y.UpdateDecoderV2)
}

/** The error of bytes, or of the row that holds them, that could not be applied. */
export function invalidUpdate(cause: unknown, id?: string): UniverseError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new UniverseError(
    'document/invalid-update',
    `${id === undefined ? 'bytes' : `row ${id}`} hold no update of a document (${reason}); they are left out`,
    { details: id === undefined ? {} : { id }, cause },
  )
}

class BoundedDecoderV1 extends Y.UpdateDecoderV1 {
  #structCount = 0

  override readInfo(): number {
    this.#structCount = countStruct(this.#structCount)
    return super.readInfo()
  }

  override readAny(): unknown {
    return checkDepth(super.readAny())
  }

  override readJSON(): unknown {
    return checkDepth(super.readJSON())
  }
}

class BoundedDecoderV2 extends Y.UpdateDecoderV2 {
  #structCount = 0

  override readInfo(): number {
    this.#structCount = countStruct(this.#structCount)
    return super.readInfo()
  }

  override readAny(): unknown {
    return checkDepth(super.readAny())
  }

  override readJSON(): unknown {
    return checkDepth(super.readJSON())
  }
}

function countStruct(count: number): number {
  if (count >= STRUCTS_MAX) refuse(`of more than ${STRUCTS_MAX} structs`)
  return count + 1
}

function checkDepth(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (depth > JSON_DEPTH_MAX) refuse(`with values nested deeper than ${JSON_DEPTH_MAX}`)
  for (const part of Object.values(value)) checkDepth(part, depth + 1)
  return value
}

function checkStruct(struct: Y.AbstractStruct): void {
  const { id, length } = struct
  checkNumber(id.client)
  checkSpan(id.clock, length)
  if (!(struct instanceof Y.Item)) return
  checkReference(struct.origin, id)
  checkReference(struct.rightOrigin, id)
  if (struct.parent instanceof Y.ID) checkReference(struct.parent, id)
  const { content } = struct
  if (content instanceof Y.ContentFormat && typeof content.key !== 'string') {
    refuse('with a format that has no name')
  }
  if (content instanceof Y.ContentType) {
    const { nodeName, hookName } = content.type as { nodeName?: unknown; hookName?: unknown }
    if (!isName(nodeName) || !isName(hookName)) refuse('with a node that has no name')
  }
  // A document within would have updates of its own, and nobody to keep them.
  if (content instanceof Y.ContentDoc) refuse('with a document inside of it')
}

function isName(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function checkReference(to: Y.ID | null, from: Y.ID): void {
  if (to === null) return
  checkNumber(to.client)
  checkNumber(to.clock)
  // Yjs takes it that what a client refers to of its own is there already.
  if (to.client === from.client && to.clock >= from.clock) refuse('that refers to what comes later')
}

/** Structs of no length would never be found again. */
function checkSpan(clock: number, length: number): void {
  checkNumber(clock)
  if (!Number.isSafeInteger(length) || length < 1 || !Number.isSafeInteger(clock + length)) {
    refuse('with a length out of range')
  }
}

function checkNumber(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) refuse('with a number out of range')
}

function refuse(what: string): never {
  throw new RangeError(`an update ${what}`)
}
