/** Wires the relay's half together: connections, rooms, and the one queue of appends. */
import { createRelayContext } from './relay-context.ts'
import type { RelaySide, RelaySideOptions } from './relay-options.ts'
import { RelaySession } from './relay-session.ts'
import { Rooms } from './rooms.ts'

/** Replicas come back spread over this time when a relay ends, ms. */
const RETURN_SPREAD_MS = 2000

/** Creates the relay's half of the protocol. It does nothing until a connection is accepted. */
export function createRelaySide(options: RelaySideOptions): RelaySide {
  const listeners = new Set<(universe: string, head: number) => void>()
  const sessions = new Set<RelaySession>()
  const context = createRelayContext(options, (universe, head) => {
    for (const listener of listeners) listener(universe, head)
  })
  const rooms = new Rooms(context)
  const { counters, sessionLimits } = context
  let isShuttingDown = false

  const sayGoingDown = (session: RelaySession): void => {
    const random = Number.parseInt(context.randomHex(4), 16) / 2 ** 32
    const retryAfterMs = Math.floor(random * RETURN_SPREAD_MS)
    session.bye('shutting-down', 'the relay is going down', retryAfterMs)
  }
  return {
    counters,
    accept(connection) {
      const session = new RelaySession(context, rooms, connection, (closed) => {
        sessions.delete(closed)
        counters.connections = sessions.size
      })
      sessions.add(session)
      counters.connections = sessions.size
      if (isShuttingDown) {
        sayGoingDown(session)
      } else if (counters.connections - counters.sessions > sessionLimits.unauthenticatedMax) {
        session.bye('rate', 'too many connections have not said hello', RETURN_SPREAD_MS)
      }
      return {
        onMessage(bytes) {
          if (!isShuttingDown) session.receive(bytes)
        },
        onClose: () => session.closed(),
      }
    },
    revoke(isRevoked) {
      for (const session of [...sessions]) session.revoke(isRevoked)
    },
    async appendFloor(universe, floor, ifHead) {
      const room = await rooms.get(universe)
      return room.appendFloor(floor, ifHead)
    },
    async truncate(universe, throughOffset, entriesMax) {
      const room = await rooms.get(universe)
      let leftCount = 0
      await room.run(() =>
        room.change(async () => {
          leftCount = await context.store.truncate(universe, throughOffset, entriesMax)
        }),
      )
      return leftCount
    },
    onAppended(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    keepCursors: () => rooms.keepCursors(),
    async shutdown() {
      isShuttingDown = true
      await rooms.settle()
      for (const session of [...sessions]) sayGoingDown(session)
      await rooms.keepCursors()
    },
  }
}
