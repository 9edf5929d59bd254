/** What relations are planned with. */
import type { Relation, TableDefinition } from '@inner-universe/core'

/** What a relation may read. */
export interface PlanOptions {
  /** Definitions of the module's tables. */
  readonly tables: Readonly<Record<string, TableDefinition>>
  /** Relations of its declared views. Default: none. */
  readonly views?: Readonly<Record<string, Relation>>
  /**
   * False: windows over one table are kept in the store instead of in memory and refilled by a query.
   * For stores that outlive the process. Default true.
   */
  readonly readsWindows?: boolean
}
