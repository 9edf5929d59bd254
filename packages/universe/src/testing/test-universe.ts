/** An open universe of the standard module for tests: the real client over a database in memory. */
import { type Clock, openUniverse, systemClock } from '@inner-universe/client/node'
import { standardModule } from '../module/standard-module.ts'
import type { StandardUniverse } from '../standard-universe.ts'

/** Opens a new universe, owned by this client. */
export function openTestUniverse(clock: Clock = systemClock): Promise<StandardUniverse> {
  return openUniverse(standardModule, { memory: true, durability: 'process', clock })
}
