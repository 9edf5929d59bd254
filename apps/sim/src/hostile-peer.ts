/**
 * A peer that has a good token and means ill. Nothing it pushes may enter the log, or be obeyed if a relay
 * cannot tell, and nobody else may notice it.
 */
import {
  type Base,
  createSegmentWriter,
  createStreamId,
  encodeContent,
  type Hash,
  HISTORY_TABLES,
  hlcFromMs,
  NO_EPOCH,
  type Random,
  type RowOperation,
  type StreamId,
  ZERO_HASH,
} from '@inner-universe/core'
import {
  type BatchHeader,
  type Connection,
  decodeRelayMessage,
  encodeBatchHeader,
  encodeReplicaMessage,
  PROTOCOL_VERSION,
  type RelayMessage,
  type ReplicaMessage,
  textHash,
  type WireBatch,
} from '@inner-universe/sync'
import { fastHash } from './fast-hash.ts'
import { type Accept, createLine } from './network.ts'
import type { Hostility } from './plan.ts'
import { markersOf, type OpenedEntry } from './relay-log.ts'
import { tokenOf, UNIVERSE } from './sim-relay.ts'
import type { VirtualTime } from './virtual-time.ts'
import { WORLD_START_MS } from './virtual-time.ts'

/** What all markers of a hostile peer begin with. None may ever be in the log. */
export const EVIL = 'evil'

/** What a hostile peer needs. */
export interface Attack {
  readonly hostility: Hostility
  readonly time: VirtualTime
  readonly random: Random
  readonly accept: Accept
  /** The log as it is, to pretend with. */
  readonly log: readonly OpenedEntry[]
  /** Of the module it pretends to run. */
  readonly schemaVersion: number
  readonly schema: string
}

/** How long a peer stays when nobody throws it out, ms. */
const STAYS_MS = 5000

/** Connects, does its worst, and leaves. */
export function attack(options: Attack): void {
  const { hostility, time, random, accept } = options
  if (hostility === 'foreign-stream' && victimOf(options) === undefined) return
  if (hostility === 'rewrite' && eventOf(options) === undefined) return
  if (hostility === 'forgery' && versionOf(options) === undefined) return
  const line = createLine(time, random, accept)
  const stream = createStreamId((count) => random.bytes(count))
  let isOver = false
  const send = (message: ReplicaMessage): void => {
    if (!isOver) connection.send(encodeReplicaMessage(message))
  }
  const open = (): void => {
    send({
      type: 'open',
      channel: 1,
      universe: UNIVERSE,
      module: 'sim',
      schemaVersion: options.schemaVersion,
      schemaHash: textHash(options.schema, fastHash),
      minReader: 1,
      minWriter: 1,
      mode: 'replica',
      stream,
      position: { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH },
      floorOffset: 0,
    })
  }
  const hear = (message: RelayMessage | undefined): void => {
    if (message?.type === 'welcome') {
      if (hostility === 'noise') {
        for (let count = 0; count < 5; count++)
          connection.send(random.bytes(random.integer(0, 200)))
      } else if (hostility === 'out-of-turn') {
        send({ type: 'push', channel: 1, batch: wireBatch(forge(options, stream)) })
        send({ type: 'seen', channel: 7, offset: 3 })
      } else open()
    }
    if (message?.type === 'opened') {
      const push = { type: 'push', channel: 1, batch: wireBatch(forge(options, stream)) } as const
      if (hostility !== 'mangled') {
        send(push)
        return
      }
      const frame = encodeReplicaMessage(push)
      const at = random.integer(0, frame.length - 1)
      frame[at] = (frame[at] as number) ^ (1 << random.integer(0, 7))
      connection.send(frame)
    }
  }
  const connection: Connection = line.connect({
    onOpen: () =>
      send({
        type: 'hello',
        versions: [PROTOCOL_VERSION],
        token: tokenOf('mallory', { isLimited: false }),
        timeMs: 0,
        agent: EVIL,
      }),
    onMessage: (bytes) => hear(decodeRelayMessage(bytes)),
    onClose() {
      isOver = true
    },
  })
  time.after(STAYS_MS, () => connection.close())
}

interface Forged {
  readonly header: Uint8Array
  readonly content: Uint8Array
}

