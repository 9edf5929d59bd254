/** Replicas built in OPFS, beside the databases they are to replace. */
import type { Driver } from '@inner-universe/sqlite'
import { type Sqlite, stageOpfsDatabase } from '@inner-universe/sqlite/wasm'
import type { ReplicaStaging } from '../store.ts'

/** Stages the next database of a directory. */
export async function opfsReplicaStaging(place: {
  readonly sqlite: Sqlite
  readonly directory: string
}): Promise<ReplicaStaging> {
  const staged = await stageOpfsDatabase(place)
  let driver: Driver | undefined
  return {
    ...staged,
    open: async (byteCount) => {
      driver = staged.open(byteCount)
      return driver
    },
    seal: () => driver?.checkpoint(),
  }
}
