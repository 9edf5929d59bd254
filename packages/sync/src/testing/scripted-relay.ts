/**
 * A relay of one universe, of the simplest honest kind, which a test can make say anything: for the
 * replica's half alone. It checks nothing it is not told to.
 */
import {
  type BatchHead,
  type Epoch,
  type Floor,
  type Hash,
  type StreamId,
  ZERO_HASH,
} from '@inner-universe/core'
import { decodeBatch } from '../batch.ts'
import { floorHash } from '../floor-codec.ts'
import { decodeReplicaMessage, encodeRelayMessage } from '../frame-codec.ts'
import { extendLogHash } from '../hash.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import type {
  DecodedBatch,
  ImageOffer,
  NackCode,
  RelayMessage,
  ReplicaMessage,
  SyncLimits,
  WireBatch,
  WireEntry,
} from '../messages.ts'
import type { Compression, Connection, Scheduler } from '../transport.ts'
import type { AcceptedEvents } from './pipe.ts'

type Push = Extract<ReplicaMessage, { readonly type: 'push' }>
type Open = Extract<ReplicaMessage, { readonly type: 'open' }>
type Hello = Extract<ReplicaMessage, { readonly type: 'hello' }>
type Opened = Extract<RelayMessage, { readonly type: 'opened' }>
type Nack = Extract<RelayMessage, { readonly type: 'nack' }>

/** What a test decides; each may be changed at any time. */
export interface RelayScript {
  /** Instead of `welcome`; undefined: welcome. */
  onHello?: ((hello: Hello) => RelayMessage | undefined) | undefined
  /** Instead of `opened`; undefined: open. */
  onOpen?: ((open: Open) => RelayMessage | undefined) | undefined
  /** Refuses a push, or leaves it unanswered; undefined: takes it. */
  onPush?:
    | ((batch: DecodedBatch) => (Partial<Nack> & { code: NackCode }) | 'silent' | undefined)
    | undefined
  /** Changes what `opened` tells. */
  opened?: Partial<Opened>
  limits?: Partial<SyncLimits>
  image?: ImageOffer | undefined
  /** Relay's clock − the scheduler's. */
  clockAheadMs?: number
}

/** The relay and what it heard. */
export interface ScriptedRelay {
  readonly script: RelayScript
  /** All messages of all connections, in order. */
  readonly heard: readonly ReplicaMessage[]
  accept(connection: Connection): AcceptedEvents
  head(): number
  hashAt(offset: number): Hash
  epoch(): Epoch
  entries(): readonly StoredScriptEntry[]
  /** Puts a batch into the log, as if another had pushed it. */
  append(batch: WireBatch): void
  appendFloor(floor: Floor): void
  /** Forgets everything above an offset and begins a new epoch: a restored backup. */
  restore(throughOffset: number, epoch: Epoch): void
  /** Entries up to there are not kept any more. */
  truncate(throughOffset: number): void
  /** Sends a message on every open channel or connection. */
  say(message: RelayMessage): void
}

/** One entry of the log. */
export interface StoredScriptEntry {
  readonly wire: WireEntry
  readonly logHash: Hash
  readonly head: BatchHead | undefined
}

