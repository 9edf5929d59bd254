/**
 * Own versions that nobody else can take in: what their contents are the difference to was let go by somebody who
 * did not know of them. HISTORY.md HI52.
 */
import type { Marker } from './markers.ts'
import type { VersionKeeper } from './version-keeper.ts'

/** One whose state is here. Cost: one look at each version. */
export function nextOrphan({ rows, markers, wired, isMade }: VersionKeeper): Marker | undefined {
  if (!isMade) return undefined
  const own = new Set<string>(wired.parts.streams.own().map(({ id }) => id))
  return rows.withoutBasis().flatMap(({ id, cut }) => {
    const marker = markers.of(id)
    // Whoever named it writes it: others would do so twice.
    const [, , , stream = ''] = cut.split('.')
    return marker?.state === 'ready' && own.has(stream) ? [marker] : []
  })[0]
}

/** Has its content written once more, as the difference to what is there now. */
export function writeAnew({ markers }: VersionKeeper, { marker }: Marker): void {
  markers.change(marker, {
    state: 'writing',
    content: undefined,
    basis: undefined,
    digest: undefined,
    rowCount: 0,
    cursor: undefined,
  })
}
