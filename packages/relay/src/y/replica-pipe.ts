/** Connections between a replica and a relay of one process. */
import type { Connect, Connection, ConnectionEvents, Scheduler } from '@inner-universe/sync'

/** The relay's side of a connection: open from the start. */
export type Accept = (connection: Connection) => Pick<ConnectionEvents, 'onMessage' | 'onClose'>

/** Connects to what `accept` takes. Everything happens in timers, in order, never within a call. */
export function connectWithin(scheduler: Scheduler, accept: Accept): Connect {
  return (near) => {
    const ends = { near: createEnd(scheduler), far: createEnd(scheduler) }
    const close = (self: End, other: End): void => {
      self.isClosing = true
      self.tell('close')
      other.tell('close')
    }
    ends.near.events = near
    ends.far.events = accept({
      send: (bytes) => ends.near.tell(bytes),
      bufferedBytes: () => 0,
      close: () => close(ends.far, ends.near),
    })
    scheduler.setTimer(0, () => {
      if (!ends.near.isClosing) near.onOpen()
    })
    return {
      send: (bytes) => ends.far.tell(bytes),
      bufferedBytes: () => 0,
      close: () => close(ends.near, ends.far),
    }
  }
}

/** One end: what it is told, it is told in order, until it is told of the end. */
interface End {
  events: Pick<ConnectionEvents, 'onMessage' | 'onClose'> | undefined
  /** It has closed the connection: no more messages. */
  isClosing: boolean
  tell(what: Uint8Array | 'close'): void
}

function createEnd(scheduler: Scheduler): End {
  let isClosed = false
  const end: End = {
    events: undefined,
    isClosing: false,
    tell(what) {
      const told = what === 'close' ? what : what.slice()
      scheduler.setTimer(0, () => {
        if (isClosed) return
        if (told === 'close') {
          isClosed = true
          end.events?.onClose()
        } else if (!end.isClosing) {
          end.events?.onMessage(told)
        }
      })
    },
  }
  return end
}
