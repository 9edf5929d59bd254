/**
 * The messages of `iu-sync` version 1. PROTOCOL.md says what each means and when it is sent.
 *
 * One WebSocket carries any number of universes, each on a channel that the replica chooses. A frame
 * is one message: `type u8 · channel varint · payload`.
 */
import type {
  BatchHead,
  Epoch,
  Floor,
  Hash,
  LogPosition,
  SealedBatch,
  StreamId,
  StreamSeq,
} from '@inner-universe/core'

/** What a token allows on its universe. */
export interface Rights {
  readonly read: boolean
  readonly write: boolean
  /** Tables that may be written; undefined: all. */
  readonly tables?: readonly string[] | undefined
}

/** What both sides keep to; the relay's are told in `welcome`. */
export interface SyncLimits {
  readonly frameBytesMax: number
  /** Largest content of one batch, not compressed. */
  readonly contentBytesMax: number
  /** Batches a replica may have pushed and not seen acknowledged. */
  readonly windowBatches: number
  readonly windowBytes: number
  /** Bytes of log the relay sends beyond the last `seen`. */
  readonly creditBytes: number
  readonly awareBytesMax: number
}

/** An image of a universe at an offset, in content-addressed chunks. */
export interface ImageOffer {
  /** Hash of the manifest, by which it is fetched. */
  readonly manifest: Hash
  readonly offset: number
  readonly byteCount: number
}

/** Why a batch was not taken. Each has exactly one thing a replica does about it. */
export type NackCode =
  | 'fork' // another batch is at that place of the stream
  | 'gap' // batches before it are missing: push from `seq`
  | 'rebase' // its base is below the floor
  | 'clock' // its clock is too far ahead of the relay's
  | 'duplicate-origin' // what it was re-authored from is in the log already
  | 'denied' // the token or the policy refuses deltas of it
  | 'quota' // the universe is full, for now
  | 'schema' // the writer is older than `minWriter`
  | 'invalid' // the bytes are not what they should be
  | 'too-large'

/** Why a universe was not opened. */
export type RefusalCode =
  | 'unauthorized' // no such right, or a token of another universe
  | 'module' // the universe belongs to another module
  | 'schema' // the reader is older than `minReader`, or its schema contradicts the universe's
  | 'limit' // too many channels or universes
  | 'invalid'

/** Why a connection ends. */
export type ByeCode =
  | 'shutting-down'
  | 'unauthorized' // bad, expired or revoked token
  | 'version' // no protocol version in common
  | 'displaced' // a newer connection writes the same stream
  | 'invalid' // a message that is not one, or out of turn
  | 'too-large'
  | 'timeout' // silent, or too slow to say hello
  | 'rate'
  | 'internal'

/** A batch with how its content travels. */
export interface WireBatch {
  readonly header: Uint8Array
  /** Length of the content once inflated. */
  readonly contentBytes: number
  readonly encoding: 'raw' | 'deflate'
  readonly body: Uint8Array
}

/** One entry of the log on the wire. */
export type WireEntry =
  | { readonly kind: 'batch'; readonly offset: number; readonly batch: WireBatch }
  | {
      readonly kind: 'own'
      readonly offset: number
      readonly stream: StreamId
      readonly firstSeq: number
      readonly deltaCount: number
      readonly hash: Hash
    }
  | { readonly kind: 'floor'; readonly offset: number; readonly floor: Floor }

/** Messages of a replica. */
export type ReplicaMessage =
  | {
      readonly type: 'hello'
      readonly versions: readonly number[]
      readonly token: string
      readonly timeMs: number
      /** Name and version of the program, for the relay's log. */
      readonly agent: string
    }
  /** A fresh token, before the old one expires. */
  | { readonly type: 'renew'; readonly token: string }
  | {
      readonly type: 'open'
      readonly channel: number
      readonly universe: string
      readonly module: string
      readonly schemaVersion: number
      readonly schemaHash: Hash
      readonly minReader: number
      readonly minWriter: number
      /** `fill`: reads only, to build a replica; writes no stream. */
      readonly mode: 'replica' | 'fill'
      readonly stream: StreamId
      readonly position: LogPosition
      /** Offset of the last floor taken in; 0: none. */
      readonly floorOffset: number
    }
  /** The module's tables, when the relay asked for them. */
  | { readonly type: 'schema'; readonly channel: number; readonly schema: string }
  | { readonly type: 'push'; readonly channel: number; readonly batch: WireBatch }
  /** Durably read up to there. */
  | { readonly type: 'seen'; readonly channel: number; readonly offset: number }
  /** Ask for the last batch of every stream. */
  | { readonly type: 'heads'; readonly channel: number }
  | { readonly type: 'aware'; readonly channel: number; readonly state: Uint8Array }
  | { readonly type: 'close'; readonly channel: number }
  | { readonly type: 'ping'; readonly timeMs: number }

