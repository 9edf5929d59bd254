/**
 * The network between replicas and the relay: messages of one direction keep their order while a
 * connection lasts, and everything else may happen to them.
 */
import type { Random } from '@inner-universe/core'
import type { Connect, Connection, ConnectionEvents } from '@inner-universe/sync'
import type { VirtualTime } from './virtual-time.ts'

/** The relay's end of a new connection; undefined: nobody listens. */
export type Accept = (connection: Connection) => AcceptedEvents | undefined

/** What the relay is told of a connection. */
export type AcceptedEvents = Pick<ConnectionEvents, 'onMessage' | 'onClose'>

/** The line of one node to the relay. All its connections go over it. */
export interface Line {
  readonly connect: Connect
  /** Breaks the connections, losing what is under way. Both ends learn of it. */
  drop(): void
  /** Nothing gets through any more and neither end learns of it. */
  halfOpen(): void
  /** Cut: connections go half-open and new ones fail after a while. */
  setCut(isCut: boolean): void
  /** The node has died: its ends fall silent, the relay's learn of it now or, half-open, never. */
  die(isSilent: boolean): void
  /** The relay has died: so do its ends. */
  relayDied(isSilent: boolean): void
  /** Adds to the delay of every message. */
  extraDelayMs: number
  /** Messages delivered so far. */
  messageCount(): number
}

interface Link {
  isAlive: boolean
  isMute: boolean
  tellReplica(): void
  tellRelay(): void
}

/** How long a connection that cannot be made takes to fail, ms. */
const CONNECT_FAILS_MS = 200

/** Creates a node's line. Delays are drawn from its own randomness. */
export function createLine(time: VirtualTime, random: Random, accept: Accept): Line {
  const links = new Set<Link>()
  let isCut = false
  let messageCount = 0
  /** Lives of either end so far: the dead are told nothing. */
  let replicaLife = 0
  let relayLife = 0

  const delay = (): number => {
    const base = 1 + Math.floor(random.next() * 20)
    return base + (random.next() < 0.05 ? random.integer(50, 400) : 0) + line.extraDelayMs
  }

  const connect: Connect = (replica) => {
    let relay: AcceptedEvents | undefined
    let isReplicaTold = false
    let isRelayTold = false
    const bornReplica = replicaLife
    const bornRelay = relayLife
    const isReplicaDead = (): boolean => bornReplica !== replicaLife
    const isRelayDead = (): boolean => bornRelay !== relayLife
    const link: Link = {
      isAlive: true,
      isMute: false,
      tellReplica() {
        if (isReplicaTold) return
        isReplicaTold = true
        time.after(0, () => {
          if (!isReplicaDead()) replica.onClose()
        })
      },
      tellRelay() {
        if (isRelayTold) return
        isRelayTold = true
        time.after(0, () => {
          if (!isRelayDead()) relay?.onClose()
        })
      },
    }
    links.add(link)
    const lane = (arrive: (bytes: Uint8Array) => void) => {
      let lastMs = 0
      return (bytes: Uint8Array | undefined, closed?: () => void) => {
        const copy = bytes?.slice()
        lastMs = Math.max(lastMs, time.elapsedMs() + delay())
        time.after(lastMs - time.elapsedMs(), () => {
          if (!link.isAlive || link.isMute) return
          if (copy === undefined) closed?.()
          else {
            messageCount += 1
            arrive(copy)
          }
        })
      }
    }
    const toRelay = lane((bytes) => {
      if (!isRelayTold && !isRelayDead()) relay?.onMessage(bytes)
    })
    const toReplica = lane((bytes) => {
      if (!isReplicaTold && !isReplicaDead()) replica.onMessage(bytes)
    })
    // The side that closes is told at once; the other when all that was sent before has arrived.
    const replicaEnd: Connection = {
      send(bytes) {
        if (!isReplicaTold) toRelay(bytes)
      },
      bufferedBytes: () => 0,
      close() {
        if (isReplicaTold) return
        link.tellReplica()
        toRelay(undefined, () => {
          link.tellRelay()
          links.delete(link)
        })
      },
    }
    const relayEnd: Connection = {
      send(bytes) {
        if (!isRelayTold) toReplica(bytes)
      },
      bufferedBytes: () => 0,
      close() {
        if (isRelayTold) return
        link.tellRelay()
        toReplica(undefined, () => {
          link.tellReplica()
          links.delete(link)
        })
      },
    }
    const fail = (): void => {
      link.isAlive = false
      links.delete(link)
      link.tellReplica()
    }
    time.after(isCut ? CONNECT_FAILS_MS : delay(), () => {
      if (!link.isAlive || isReplicaTold || isReplicaDead()) return
      if (isCut || link.isMute) return fail()
      relay = accept(relayEnd)
      if (relay === undefined) return fail()
      replica.onOpen()
    })
    return replicaEnd
  }

  const breakAll = (tell: (link: Link) => void): void => {
    for (const link of links) {
      link.isAlive = false
      tell(link)
    }
    links.clear()
  }

  const line: Line = {
    connect,
    drop: () =>
      breakAll((link) => {
        link.tellReplica()
        link.tellRelay()
      }),
    halfOpen() {
      for (const link of links) link.isMute = true
    },
    setCut(value) {
      isCut = value
      if (value) line.halfOpen()
    },
    die(isSilent) {
      replicaLife += 1
      breakAll((link) => {
        if (!isSilent) link.tellRelay()
      })
    },
    relayDied(isSilent) {
      relayLife += 1
      breakAll((link) => {
        if (!isSilent) link.tellReplica()
      })
    },
    extraDelayMs: 0,
    messageCount: () => messageCount,
  }
  return line
}
