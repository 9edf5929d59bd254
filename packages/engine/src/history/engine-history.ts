/** The versions of a universe: given to `openEngine` by whoever keeps them. HISTORY.md. */
import type { DraftCall, Hash } from '@inner-universe/core'
import type { EngineParts } from '../engine-parts.ts'
import type {
  DiffOptions,
  DraftResult,
  EngineHistory,
  Past,
  RowDifference,
  VersionInfo,
  VersionRef,
} from '../history-contract.ts'
import type { History, HistoryPart, HistoryParts } from '../history-part.ts'
import { commitReducers } from './commit-reducer.ts'
import { checkDraftCalls } from './draft-call.ts'
import { evaluateDraft } from './evaluate.ts'
import { exportVersions } from './export-versions.ts'
import { fillSlice, writeSlice } from './filling.ts'
import { importReducers } from './import-versions.ts'
import { nameReducers } from './name-reducers.ts'
import { PastState } from './past-state.ts'
import { retainReducers } from './retention.ts'
import { differenceOf, diffStates, digestOfState } from './state-difference.ts'
import { stateReducers } from './state-reducers.ts'
import { VersionKeeper } from './version-keeper.ts'

export type { EngineHistory } from '../history-contract.ts'
export type { History, HistoryPart } from '../history-part.ts'

/** What `EngineOptions.history` takes. */
export const history: History = { create: createPart }

function createPart(parts: HistoryParts): HistoryPart {
  const keeper = new VersionKeeper(parts)
  return {
    reducers: {
      ...commitReducers(keeper),
      ...stateReducers(keeper),
      ...nameReducers(keeper),
      ...retainReducers(keeper),
      ...importReducers(keeper),
    },
    open: (options) => keeper.open(options),
    step: (changes) => keeper.step(changes),
    rollBack: () => keeper.rollBack(),
    connect: (open) => new KeptHistory(keeper, open),
  }
}

/** See {@link EngineHistory}. */
class KeptHistory implements EngineHistory {
  readonly #keeper: VersionKeeper
  readonly #open: () => EngineParts

  constructor(keeper: VersionKeeper, open: () => EngineParts) {
    keeper.connect(open)
    this.#keeper = keeper
    this.#open = open
  }

  versions(): readonly VersionInfo[] {
    this.#open()
    return this.#keeper.rows.all().map((version) => this.#keeper.infoOf(version))
  }

  refs(): readonly VersionRef[] {
    this.#open()
    return this.#keeper.rows.refs()
  }

  past(version: string): Past {
    this.#open()
    return new PastState(this.#keeper, version)
  }

  diff(from: string | null, to: string | null, options: DiffOptions): readonly RowDifference[] {
    this.#open()
    return diffStates(this.#keeper, this.#stateOf(from), this.#stateOf(to), options)
  }

  digest(version: string | null): Hash {
    this.#open()
    if (version === null) return digestOfState(this.#keeper, undefined)
    const { digest, state, marker } = this.#keeper.markerOf(version)
    return (state === 'ready' ? digest : undefined) ?? digestOfState(this.#keeper, marker)
  }

  evaluate<T = undefined>(
    version: string,
    calls: readonly DraftCall[],
    read?: (past: Past) => T,
    sender: string = this.#open().info.owner,
  ): DraftResult<T> {
    this.#open()
    const keeper = this.#keeper
    const draft = { version, calls: checkDraftCalls(calls), sender }
    return evaluateDraft(keeper, draft, ({ results, differences }) => ({
      values: results,
      differences: differences()
        .filter(({ table }) => keeper.hashOf(table) !== undefined)
        .map((row) => differenceOf(keeper, row)),
      result: read?.(new PastState(keeper, null)) as T,
    }))
  }

  export(versions?: readonly string[]): Uint8Array<ArrayBuffer> {
    this.finishWriting()
    return exportVersions(this.#keeper, versions)
  }

  fill(): boolean {
    this.#open()
    return fillSlice(this.#keeper)
  }

  finishWriting(): void {
    this.#open()
    while (writeSlice(this.#keeper));
  }

  /** The marker of a version; undefined for null, the present. */
  #stateOf(version: string | null): number | undefined {
    return version === null ? undefined : this.#keeper.markerOf(version).marker
  }
}
