/** [versions] What must hold of versions when a world has come to rest. engine/HISTORY.md. */
import { HISTORY_TABLES } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { Fail } from './invariants.ts'
import type { OpenedEntry } from './relay-log.ts'
import { type State, stateDifference, stateOf, type VersionLedger } from './version-ledger.ts'

/** Versions that somebody let go. */
export function droppedVersions(log: readonly OpenedEntry[]): ReadonlySet<string> {
  const operations = log.flatMap((entry) =>
    entry.kind === 'batch' ? entry.deltas.flatMap((delta) => delta.operations) : [],
  )
  const gone = operations.filter(
    ({ kind, table }) => kind === 'delete' && table === HISTORY_TABLES.version,
  )
  return new Set(gone.map(({ id }) => id))
}

/** One replica at rest. */
export interface VersionReader {
  readonly name: string
  readonly engine: Engine
  /** Versions that were named here, and are on this disk. */
  readonly own: ReadonlySet<string>
}

/**
 * On every replica a version is what its author saw, with the same digest; what a disk that is still there
 * has named can be read everywhere. `isLossy`: something was lost with good reason, or let go, which
 * contents may have been differences to.
 */
export function checkVersions(
  readers: readonly VersionReader[],
  { seen }: VersionLedger,
  isLossy: boolean,
  fail: Fail,
): void {
  const own = new Set(readers.flatMap((reader) => [...reader.own]))
  const first = new Map<string, { readonly state: State; readonly text: string }>()
  const ready = new Set<string>()
  for (const { name, engine } of readers) {
    for (const { id, state, digest, description } of engine.history.versions()) {
      const what = `${name}: version ${id} (${description})`
      if (state === 'ready') ready.add(id)
      const isExpected = state === 'ready' || (!isLossy && own.has(id))
      if (state === 'writing' || (state !== 'ready' && isExpected)) {
        fail('versions', `${what} is ${state}`)
      }
      if (state !== 'ready') continue
      const is = stateOf(engine.history.past(id), engine)
      const known = first.get(id) ?? { state: is, text: `${digest}` }
      first.set(id, known)
      const author = seen.get(id)
      const wrong = author && stateDifference(author, is)
      if (wrong !== undefined) fail('versions', `${what} is not what its author saw: ${wrong}`)
      const other = stateDifference(known.state, is)
      if (other !== undefined) fail('versions', `${what} is another elsewhere: ${other}`)
      if (known.text !== `${digest}`) fail('versions', `${what} has another digest elsewhere`)
    }
  }
  for (const { name, engine } of isLossy ? [] : readers) {
    for (const { id, state } of engine.history.versions()) {
      if (state === 'arriving' && ready.has(id)) {
        fail('versions', `${name}: version ${id} has not arrived, and has elsewhere`)
      }
    }
  }
}
