/**
 * Connections that an earlier host left open: its tab or the whole browser died. One whose tab lives
 * on is kept until that tab comes back; the others are told of.
 */
import type { Connection } from '@inner-universe/engine'

/** What the register of leftover connections is made of. */
export interface LeftoversOptions {
  /** Calls back when a connection's tab is gone; returns the end of the watch. */
  readonly watchPresence: (connectionId: string, onGone: () => void) => () => void
  readonly onGone: (connection: Connection) => void
}

/** The connections that wait for their tab. */
export class Leftovers {
  readonly #options: LeftoversOptions
  readonly #watches = new Map<string, () => void>()

  constructor(options: LeftoversOptions) {
    this.#options = options
  }

  /** Waits for the tabs of these connections, and of no others any more. */
  replace(connections: readonly Connection[]): void {
    this.clear()
    for (const connection of connections) {
      const { connectionId } = connection
      const stopWatching = this.#options.watchPresence(connectionId, () => {
        // The tab may have come back, or the database been replaced, just before.
        if (this.#watches.get(connectionId) !== stopWatching) return
        this.#watches.delete(connectionId)
        this.#options.onGone(connection)
      })
      this.#watches.set(connectionId, stopWatching)
    }
  }

  /** The tab of a connection is back; false when nothing waited for it. */
  take(connectionId: string): boolean {
    this.#watches.get(connectionId)?.()
    return this.#watches.delete(connectionId)
  }

  /** Waits for none any more. */
  clear(): void {
    for (const stopWatching of this.#watches.values()) stopWatching()
    this.#watches.clear()
  }
}
