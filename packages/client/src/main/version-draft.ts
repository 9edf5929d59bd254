/** Calls on top of a version, run on the worker at each use and taken back. */
import { BRANCH_REDUCER, type DraftCall, UniverseError } from '@inner-universe/core'
import type { HistoryRequest } from '../rpc/contract.ts'
import { createPastReads, type VersionsParts } from './past-universe.ts'
import type { Session } from './session.ts'
import type { Cancellable } from './universe.ts'
import type { RowDifference, Version, VersionDraft } from './versions.ts'

/** Workers that a draft may be run on: one may have gone for another reason. */
const RUNS_MAX = 2

/** What a draft is made of. */
export interface DraftOptions extends VersionsParts {
  readonly call: (reducer: string, args: object) => Promise<unknown>
  readonly find: (target: string) => Promise<Version>
  readonly branch: string
  readonly from: Version
}

/** What running it gives. */
interface DraftResult {
  /** Of the calls, in their order. */
  readonly values: readonly unknown[]
  readonly differences: readonly RowDifference[]
}

/** A draft without calls. */
export function openDraft(options: DraftOptions): VersionDraft {
  const { session, readOf, check, call, find, branch } = options
  const seed = crypto.randomUUID()
  let { from } = options
  let calls: readonly DraftCall[] = []
  let lastNumber = 0
  let isClosed = false
  /** Calls and commits go one after the other. */
  let last: Promise<unknown> = Promise.resolve()

  const run = (
    kept: readonly DraftCall[],
    read?: Extract<HistoryRequest, { kind: 'draft' }>['read'],
    signal?: AbortSignal,
  ): Promise<unknown> => {
    check()
    if (isClosed) throw draftClosed(branch)
    const request = { kind: 'draft', version: from.id, calls: kept, read } as const
    return runBounded(session, request, signal)
  }
  const inTurn = <Value>(body: () => Promise<Value>): Promise<Value> => {
    const ended = last.then(body)
    last = ended.catch(() => undefined)
    return ended
  }
  const add = (reducer: string, args: unknown): Promise<unknown> => {
    lastNumber += 1
    const added: DraftCall = {
      reducer,
      args: copyOf(args),
      seed: `${seed}-${lastNumber}`,
      timestampMs: session.options.clock.now(),
    }
    return inTurn(async () => {
      const all = [...calls, added]
      const { values } = (await run(all)) as DraftResult
      calls = all
      return values.at(-1)
    })
  }
  return {
    branch,
    get from() {
      return from
    },
    get callCount() {
      return calls.length
    },
    call: Object.fromEntries(
      Object.keys(session.options.module.reducers).map((name) => [
        name,
        async (args: unknown) => add(name, args),
      ]),
    ),
    // A read sees the calls that were made before it, awaited or not.
    ...createPastReads(readOf, (read, options?: Cancellable) =>
      inTurn(async () => run(calls, read, options?.signal)),
    ),
    diff: () => inTurn(async () => ((await run(calls)) as DraftResult).differences),
    commit: (description) =>
      inTurn(async () => {
        check()
        if (isClosed) throw draftClosed(branch)
        const args = { branch, from: from.id, calls, description }
        const { version } = (await call(BRANCH_REDUCER, args)) as { readonly version: string }
        from = await find(version)
        calls = []
        return from
      }),
    close: () => {
      isClosed = true
      calls = []
    },
  }
}

/** What the app changes in it later is no part of the call; what is undefined was not given. */
function copyOf(args: unknown): unknown {
  const given = Object.entries(args ?? {}).filter(([, value]) => value !== undefined)
  return structuredClone(Object.fromEntries(given))
}

/**
 * Runs a draft. It is not sent again by itself when its worker goes, as reads are: a reducer that does not end
 * would end each next worker too.
 */
async function runBounded(
  session: Session,
  request: HistoryRequest,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  for (let runCount = 1; ; runCount++) {
    const broken = new AbortController()
    const stop = session.onConnection(({ kind }) => {
      if (kind !== 'open') broken.abort()
    })
    const either = signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal])
    try {
      await session.opened()
      return await session.reads.read({ kind: 'history', request }, { signal: either })
    } catch (error) {
      if (!broken.signal.aborted || signal?.aborted === true) throw error
      if (runCount === RUNS_MAX) throw notEnded(error)
    } finally {
      stop()
    }
  }
}

function notEnded(cause: unknown): UniverseError {
  return new UniverseError(
    'reducer/time-limit',
    'the worker went away twice while it ran the draft; a reducer in it may not end',
    { cause },
  )
}

function draftClosed(branch: string): UniverseError {
  return new UniverseError(
    'client/closed',
    `the draft on branch "${branch}" was closed; begin another by \`versions.draft\``,
  )
}
