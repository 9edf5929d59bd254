/** The universes in use: each has one room, and a room goes when nobody uses it. */
import type { RelayContext } from './relay-context.ts'
import { Room } from './room.ts'

/** How long a room stays after its last use, ms: devices come back after a break in the network. */
const IDLE_MS = 60_000

/** How often cursors are written, ms: they only bound what may be forgotten days later. */
const CURSORS_MS = 5000

/** The rooms of one relay. */
export class Rooms {
  readonly #context: RelayContext
  readonly #rooms = new Map<string, Promise<Room>>()
  #isSweeping = false

  constructor(context: RelayContext) {
    this.#context = context
  }

  /** The room of a universe that is there. @throws UniverseError of the store. */
  get(universe: string): Promise<Room> {
    const known = this.#rooms.get(universe)
    if (known !== undefined) return known
    const room = Room.load(this.#context, universe)
    this.#rooms.set(universe, room)
    this.#context.counters.universes = this.#rooms.size
    room.catch(() => this.#forget(universe))
    this.#sweepLater()
    return room
  }

  /** Writes all cursors noted so far. @throws UniverseError of the store. */
  async keepCursors(): Promise<void> {
    for (const room of [...this.#rooms.values()]) await (await room).keepCursors()
  }

  /** Resolves when everything accepted is durable, or has failed. */
  async settle(): Promise<void> {
    for (const room of [...this.#rooms.values()]) await (await room).settle()
  }

  #sweepLater(): void {
    if (this.#isSweeping) return
    this.#isSweeping = true
    this.#context.scheduler.setTimer(CURSORS_MS, () => {
      void this.#sweep().finally(() => {
        this.#isSweeping = false
        if (this.#rooms.size > 0) this.#sweepLater()
      })
    })
  }

  async #sweep(): Promise<void> {
    for (const [universe, loading] of [...this.#rooms]) {
      try {
        const room = await loading
        await room.keepCursors()
        if (room.idleSince + IDLE_MS <= this.#context.scheduler.now()) this.#forget(universe)
      } catch (error) {
        this.#context.emit({ kind: 'storage-failed', action: 'cursors', error })
      }
    }
  }

  #forget(universe: string): void {
    this.#rooms.delete(universe)
    this.#context.counters.universes = this.#rooms.size
  }
}
