/** What there is to do for versions in idle time, a slice at a time. HISTORY.md HI7–HI9. */
import { HISTORY_CHUNK_ROWS } from '@inner-universe/core'
import { beginIntake, nextArrival, takeSlice } from './content-intake.ts'
import { writeChunk } from './content-writer.ts'
import { importSlice } from './import-versions.ts'
import type { Marker, MarkerState } from './markers.ts'
import { nextOrphan, writeAnew } from './orphan.ts'
import { retireSlice } from './retention.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** Does one slice; false when there was nothing to do. Each slice is a transaction of its own. */
export function fillSlice(keeper: VersionKeeper): boolean {
  if (keeper.isIdle) return false
  const { transactions } = keeper.wired
  const inTransaction = (body: () => void) => {
    transactions.merge(body)
    return true
  }
  // Order matters: contents are written before others are taken in, as others wait for them.
  const dropped = oldest(keeper, 'dropping')
  if (dropped !== undefined) return inTransaction(() => passOn(keeper, dropped))
  if (writeSlice(keeper)) return true
  const filled = oldest(keeper, 'filling')
  if (filled !== undefined) return inTransaction(() => takeSlice(keeper, filled))
  const arrival = nextArrival(keeper)
  if (arrival !== undefined) return inTransaction(() => beginIntake(keeper, arrival))
  if (importSlice(keeper) || retireSlice(keeper)) return true
  const orphan = nextOrphan(keeper)
  if (orphan !== undefined) return inTransaction(() => writeAnew(keeper, orphan))
  keeper.isIdle = true
  return false
}

/** Writes one chunk of an own version's content; false when all are written. */
export function writeSlice(keeper: VersionKeeper): boolean {
  const written = oldest(keeper, 'writing')
  if (written === undefined) return false
  writeChunk(keeper, written)
  return true
}

function oldest(keeper: VersionKeeper, state: MarkerState): Marker | undefined {
  if (keeper.last === undefined) return undefined
  return keeper.markers.all.find((one) => one.state === state)
}

/** Gives entries of a marker to the one before it; when none are left, the marker goes. */
function passOn({ markers, past }: VersionKeeper, { marker }: Marker): void {
  const before = markers.before(marker)
  let left = HISTORY_CHUNK_ROWS
  for (const rows of past.values()) {
    left -= rows.passOn(marker, before, left)
    if (left <= 0) return
  }
  markers.remove(marker)
}
