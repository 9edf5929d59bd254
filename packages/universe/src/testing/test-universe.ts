/** An open universe of the standard module for tests: the real client over a database in memory. */
import { openUniverse } from '@inner-universe/client/node'
import { standardModule } from '../module/standard-module.ts'
import type { StandardUniverse } from '../standard-universe.ts'

/** Opens a new universe, owned by this client. */
export function openTestUniverse(): Promise<StandardUniverse> {
  return openUniverse(standardModule, { memory: true, durability: 'process' })
}