/** Creates a relay with an empty log. */
export function scriptedRelay(options: {
  readonly scheduler: Scheduler
  readonly compression: Compression
  readonly script?: RelayScript
}): ScriptedRelay {
  const { scheduler, compression, script = {} } = options
  const heard: ReplicaMessage[] = []
  let entries: StoredScriptEntry[] = []
  let epoch = 'e000000000000001' as Epoch
  let truncatedThrough = 0
  let floor: { offset: number; baseOffset: number } | undefined
  const sessions = new Set<ScriptSession>()
  const connections = new Set<(message: RelayMessage) => void>()
  const nowMs = (): number => scheduler.now() + (script.clockAheadMs ?? 0)

  const hashAt = (offset: number): Hash => entries[offset - 1]?.logHash ?? ZERO_HASH
  const headOf = (stream: StreamId): BatchHead | undefined =>
    entries.findLast(({ head }) => head?.stream === stream)?.head
  const add = (wire: WireEntry, hash: Hash, head: BatchHead | undefined): void => {
    entries.push({ wire, logHash: extendLogHash(hashAt(entries.length), hash), head })
    for (const session of sessions) session.flow()
  }
  const decode = (batch: WireBatch): DecodedBatch => {
    const { header, body, contentBytes, encoding } = batch
    const content = encoding === 'raw' ? body : compression.inflate(body, contentBytes)
    if (content instanceof Promise) throw new Error('the scripted relay inflates at once')
    return decodeBatch(header, content)
  }
  const store = (
    batch: WireBatch,
    { batch: sealed }: DecodedBatch,
    author?: ScriptSession,
  ): void => {
    const { stream, firstSeq, deltaCount, hash } = sealed
    const offset = entries.length + 1
    author?.own.add(offset)
    const kept = { ...batch, header: batch.header.slice(), body: batch.body.slice() }
    add({ kind: 'batch', offset, batch: kept }, hash, {
      stream,
      seq: firstSeq + deltaCount - 1,
      hash,
    })
  }

  const push = (message: Push, session: ScriptSession): void => {
    const decoded = decode(message.batch)
    const { stream, firstSeq, deltaCount, hash } = decoded.batch
    const { channel } = message
    const seq = firstSeq + deltaCount - 1
    const refused = script.onPush?.(decoded)
    if (refused === 'silent') return
    const refuse = (nack: Partial<Nack> & { code: NackCode }): void => {
      const rest = { message: `no: ${nack.code}`, seqs: [], timeMs: nowMs(), retryAfterMs: 0 }
      session.send({ type: 'nack', channel, stream, seq: firstSeq, ...rest, ...nack })
    }
    const again = entries.findIndex((each) => each.head?.hash === hash)
    const head = headOf(stream)
    if (refused !== undefined) refuse(refused)
    else if (again < 0 && firstSeq > (head?.seq ?? 0) + 1) {
      refuse({ code: 'gap', seq: (head?.seq ?? 0) + 1 })
    } else if (again < 0 && (head?.hash ?? ZERO_HASH) !== decoded.header.previous) {
      refuse({ code: 'fork' })
    } else {
      const offset = again < 0 ? entries.length + 1 : again + 1
      session.send({ type: 'ack', channel, stream, seq, hash, offset })
      if (again < 0) store(message.batch, decoded, session)
    }
  }

  const open = (
    message: Open,
    send: (message: RelayMessage) => void,
  ): ScriptSession | undefined => {
    const instead = script.onOpen?.(message)
    if (instead !== undefined) {
      send(instead)
      return undefined
    }
    const { channel, position, stream } = message
    const isContinued =
      position.offset >= truncatedThrough &&
      position.offset <= entries.length &&
      (position.offset === 0 || hashAt(position.offset) === position.hash)
    const session = createSession(channel, position.offset, send, isContinued)
    send({
      type: 'opened',
      channel,
      epoch,
      owner: 'owner',
      head: entries.length,
      isContinued,
      streamHead: headOf(stream),
      floor,
      image: script.image,
      rights: { read: true, write: true },
      minWriter: 1,
      wantsSchema: false,
      aware: [],
      ...script.opened,
    })
    session.flow()
    return session
  }

  const createSession = (
    channel: number,
    offset: number,
    send: (message: RelayMessage) => void,
    isContinued: boolean,
  ): ScriptSession => {
    let at = offset
    const own = new Set<number>()
    return {
      own,
      send,
      channel,
      flow() {
        if (!isContinued || at >= entries.length) return
        const fresh = entries.slice(at)
        at = entries.length
        const wires = fresh.map(({ wire, head }): WireEntry => {
          if (wire.kind !== 'batch' || head === undefined || !own.has(wire.offset)) return wire
          const { batch } = decode(wire.batch)
          const { stream, firstSeq, deltaCount, hash } = batch
          return { kind: 'own', offset: wire.offset, stream, firstSeq, deltaCount, hash }
        })
        send({ type: 'data', channel, head: at, hash: hashAt(at), entries: wires })
      },
    }
  }

  return {
    script,
    heard,
    accept(connection) {
      const mine = new Map<number, ScriptSession>()
      const send = (message: RelayMessage): void => {
        connection.send(encodeRelayMessage(message))
        if (message.type === 'bye') connection.close()
      }
      connections.add(send)
      const forget = (session: ScriptSession | undefined): void => {
        if (session !== undefined) sessions.delete(session)
      }
      return {
        onMessage(bytes) {
          const message = decodeReplicaMessage(bytes.slice())
          if (message === undefined) return
          heard.push(message)
          switch (message.type) {
            case 'hello':
              return send(
                script.onHello?.(message) ?? {
                  type: 'welcome',
                  version: 1,
                  timeMs: nowMs(),
                  sessionId: 'session',
                  identity: 'someone',
                  limits: { ...DEFAULT_LIMITS, ...script.limits },
                },
              )
            case 'ping':
              return send({ type: 'pong', timeMs: message.timeMs, relayTimeMs: nowMs() })
            case 'open': {
              const session = open(message, send)
              if (session === undefined) return
              mine.set(message.channel, session)
              sessions.add(session)
              return
            }
            case 'push': {
              const session = mine.get(message.channel)
              if (session !== undefined) push(message, session)
              return
            }
            case 'heads': {
              const streams = new Set(entries.flatMap(({ head }) => (head ? [head.stream] : [])))
              const heads = [...streams].flatMap((each) => headOf(each) ?? [])
              return send({ type: 'heads', channel: message.channel, heads })
            }
            case 'close':
              forget(mine.get(message.channel))
              mine.delete(message.channel)
          }
        },
        onClose() {
          connections.delete(send)
          for (const session of mine.values()) forget(session)
        },
      }
    },
    head: () => entries.length,
    hashAt,
    epoch: () => epoch,
    entries: () => entries,
    append(batch) {
      store(batch, decode(batch))
    },
    appendFloor(next) {
      const offset = entries.length + 1
      floor = { offset, baseOffset: next.baseOffset }
      add({ kind: 'floor', offset, floor: next }, floorHash(next), undefined)
    },
    restore(throughOffset, next) {
      entries = entries.slice(0, throughOffset)
      epoch = next
      if (floor !== undefined && floor.offset > throughOffset) floor = undefined
    },
    truncate(throughOffset) {
      truncatedThrough = throughOffset
    },
    say(message) {
      if (message.type === 'bye' || message.type === 'welcome' || message.type === 'pong') {
        for (const send of [...connections]) send(message)
      } else {
        for (const session of sessions) session.send({ ...message, channel: session.channel })
      }
    },
  }
}

interface ScriptSession {
  readonly channel: number
  /** Offsets of what this session pushed. */
  readonly own: Set<number>
  send(message: RelayMessage): void
  flow(): void
}