/** Messages of the relay. */
export type RelayMessage =
  | {
      readonly type: 'welcome'
      readonly version: number
      readonly timeMs: number
      readonly sessionId: string
      readonly identity: string
      readonly limits: SyncLimits
    }
  | {
      readonly type: 'opened'
      readonly channel: number
      readonly epoch: Epoch
      /** Identity that created the universe. */
      readonly owner: string
      /** Last offset of the log. */
      readonly head: number
      /** False: the position is not in this log; read from an image or from the beginning. */
      readonly isContinued: boolean
      /** The last batch the relay has of the replica's stream. */
      readonly streamHead: BatchHead | undefined
      readonly floor: { readonly offset: number; readonly baseOffset: number } | undefined
      readonly image: ImageOffer | undefined
      readonly rights: Rights
      /** Smallest schema version that may write. */
      readonly minWriter: number
      readonly wantsSchema: boolean
      /** Others that are here: their last awareness. */
      readonly aware: readonly { readonly sessionId: string; readonly state: Uint8Array }[]
    }
  | {
      readonly type: 'refused'
      readonly channel: number
      readonly code: RefusalCode
      readonly message: string
    }
  | {
      readonly type: 'ack'
      readonly channel: number
      readonly stream: StreamId
      /** Last seq of the batch. */
      readonly seq: number
      readonly hash: Hash
      readonly offset: number
    }
  | {
      readonly type: 'nack'
      readonly channel: number
      readonly code: NackCode
      readonly stream: StreamId
      /** First seq of the batch; for `gap`, the seq to push from. */
      readonly seq: number
      readonly message: string
      /** `denied` and `duplicate-origin`: the deltas concerned. Empty: the whole batch. */
      readonly seqs: readonly number[]
      /** `clock`: the relay's time. */
      readonly timeMs: number
      /** `quota`: ms to wait. */
      readonly retryAfterMs: number
    }
  | {
      readonly type: 'data'
      readonly channel: number
      /** Last offset of the log when it was sent. */
      readonly head: number
      /** Chain hash of the log at the last of these entries. */
      readonly hash: Hash
      readonly entries: readonly WireEntry[]
    }
  | { readonly type: 'heads'; readonly channel: number; readonly heads: readonly BatchHead[] }
  | {
      readonly type: 'aware'
      readonly channel: number
      readonly sessionId: string
      /** Empty: gone. */
      readonly state: Uint8Array
    }
  | { readonly type: 'pong'; readonly timeMs: number; readonly relayTimeMs: number }
  | {
      readonly type: 'bye'
      readonly code: ByeCode
      readonly message: string
      readonly retryAfterMs: number
    }

/** What a batch's header says (PROTOCOL.md, batch header). */
export interface BatchHeader {
  readonly stream: StreamId
  readonly firstSeq: number
  readonly deltaCount: number
  readonly previous: Hash
  readonly base: { readonly epoch: Epoch; readonly offset: number }
  readonly firstHlc: number
  readonly lastHlc: number
  readonly schemaVersion: number
  /** Places for what comes later; refused unless 0 and empty. */
  readonly keyEpoch: number
  readonly scope: string
  /** Empty, or one per delta. */
  readonly origins: readonly ((StreamSeq & { readonly hash: Hash }) | undefined)[]
}

/** A batch decoded from the wire and verified: its hash is that of its header and content. */
export interface DecodedBatch {
  readonly header: BatchHeader
  readonly batch: SealedBatch
}
