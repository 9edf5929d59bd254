/** Connections in memory, with delays and faults that a test decides. */
import type { Connect, Connection, ConnectionEvents, Scheduler } from '../transport.ts'

/** The relay's end of a connection: it is open from the start. */
export type AcceptedEvents = Pick<ConnectionEvents, 'onMessage' | 'onClose'>

/** What a pipe needs. */
export interface PipeOptions {
  readonly scheduler: Scheduler
  /** The far end: called once per connection, when it has been set up. */
  readonly accept: (connection: Connection) => AcceptedEvents
  /** Of each message, ms; messages of one direction never overtake each other. 0 by default. */
  readonly delayMs?: () => number
}

/** A network between one far end and any number of near ends. */
export interface Pipe {
  readonly connect: Connect
  /** Down: connections break at once with all that is under way, and new ones fail. */
  setUp(isUp: boolean): void
  /** Breaks every connection, losing what is under way; new ones may be made. */
  sever(): void
  /** Held: nothing reaches the near ends; what is sent to them piles up in `bufferedBytes`. */
  hold(isHeld: boolean): void
  /** Connections that are open or opening. */
  connectionCount(): number
  /** Bytes delivered so far, by direction. */
  readonly bytes: { readonly toFar: number; readonly toNear: number }
}

/** Creates a pipe. Everything happens in timers of the scheduler, never within a call. */
export function pipe(options: PipeOptions): Pipe {
  const { scheduler, delayMs = () => 0 } = options
  const links = new Set<Link>()
  const bytes = { toFar: 0, toNear: 0 }
  let isUp = true
  let isHeld = false

  const connect: Connect = (near) => {
    const toFar = createLane(scheduler, delayMs, () => false)
    const toNear = createLane(scheduler, delayMs, () => isHeld)
    let far: AcceptedEvents | undefined
    let isClosed = false
    const end = (told: readonly (() => void)[]): void => {
      if (isClosed) return
      isClosed = true
      links.delete(link)
      toFar.stop()
      toNear.stop()
      for (const tell of told) scheduler.setTimer(0, tell)
    }
    const tellNear = (): void => near.onClose()
    const tellFar = (): void => far?.onClose()
    const link: Link = { sever: () => end([tellNear, tellFar]), release: () => toNear.release() }
    // The side that closes is told of it at once; the other when all that was sent has arrived.
    const nearEnd = endOf(toFar, {
      deliver: (message) => {
        bytes.toFar += message.length
        far?.onMessage(message)
      },
      closed: () => {
        tellFar()
        end([])
      },
      isClosed: () => isClosed,
      tellSelf: () => scheduler.setTimer(0, tellNear),
      stopOther: () => toNear.stop(),
    })
    const farEnd = endOf(toNear, {
      deliver: (message) => {
        bytes.toNear += message.length
        near.onMessage(message)
      },
      closed: () => {
        tellNear()
        end([])
      },
      isClosed: () => isClosed,
      tellSelf: () => scheduler.setTimer(0, tellFar),
      stopOther: () => toFar.stop(),
    })
    links.add(link)
    if (!isUp) {
      end([tellNear])
      return nearEnd
    }
    scheduler.setTimer(delayMs(), () => {
      if (isClosed || nearEnd.isEnding()) return
      far = options.accept(farEnd)
      near.onOpen()
    })
    return nearEnd
  }

  const sever = (): void => {
    for (const link of [...links]) link.sever()
  }
  return {
    connect,
    setUp(value) {
      isUp = value
      if (!value) sever()
    },
    sever,
    hold(value) {
      isHeld = value
      if (!value) for (const link of links) link.release()
    },
    connectionCount: () => links.size,
    bytes,
  }
}

interface Link {
  sever(): void
  release(): void
}

/** What one end does to the lane it writes and to the rest of the link. */
interface Ending {
  readonly deliver: (message: Uint8Array) => void
  readonly closed: () => void
  readonly isClosed: () => boolean
  readonly tellSelf: () => void
  readonly stopOther: () => void
}

function endOf(lane: Lane, ending: Ending): Connection & { isEnding(): boolean } {
  let isEnding = false
  return {
    send(message) {
      if (isEnding || ending.isClosed()) return
      const copy = message.slice()
      lane.put(copy.length, () => ending.deliver(copy))
    },
    bufferedBytes: () => lane.heldBytes(),
    close() {
      if (isEnding || ending.isClosed()) return
      isEnding = true
      ending.stopOther()
      ending.tellSelf()
      lane.put(0, ending.closed)
    },
    isEnding: () => isEnding,
  }
}

/** One direction of a connection: first in, first out. */
interface Lane {
  put(byteCount: number, run: () => void): void
  release(): void
  heldBytes(): number
  stop(): void
}

function createLane(scheduler: Scheduler, delayMs: () => number, isHeld: () => boolean): Lane {
  const waiting: { readonly byteCount: number; readonly run: () => void; isDue: boolean }[] = []
  let isStopped = false
  const flow = (): void => {
    while (!isStopped && waiting[0]?.isDue && !isHeld()) waiting.shift()?.run()
  }
  return {
    put(byteCount, run) {
      if (isStopped) return
      const item = { byteCount, run, isDue: false }
      waiting.push(item)
      scheduler.setTimer(delayMs(), () => {
        item.isDue = true
        flow()
      })
    },
    release: () => {
      scheduler.setTimer(0, flow)
    },
    heldBytes: () =>
      isHeld() ? waiting.reduce((total, { byteCount }) => total + byteCount, 0) : 0,
    stop() {
      isStopped = true
      waiting.length = 0
    },
  }
}
