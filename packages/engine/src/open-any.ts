/** Opens a universe whatever its file needs first. Apart from `open-engine.ts`, for those who load that late. */
import type { Engine } from './engine.ts'
import type { EngineOptions } from './engine-options.ts'
import { openPrepared } from './open-engine.ts'
import { preparation } from './preparation.ts'

/**
 * Opens the universe in a database, creating or migrating it.
 *
 * The driver is closed when this throws; the file is then as it was.
 *
 * @throws UniverseError `engine/module-mismatch`, `engine/schema-too-new`,
 * `engine/schema-incompatible`, `engine/format-too-new`, `module/invalid`, `storage/…`, and what the
 * module's `init` throws, as a call's error.
 */
export function openEngine(options: EngineOptions): Engine {
  return openPrepared(options, preparation)
}
