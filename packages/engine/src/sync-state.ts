/** How far this file has read the relay's log. STORAGE.md SY1. */
import { type Base, type LogPosition, NO_EPOCH, ZERO_HASH } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { readMeta, writeMeta } from './meta.ts'

/** The last floor taken in. */
export interface FloorMark {
  readonly offset: number
  readonly baseOffset: number
  readonly hlc: number
}

const NOTHING_READ: LogPosition = { epoch: NO_EPOCH, offset: 0, hash: ZERO_HASH }

/** Held in memory and written through. After a rollback call {@link SyncState.reload}. */
export class SyncState {
  readonly #driver: Driver
  #position: LogPosition = NOTHING_READ
  #hasLost = false
  #floor: FloorMark | undefined

  constructor(driver: Driver) {
    this.#driver = driver
    this.reload()
  }

  /** Reads it anew. */
  reload(): void {
    const position = readMeta(this.#driver, 'position')
    const floor = readMeta(this.#driver, 'floor')
    this.#hasLost = readMeta(this.#driver, 'lost') !== undefined
    this.#position = position === undefined ? NOTHING_READ : (JSON.parse(position) as LogPosition)
    this.#floor = floor === undefined ? undefined : (JSON.parse(floor) as FloorMark)
  }

  get position(): LogPosition {
    return this.#position
  }

  get floor(): FloorMark | undefined {
    return this.#floor
  }

  /** What deltas written now are based on; undefined: no relay's log was ever read. */
  get base(): Base | undefined {
    return this.#position.epoch === NO_EPOCH ? undefined : this.#position
  }

  /** Whether a relay ever lost what it had acknowledged, to this file or to one that it took over from. */
  get hasLost(): boolean {
    return this.#hasLost
  }

  /** Moves the position, in the transaction of what was read. */
  setPosition({ epoch, offset, hash }: LogPosition): void {
    this.#position = { epoch, offset, hash }
    writeMeta(this.#driver, 'position', JSON.stringify(this.#position))
  }

  /** Notes that a relay lost something, in the transaction that makes it pending again. */
  noteLost(): void {
    this.#hasLost = true
    writeMeta(this.#driver, 'lost', 'true')
  }

  /** Notes a floor, in the transaction that takes it in. */
  setFloor({ offset, baseOffset, hlc }: FloorMark): void {
    this.#floor = { offset, baseOffset, hlc }
    writeMeta(this.#driver, 'floor', JSON.stringify(this.#floor))
  }
}
