/** The graph apart from the present: as it was, and as it is on a branch. */
import type { PastUniverse, VersionDraft } from '@inner-universe/client'
import type { WordnetReducers, WordnetTables, WordnetViews } from '../wordnet-module.ts'

/** The graph as it was in a version. */
export type PastGraph = PastUniverse<WordnetTables, WordnetViews>

/** Changes on a branch that are in no version yet. */
export type GraphDraft = VersionDraft<WordnetTables, WordnetReducers, WordnetViews>
