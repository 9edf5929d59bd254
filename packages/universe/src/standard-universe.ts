/** What the parts of this package need of an open universe. */
import type { Universe } from '@inner-universe/client'
import type { StandardReducers } from './module/standard-module.ts'
import type { StandardTables } from './module/tables.ts'

/**
 * An open universe whose module has the standard tables and reducers, alone or beside an app's own.
 */
export type StandardUniverse = Omit<Universe<StandardTables, StandardReducers>, 'module'>
