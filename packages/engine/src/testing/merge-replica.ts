/** A replica that only merges: a database in memory without reducers, for tests of `apply`. */

import type { Changeset } from '@inner-universe/core'
import { createHlcClock, type Module, type StreamId } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type ApplyParts, applySegments } from '../apply.ts'
import { Changes } from '../changes.ts'
import type { ApplyOutcome } from '../engine.ts'
import { HeldLog } from '../held-log.ts'
import { createTables } from '../migrate.ts'
import { createRowCodec } from '../row-codec.ts'
import { RowStore } from '../row-store.ts'
import { compileSchema, definitionsOf, type Schema } from '../schema.ts'
import { Streams } from '../streams.ts'

/** An open replica. Close its driver when done. */
export interface MergeReplica {
  readonly driver: Driver
  readonly schema: Schema
  readonly rows: RowStore
  readonly streams: Streams
  readonly parts: ApplyParts & { readonly log: HeldLog }
  apply(segments: readonly Uint8Array[]): {
    outcomes: readonly ApplyOutcome[]
    changeset: Changeset | undefined
  }
}

/** Opens an empty replica of a module. */
export function openMergeReplica(module: Module, stream: StreamId): MergeReplica {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const schema = compileSchema(module)
  createTables(driver, module, schema)
  const rows = new RowStore(driver)
  const streams = new Streams(driver)
  streams.intern(stream, true)
  const parts = {
    log: new HeldLog(driver, streams, module.version),
    clock: createHlcClock({ now: () => 0, last: 0 }),
    tables: definitionsOf(schema),
  }
  const codecs = new Map([...schema.values()].map((table) => [table, createRowCodec(table)]))
  return {
    driver,
    schema,
    rows,
    streams,
    parts,
    apply(segments) {
      const changes = new Changes()
      driver.exec('BEGIN')
      try {
        const outcomes = applySegments({ driver, schema, rows, streams, changes }, parts, segments)
        driver.exec('COMMIT')
        return { outcomes, changeset: changes.changeset(1, 'remote', codecs) }
      } catch (error) {
        driver.exec('ROLLBACK')
        streams.reload()
        throw error
      }
    },
  }
}