/** A batch with one thing wrong with it. */
function forge(options: Attack, own: StreamId): Forged {
  const { hostility, time, schemaVersion } = options
  const victim = victimOf(options)
  const isForeign = hostility === 'foreign-stream' && victim !== undefined
  const stream = isForeign ? victim.header.stream : own
  const firstSeq = isForeign ? victim.header.firstSeq + victim.header.deltaCount : 1
  const aheadMs = hostility === 'future' ? 86_400_000 : 0
  const hlc = hlcFromMs(WORLD_START_MS + Math.floor(time.elapsedMs()) + aheadMs)
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq })
  const event = hostility === 'rewrite' ? eventOf(options) : undefined
  const version = hostility === 'forgery' ? versionOf(options) : undefined
  for (let count = 0; count < 2; count++) {
    const operations =
      version !== undefined
        ? falseContent(version, hlc + count)
        : [event === undefined ? evilInsert(hlc + count) : evilUpdate(event)]
    writer.append({ hlc: hlc + count, reducer: 'write', operations })
  }
  const content = writer.finish()
  const base: Base = { epoch: NO_EPOCH, offset: 0 }
  const header: BatchHeader = {
    stream,
    firstSeq,
    deltaCount: 2,
    previous: isForeign ? victim.hash : ZERO_HASH,
    base,
    firstHlc: hlc,
    lastHlc: hlc + 1,
    schemaVersion,
    keyEpoch: 0,
    scope: '',
    origins: [],
  }
  const facts = CONTRADICTIONS[hostility]?.(header) ?? header
  const encoded = encodeBatchHeader(facts)
  // A flag of a later version: no byte of a batch may be changed without the relay's noticing.
  if (hostility === 'bad-flags') encoded[1] = 0x02
  return { header: encoded, content }
}

/** The last batch of the log that an honest replica wrote. */
function victimOf({ log }: Attack): Extract<OpenedEntry, { kind: 'batch' }> | undefined {
  return log.findLast(
    (entry) => entry.kind === 'batch' && entry.deltas.some((delta) => markersOf(delta).length > 0),
  ) as Extract<OpenedEntry, { kind: 'batch' }> | undefined
}

/** Id of a row of the append-only table. */
function eventOf(options: Attack): string | undefined {
  return insertedIn(options, 'event').next().value
}

/** The version that was named last. */
function versionOf(options: Attack): string | undefined {
  return [...insertedIn(options, HISTORY_TABLES.version)].at(-1)
}

function* insertedIn({ log }: Attack, name: string): Generator<string, undefined> {
  for (const entry of log) {
    for (const { operations } of entry.kind === 'batch' ? entry.deltas : []) {
      for (const { kind, table, id } of operations)
        if (kind === 'insert' && table === name) yield id
    }
  }
}

/** Says that there was nothing, with the digest of something else. */
function falseContent(version: string, id: number): readonly RowOperation[] {
  const content = evilId(id)
  const cells = { content, ordinal: 0, rows: encodeContent([]), seal: '1'.repeat(32) }
  return [
    { kind: 'insert', table: HISTORY_TABLES.content, id: content, cells: { version, basis: null } },
    { kind: 'insert', table: HISTORY_TABLES.chunk, id: `${content}/0`, cells },
  ]
}

function evilId(id: number): string {
  return `00000000-0000-7000-8000-${id.toString(16).padStart(12, '0').slice(-12)}`
}

function evilUpdate(id: string) {
  return { kind: 'update', table: 'event', id, cells: { by: 1_000_000 } } as const
}

type Contradict = (header: BatchHeader) => BatchHeader

/** Headers that do not fit the log, or their own content. */
const CONTRADICTIONS: Partial<Record<Hostility, Contradict>> = {
  'bad-chain': (header) => ({ ...header, previous: '1'.repeat(32) as Hash }),
  'hidden-facts': (header) => ({ ...header, firstHlc: header.firstHlc - 1 }),
  mangled: (header) => ({ ...header, previous: '1'.repeat(32) as Hash }),
  'wrong-count': (header) => ({ ...header, deltaCount: 1 }),
}

function evilInsert(id: number) {
  return {
    kind: 'insert',
    table: 'event',
    id: evilId(id),
    cells: { marker: `${EVIL}${id}`, tally: 'main', by: 1_000_000 },
  } as const
}

function wireBatch({ header, content }: Forged): WireBatch {
  return { header, contentBytes: content.length, encoding: 'raw', body: content }
}
