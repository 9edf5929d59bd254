/**
 * How tabs find the leader's worker: names of locks and channels, and what is said aloud.
 *
 * Everything here is heard by all tabs of the origin. A tab without a link asks (`seek`); the
 * worker of the leader answers (`leader`), also unasked when it has opened the database. The worker
 * answers, not its page, because a page may be frozen or busy.
 */

/** Said aloud by pages (`seek`, `stuck`) and by the leader's worker (`leader`). */
export type Announcement =
  /** Who leads? */
  | { readonly kind: 'seek' }
  /** A call has waited too long: the leader's page should look after its worker. */
  | { readonly kind: 'stuck' }
  | {
      readonly kind: 'leader'
      /** New with every opening of the database. */
      readonly leaderId: string
      /** Script URL of the SharedWorker that introduces; null: none to be had; undefined: ask. */
      readonly brokerUrl: string | null | undefined
    }

/** The announcement, or undefined for what is none (another release of the app may talk here too). */
export function parseAnnouncement(value: unknown): Announcement | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, leaderId, brokerUrl } = value as Readonly<Record<string, unknown>>
  if (kind === 'seek' || kind === 'stuck') return { kind }
  if (kind !== 'leader' || typeof leaderId !== 'string') return undefined
  if (typeof brokerUrl !== 'string' && brokerUrl !== null && brokerUrl !== undefined)
    return undefined
  return { kind, leaderId, brokerUrl }
}

/** The lock whose holder leads. */
export function leaderLock(name: string): string {
  return `inner-universe:${name}`
}

/** The lock a client holds as long as it lives. */
export function presenceLock(name: string, clientId: string): string {
  return `inner-universe:${name}:${clientId}`
}

/** The lock a leader's worker holds as long as it lives. */
export function workerLock(leaderId: string): string {
  return `inner-universe:worker:${leaderId}`
}

/** The channel of announcements. */
export function announcementChannel(name: string): string {
  return `inner-universe:${name}`
}

/** The channel of a leader's broadcast links. */
export function broadcastLinkChannel(leaderId: string): string {
  return `inner-universe:link:${leaderId}`
}

/** Where in OPFS a universe has its files. */
export function universeDirectory(name: string): string {
  return `${UNIVERSES_DIRECTORY}/${directoryName(name)}`
}

/** Where in OPFS a file is checked before it takes a universe's place. */
export function stagingDirectory(name: string): string {
  return `inner-universe-imports/${directoryName(name)}`
}

/** The OPFS directory of all universes. */
export const UNIVERSES_DIRECTORY = 'inner-universe'

function directoryName(name: string): string {
  // A dot alone, or two, would be another directory; a slash a deeper one.
  return encodeURIComponent(name).replaceAll('.', '%2E')
}

/** The universe of a directory name. */
export function universeName(directory: string): string {
  return decodeURIComponent(directory)
}
