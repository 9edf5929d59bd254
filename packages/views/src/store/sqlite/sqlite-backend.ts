import type { Driver } from '@inner-universe/sqlite'
import type { Circuit, Deltas } from '../../circuit.ts'
import type { BatchBackend } from '../timed-runs.ts'
import type { StoreStatus, Time } from '../view-store.ts'
import { tryBegin } from './begin.ts'
import { readStatus } from './sqlite-cache.ts'
import { addSkipped, removeSkipped, rereadRecord } from './sqlite-record.ts'
import type { SqliteState } from './sqlite-state.ts'

/** What a batch needs of a SQLite database. */
export interface SqliteBackendOptions {
  readonly driver: Driver
  readonly view: string
  readonly state: SqliteState
  readonly circuit: Circuit
}

/** Batches over a {@link SqliteState}. */
export class SqliteBackend implements BatchBackend {
  readonly #driver: Driver
  readonly #view: string
  readonly #state: SqliteState
  readonly #circuit: Circuit

  constructor({ driver, view, state, circuit }: SqliteBackendOptions) {
    this.#driver = driver
    this.#view = view
    this.#state = state
    this.#circuit = circuit
  }

  async inputTime(): Promise<number> {
    return rereadRecord(this.#driver, this.#view)?.inputTime ?? -1
  }

  async begin(): Promise<boolean> {
    if (!tryBegin(this.#driver)) return false
    try {
      this.#state.refresh()
      return true
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  async step(inputs: Deltas, time: Time | undefined): Promise<Deltas> {
    const outputs = this.#circuit.step(inputs)
    if (time === undefined) this.#state.flush()
    else {
      const { inputTime, frontier } = time
      const known = this.#state.record?.inputTime ?? -1
      this.#state.flush({ inputTime: Math.max(known, inputTime), frontier })
      // It may have been skipped before: a later one has not.
      if (inputTime <= known) removeSkipped(this.#driver, this.#view, inputTime)
    }
    return outputs
  }

  async commit(): Promise<void> {
    try {
      this.#driver.exec('COMMIT')
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  async rollback(): Promise<void> {
    const driver = this.#driver
    if (!driver.isOpen || !driver.isInTransaction) return
    driver.exec('ROLLBACK')
    this.#state.discard()
  }

  async skip(inputTimes: readonly number[]): Promise<void> {
    const known = this.#state.record?.inputTime ?? -1
    this.#state.flush({ inputTime: Math.max(known, ...inputTimes) })
    for (const inputTime of inputTimes) addSkipped(this.#driver, this.#view, inputTime)
    await this.commit()
  }

  async status(): Promise<StoreStatus> {
    return readStatus(this.#driver, this.#view)
  }

  async close(): Promise<void> {
    // The driver is the caller's.
  }
}
