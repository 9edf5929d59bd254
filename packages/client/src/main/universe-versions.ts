/**
 * `universe.versions`: named states of the universe. Loaded when first used: what it shared with the page's own
 * code would be a script more for every page.
 *
 * Whatever writes is a call of a reducer `history:…`; whatever reads is a read of its own kind.
 */
import {
  COMMIT_VERSION_REDUCER,
  DROP_REDUCER,
  IMPORT_REDUCER,
  MERGE_REDUCER,
  MERGE_VERSIONS_REDUCER,
  NAME_REDUCER,
  RETAIN_REDUCER,
  REVERT_REDUCER,
  UNNAME_REDUCER,
  UniverseError,
} from '@inner-universe/core'
import type { Arrival, KnownVersions } from '../rpc/contract.ts'
import { HISTORY_STATES } from '../rpc/history-states.ts'
import { type FollowOptions, followVersion } from './follow-version.ts'
import { findVersion, headsOf, historyOf, requireVersion } from './known-versions.ts'
import { type AskHistory, createPastUniverse, type VersionsParts } from './past-universe.ts'
import type { SizedCallOptions } from './pending-calls.ts'
import { openDraft } from './version-draft.ts'
import type {
  FollowState,
  MergeOutcome,
  RowDifference,
  Version,
  Versions,
  VersionWaitOptions,
  WriteOutcome,
} from './versions.ts'

/** Largest export that is imported, in bytes: it crosses as one, and is read as one. */
const HISTORY_IMPORT_BYTES_MAX: number = 256 * 1024 * 1024

/** Differences given at once unless it is told otherwise. */
const DIFF_ROWS = 1_000

