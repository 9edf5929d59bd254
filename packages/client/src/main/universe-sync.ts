/** The sync of a universe as an app holds it, over its session. */
import type { Session } from './session.ts'
import type { UniverseSync } from './universe.ts'

/** `universe.sync`. `check` throws when the universe was closed. */
export function universeSync(session: Session, check: () => void): UniverseSync {
  const { sync } = session
  return {
    get status() {
      return sync.status
    },
    onStatus: (listener) => sync.onStatus(listener),
    pause: () => {
      check()
      sync.setPaused(true)
    },
    resume: () => {
      check()
      sync.setPaused(false)
    },
    presence: sync.presence,
    conflicts: async () => {
      check()
      return session.command((commands) => commands.conflicts())
    },
    onConflicts: (listener) => sync.onConflicts(listener),
    dismissConflicts: async (conflictIds) => {
      check()
      await session.command((commands) => commands.dismissConflicts(conflictIds))
    },
  }
}
