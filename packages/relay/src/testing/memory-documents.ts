/** Documents in memory, whose keeping a test can hold up or refuse. */
import { UniverseError } from '@inner-universe/core'
import { rightsIn, type TokenClaims } from '@inner-universe/sync/relay-side'
import * as Y from 'yjs'
import type { Closing } from '../y/closing.ts'
import { documentKey } from '../y/document-address.ts'
import type { AdmissionDesk } from '../y/membership.ts'
import { SharedAwareness } from '../y/shared-awareness.ts'
import type { DocumentAuthor, SharedDocument, UniverseDocument } from '../y/shared-document.ts'

/** A document as tests see it. */
export interface MemoryDocument extends SharedDocument {
  readonly doc: Y.Doc
  readonly appends: { readonly update: Uint8Array; readonly identity: string }[]
  leaseCount: number
  /** Undefined: appends are kept at once; else each waits for it. */
  gate: Promise<void> | undefined
  /** What the next appends are refused with. */
  fault: unknown
  end(closing: Closing): void
}

/** A desk over documents in memory. Tokens are what `tokens` says; every table `note` is there. */
export interface MemoryDesk extends AdmissionDesk {
  readonly tokens: Map<string, TokenClaims>
  /** Undefined until it was opened once. */
  document(address: Omit<UniverseDocument, 'universe'>): MemoryDocument | undefined
  openMs: Promise<void>
}

/** Claims of a token for the universe `home`. */
export function claims(
  identity: string,
  rights: 'read' | 'write' | readonly string[] = 'write',
  expiresMs: number = Number.MAX_SAFE_INTEGER,
): TokenClaims {
  const write = rights !== 'read'
  const tables = typeof rights === 'string' ? {} : { tables: rights }
  return {
    identity,
    tokenId: undefined,
    expiresMs,
    universes: new Map([['home', { read: true, write, ...tables }]]),
  }
}

/** A desk. */
export function createMemoryDesk(): MemoryDesk {
  const documents = new Map<string, MemoryDocument>()
  const tokens = new Map<string, TokenClaims>()
  const claimsOf = (token: string): TokenClaims => {
    const found = tokens.get(token)
    if (found === undefined) throw new UniverseError('sync/unauthorized', 'the token is not known')
    return found
  }
  const desk: MemoryDesk = {
    tokens,
    openMs: Promise.resolve(),
    document: (address) => documents.get(documentKey(address)),
    async admit(token, address) {
      const found = claimsOf(token)
      await desk.openMs
      if (rightsIn(found, address.universe)?.read !== true || address.table !== 'note') {
        throw new UniverseError('document/not-found', `there is no ${address.table} here`)
      }
      const key = documentKey(address)
      const document = documents.get(key) ?? createMemoryDocument()
      documents.set(key, document)
      document.leaseCount += 1
      const release = (): void => {
        document.leaseCount -= 1
      }
      return { lease: { document, release }, claims: found }
    },
    renew: async (token) => claimsOf(token),
  }
  return desk
}

function createMemoryDocument(): MemoryDocument {
  const doc = new Y.Doc()
  const enders = new Set<(closing: Closing) => void>()
  const memory: MemoryDocument = {
    doc,
    appends: [],
    leaseCount: 0,
    gate: undefined,
    fault: undefined,
    updatesTable: 'note_document',
    awareness: new SharedAwareness({ stateBytesMax: 4096, clientsMax: 64 }),
    stateVector: () => Y.encodeStateVector(doc),
    missing: (stateVector) => {
      try {
        return Y.encodeStateAsUpdate(doc, stateVector)
      } catch (cause) {
        throw new UniverseError('sync/protocol', 'no state vector', { cause })
      }
    },
    contains: (update) => Y.snapshotContainsUpdate(Y.snapshot(doc), update),
    async append(update, author) {
      await memory.gate
      if (memory.fault !== undefined) throw memory.fault
      memory.appends.push({ update, identity: author.identity })
      Y.applyUpdate(doc, update, author)
    },
    onUpdate(listener) {
      const told = (update: Uint8Array, author: unknown): void => {
        listener(update, (author ?? undefined) as DocumentAuthor | undefined)
      }
      doc.on('update', told)
      return () => doc.off('update', told)
    },
    onEnd(listener) {
      enders.add(listener)
      return () => enders.delete(listener)
    },
    end(closing) {
      for (const each of [...enders]) each(closing)
    },
  }
  return memory
}
