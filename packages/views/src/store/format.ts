/** What the stores in databases have in common: their format, names, and the record of a view. */
import { bytesToHex, sha256, UniverseError } from '@inner-universe/core'
import type { StateName } from '../state.ts'

/** Of tables and values. Stores of a higher format are refused, of a lower one built anew. */
export const STORE_FORMAT = 1

/** What a piece of state is. */
export type PieceKind = 'bag' | 'ordered' | 'cells'

/** Whether the state holds all inputs up to its time, or is still being filled. */
export type ViewPhase = 'filling' | 'ready'

/** What decides whether stored state may be read. */
export interface ViewIdentity {
  readonly definitionHash: string
  /** Of the module whose tables the view reads; 0 where there is none. */
  readonly schemaVersion: number
}

/** What a database knows of a view besides its state. */
export interface ViewRecord extends ViewIdentity {
  readonly format: number
  readonly phase: ViewPhase
  /** See `StoreStatus`. */
  readonly inputTime: number
  readonly frontier: number
  /** Flushes so far: tells one process that another has written. */
  readonly flushes: number
  /** Digest of the state, 16 hex digits. See `digest.ts`. */
  readonly digest: string
}

/** Whether a record's state is that of a definition. */
export function isSameView(record: ViewIdentity, identity: ViewIdentity): boolean {
  return (
    record.definitionHash === identity.definitionHash &&
    record.schemaVersion === identity.schemaVersion
  )
}

/**
 * The name of the table of one piece of state: readable beginnings of both names, and what tells it
 * from all others. At most 60 characters, as Postgres wants; lower case, as both want.
 */
export function pieceTable(view: string, piece: StateName): string {
  const hash = bytesToHex(sha256(new TextEncoder().encode(`${view}\n${piece}`)).subarray(0, 6))
  return `_v_${readable(view)}_${readable(piece)}_${hash}`
}

function readable(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 20)
}

/** Refuses names that no store takes. Throws `views/invalid-graph`. */
export function checkViewName(view: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(view)) return
  throw new UniverseError(
    'views/invalid-graph',
    `"${view}" is no name of a view; use 1 to 64 of A–Z, a–z, 0–9, _ and -`,
  )
}

/** Refuses state of a format that this version does not know. Throws `views/store-too-new`. */
export function checkFormat(view: string, format: number): void {
  if (format <= STORE_FORMAT) return
  throw new UniverseError(
    'views/store-too-new',
    `the state of the view ${view} has format ${format}, this version knows ${STORE_FORMAT}; update`,
    { details: { view, format, known: STORE_FORMAT } },
  )
}

/** The error for state that is not of the graph that it is opened with. */
export function storeChanged(view: string): UniverseError {
  return new UniverseError(
    'views/store-changed',
    `the state of the view ${view} belongs to another definition; open it with \`rebuild\`, or under another name`,
    { details: { view } },
  )
}

/** The error for state that was not written by us, or not like this. */
export function storeCorrupt(view: string, what: string, cause?: unknown): UniverseError {
  return new UniverseError(
    'views/store-corrupt',
    `the state of the view ${view} is damaged: ${what}; open it with \`rebuild\``,
    { details: { view, reason: what }, cause },
  )
}

/** The error for a view that is not there yet. */
export function notReady(view: string): UniverseError {
  return new UniverseError(
    'views/not-ready',
    `there is no state of the view ${view} yet; open its store first, and wait until it is filled`,
    { details: { view } },
  )
}

/** The error for a piece of state that a view does not have. */
export function unknownPiece(name: StateName): UniverseError {
  return new UniverseError(
    'views/invalid-graph',
    `the view keeps no state called ${name}; give the path of a stream (see \`named\`) and the part`,
    { details: { name } },
  )
}