/** The versions, over a session. */
export function createVersions(parts: VersionsParts): Versions {
  const { session, check } = parts
  const { module } = session.options
  const ask: AskHistory = async (request, options) => {
    check()
    return session.reads.read({ kind: 'history', request }, options)
  }
  const call = async (
    reducer: string,
    args: object,
    options?: SizedCallOptions,
  ): Promise<unknown> => {
    check()
    if (module.versions) return session.calls.call(reducer, args, options)
    // Said here, as the worker would say that there is no such reducer.
    throw new UniverseError(
      'history/not-configured',
      `module "${module.name}" keeps no versions; define it with \`versions: true\``,
    )
  }
  const known = async (): Promise<KnownVersions> =>
    (await ask({ kind: 'versions' })) as KnownVersions
  const find = async (target: string): Promise<Version> => requireVersion(await known(), target)
  const idsOf = async (targets: readonly string[]): Promise<readonly string[]> => {
    const all = await known()
    return targets.map((target) => requireVersion(all, target).id)
  }
  const hidden = Object.keys(module.tables).filter(
    (table) => module.tables[table]?.definition.isHistory,
  )
  const onChange = (listener: () => void): (() => void) =>
    session.changes.add([...hidden, HISTORY_STATES], listener, { onGap: listener })

  const wait = async (
    target: string,
    { signal, onProgress }: VersionWaitOptions,
  ): Promise<Version> => {
    for (;;) {
      const change = nextChange(onChange, signal)
      try {
        const version = await find(target)
        if (version.state !== 'arriving') return version
        const arrival = (await ask({ kind: 'arrival', version: version.id })) as Arrival
        onProgress?.({ ...arrival, version })
        await change.happened
      } finally {
        change.stop()
      }
    }
  }
  const at = async (target: string, options: VersionWaitOptions = {}) => {
    const version = await wait(target, options)
    if (version.state === 'damaged') throw damaged(version)
    return createPastUniverse(parts, version, ask)
  }
  const merged = async (reducer: string, args: object): Promise<MergeOutcome> => {
    const { version, ...outcome } = (await call(reducer, args)) as Omit<MergeOutcome, 'version'> & {
      readonly version: string | null
    }
    return { ...outcome, version: version === null ? undefined : await find(version) }
  }

  const versions: Versions = {
    async commit(description, { parents, ...options } = {}) {
      const args = parents === undefined ? {} : { parents: await idsOf(parents) }
      const done = await call(COMMIT_VERSION_REDUCER, { description, ...args }, options)
      return find((done as { readonly version: string }).version)
    },
    list: async () => (await known()).versions,
    get: async (target) => findVersion(await known(), target),
    heads: async () => headsOf((await known()).versions),
    async history(target, { depth = Number.POSITIVE_INFINITY } = {}) {
      const all = await known()
      const from = target === undefined ? headsOf(all.versions) : [requireVersion(all, target)]
      return historyOf(all.versions, from, depth)
    },
    at,
    follow: (target, build, onState) =>
      followVersion(
        { target, build: build as FollowOptions['build'], onChange, find, at },
        onState as (state: FollowState<unknown>) => void,
      ),
    async diff(from, to, { tables, limit = DIFF_ROWS, after, signal } = {}) {
      const [a, b] = await idsOf(to === undefined ? [from] : [from, to])
      const request = {
        kind: 'diff',
        from: a ?? null,
        to: b ?? null,
        tables,
        limit,
        after,
      } as const
      return (await ask(request, signal && { signal })) as readonly RowDifference[]
    },
    async revertTo(target, options) {
      const { id } = await find(target)
      return (await call(REVERT_REDUCER, { version: id }, options)) as WriteOutcome
    },
    async merge(from, description) {
      const { id } = await find(from)
      return merged(MERGE_REDUCER, { from: id, description })
    },
    async mergeVersions(a, b, description, options = {}) {
      const [one, other] = await idsOf([a, b])
      return merged(MERGE_VERSIONS_REDUCER, { a: one, b: other, description, ...options })
    },
    async branch(name, target) {
      const { id } = await find(target)
      await call(NAME_REDUCER, { kind: 'branch', name, version: id })
    },
    async tag(name, target) {
      const { id } = await find(target)
      await call(NAME_REDUCER, { kind: 'tag', name, version: id })
    },
    refs: async () => (await known()).refs,
    async removeName(kind, name) {
      await call(UNNAME_REDUCER, { kind, name })
    },
    async draft(branch) {
      const from = headOf(await known(), branch)
      return openDraft({ ...parts, call, find, branch, from })
    },
    async retain(policy) {
      const retained = await call(RETAIN_REDUCER, policy)
      return (retained as { readonly versionCount: number }).versionCount
    },
    async drop(targets) {
      await call(DROP_REDUCER, { versions: await idsOf(targets) })
    },
    async export(targets) {
      const ids = targets && (await idsOf(targets))
      return (await ask({ kind: 'export', versions: ids })) as Uint8Array
    },
    async import(bytes, options) {
      const sized = { bytesMax: HISTORY_IMPORT_BYTES_MAX }
      const imported = await call(IMPORT_REDUCER, { bytes, ...options }, sized)
      return (imported as { readonly versions: readonly string[] }).versions
    },
    onChange: (listener) => {
      check()
      return onChange(listener)
    },
  }
  return versions
}

function headOf(all: KnownVersions, branch: string): Version {
  const ref = all.refs.find(({ kind, name }) => kind === 'branch' && name === branch)
  if (ref !== undefined) return requireVersion(all, ref.version)
  throw new UniverseError(
    'history/name-unknown',
    `there is no branch "${branch.slice(0, 64)}" here; begin it by \`versions.branch(name, version)\``,
    { details: { kind: 'branch', name: branch } },
  )
}

function damaged({ id }: Version): UniverseError {
  return new UniverseError(
    'history/damaged',
    `the content of version "${id}" does not fit its digest; import it from an export, or use another version`,
    { details: { version: id } },
  )
}

/** The next change; rejects when the signal fires. */
function nextChange(
  onChange: (listener: () => void) => () => void,
  signal: AbortSignal | undefined,
): { readonly happened: Promise<void>; stop(): void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void =>
    reject(
      new UniverseError('call/aborted', 'waiting for a version was aborted by the caller', {
        cause: signal?.reason,
      }),
    )
  // Whoever awaits it is told; it may have been found before.
  promise.catch(() => undefined)
  const end = onChange(resolve)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  return {
    happened: promise,
    stop: () => {
      end()
      signal?.removeEventListener('abort', abort)
    },
  }
}
