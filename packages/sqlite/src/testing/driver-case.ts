import type { Driver } from '../driver.ts'

/** One place for one database, fresh for each case. */
export interface DriverHarness {
  /** Opens the database of this place; again after a close. */
  open(): Driver | Promise<Driver>
  /** True when a reopened database holds what the closed one held. */
  readonly isPersistent: boolean
  /** True when a running query is interrupted between rows too. */
  readonly interruptsWithinRows: boolean
  /** Puts an exported file in place of the (closed) database. */
  replace(chunks: Iterable<Uint8Array>): Promise<Driver>
  dispose(): void | Promise<void>
}

/** One behaviour. `run` throws where the driver does not have it, and disposes of the harness. */
export interface DriverCase {
  readonly title: string
  run(harness: DriverHarness): Promise<void>
}

/** A case whose body gets an opened driver; it is closed and the harness disposed of afterwards. */
export function driverCase(
  title: string,
  body: (driver: Driver, harness: DriverHarness) => void | Promise<void>,
): DriverCase {
  return {
    title,
    async run(harness) {
      try {
        const driver = await harness.open()
        try {
          await body(driver, harness)
        } finally {
          driver.close()
        }
      } finally {
        await harness.dispose()
      }
    },
  }
}
