import { isUniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'

/** Opens a transaction that writes; false while another process has one. */
export function tryBegin(driver: Driver): boolean {
  try {
    driver.prepare('BEGIN IMMEDIATE').run()
    return true
  } catch (error) {
    if (isUniverseError(error, 'storage/locked')) return false
    throw error
  }
}
