/** Opens a universe for one replica: who may, where its position is, what it must know. RL3 to RL5. */
import { assert, type Hash, type LogPosition } from '@inner-universe/core'
import type { RefusalCode, RelayMessage, ReplicaMessage, Rights } from '../messages.ts'
import type { UniverseRecord } from './log-store.ts'
import { type ChannelLink, RelayChannel } from './relay-channel.ts'
import type { RelayContext } from './relay-context.ts'
import type { Room } from './room.ts'
import type { Rooms } from './rooms.ts'

type Open = Extract<ReplicaMessage, { type: 'open' }>

/** Why a universe is not opened. */
export interface OpenRefusal {
  readonly code: RefusalCode
  readonly message: string
}

/** An open universe, whose replica has not been told yet. */
export interface Opened {
  readonly channel: RelayChannel
  readonly message: Extract<RelayMessage, { type: 'opened' }>
}

/**
 * Opens a universe, creating it if it is not there and the token may write.
 *
 * @throws UniverseError of the store.
 */
export async function openUniverse(
  context: RelayContext,
  rooms: Rooms,
  link: ChannelLink,
  open: Open,
  rights: Rights | undefined,
): Promise<Opened | OpenRefusal> {
  const { store, scheduler } = context
  const { universe, module } = open
  if (rights?.read !== true) return unauthorized(universe)
  if (open.minReader > open.schemaVersion || open.minWriter > open.schemaVersion) {
    return { code: 'invalid', message: 'minReader and minWriter are at most the schema version' }
  }
  let found = await store.find(universe)
  if (found === undefined) {
    if (!rights.write) return unauthorized(universe)
    const epochMs = scheduler.now()
    const epoch = context.newEpoch()
    found = await store.create({ universe, module, owner: link.identity, epoch, epochMs })
  }
  if (found.module !== module) {
    return { code: 'module', message: `${universe} is of module ${found.module}, not ${module}` }
  }
  const room = await rooms.get(universe)
  return room.run(() => openIn(context, room, link, open, rights))
}

async function openIn(
  context: RelayContext,
  room: Room,
  link: ChannelLink,
  open: Open,
  rights: Rights,
): Promise<Opened | OpenRefusal> {
  const { store } = context
  const fault = schemaFault(await room.facts(), open)
  if (fault !== undefined) return { code: 'schema', message: fault }
  const place = await placeOf(context, room, open.position)
  if (place === 'restored' && rights.write && open.mode === 'replica') {
    await room.startEpoch(open.position.epoch, link.sessionId)
  }
  // What is durable: a floor on its way into the log is told when it is there.
  const record = await store.find(room.universe)
  assert(record !== undefined, 'a universe in use is there')
  const { epoch, owner, minWriter, floor, schemaVersion } = record
  const stored = await store.stream(room.universe, open.stream)
  const images = await store.images(room.universe)
  const image = images.at(-1)
  const isContinued = place === 'kept' && open.floorOffset <= (floor?.offset ?? 0)

  const channel = new RelayChannel({ context, link, room, open, rights })
  // The connection may have ended meanwhile; what it would leave behind, nobody would take away.
  if (link.isClosed) return unauthorized(room.universe)
  const isOwner = stored === undefined || stored.identity === link.identity
  room.join(channel, { isWriter: open.mode === 'replica' && isOwner })
  context.counters.channels += 1
  if (isContinued && open.mode === 'replica') room.noteCursor(open.stream, open.position.offset)
  const aware = open.mode === 'replica' ? room.awareness.statesFor(link.sessionId) : []
  if (open.mode === 'replica') room.awareness.join(channel)
  const { sessionId } = link
  const { stream } = open
  context.emit({ kind: 'opened', sessionId, universe: room.universe, stream, isContinued })
  return {
    channel,
    message: {
      type: 'opened',
      channel: open.channel,
      epoch,
      owner,
      head: room.head,
      isContinued,
      streamHead: stored && { stream, seq: stored.seq, hash: stored.hash },
      floor,
      image: image && {
        manifest: image.manifest,
        offset: image.offset,
        byteCount: image.byteCount,
      },
      rights,
      minWriter,
      wantsSchema: rights.write && open.mode === 'replica' && open.schemaVersion > schemaVersion,
      aware,
    },
  }
}

/**
 * `kept`: in the log, and what follows it is kept. `gone`: what follows it is not. `restored`: it proves
 * that the log was longer, or another, under the present epoch, or had an epoch that is unknown now.
 */
async function placeOf(
  { store }: RelayContext,
  room: Room,
  { epoch, offset, hash }: LogPosition,
): Promise<'kept' | 'gone' | 'restored'> {
  const { truncatedThrough, epoch: present, pastEpochs } = await room.facts()
  if (offset === 0) return truncatedThrough === 0 ? 'kept' : 'gone'
  const past = pastEpochs.find((each) => each.epoch === epoch)
  // Nobody reads of an epoch before it is durable: a restore has taken it away.
  if (epoch !== present && past === undefined) return room.isLost(epoch) ? 'gone' : 'restored'
  if (offset < truncatedThrough) return 'gone'
  const sharedThrough = past?.lastOffset ?? room.head
  const there: Hash | undefined =
    offset <= sharedThrough ? await store.hashAt(room.universe, offset) : undefined
  if (there === hash) return 'kept'
  return epoch === present ? 'restored' : 'gone'
}

function schemaFault(facts: UniverseRecord, open: Open): string | undefined {
  const { schemaVersion, schemaHash, minReader } = facts
  if (open.schemaVersion < minReader) {
    return `schema ${open.schemaVersion} may no longer read; ${minReader} may. Update the app`
  }
  if (open.schemaVersion === schemaVersion && open.schemaHash !== schemaHash) {
    return `schema ${schemaVersion} is another one here; raise the module's version with its tables`
  }
  return undefined
}

function unauthorized(universe: string): OpenRefusal {
  return { code: 'unauthorized', message: `the token does not open ${universe}` }
}
