/** The commands of one client: checks, export and import. See `rpc/commands.ts`. */
import { assert, UniverseError } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { Driver } from '@inner-universe/sqlite'
import { type Commands, outcomeOf } from '../rpc/commands.ts'
import type { LiveExplanation } from '../rpc/contract.ts'
import { FILE_CHUNK_BYTES } from '../rpc/piece-limits.ts'
import type { Host } from './host.ts'
import type { Staging, Store } from './store.ts'

/** What the commands work on. */
export interface OpenDatabase {
  readonly host: Host
  readonly store: Store
  /** The driver of the host's engine. */
  driver: Driver
  /** Opens an engine over a driver, which it owns. Code of it may have to be loaded. See the engine's own options. */
  readonly openEngine: (
    driver: Driver,
    stream: 'continue' | 'new',
    join?: { readonly owner: string },
  ) => Engine | Promise<Engine>
  /** What is known of the relay's clock: its time − ours, ms. New stamps are corrected by it. */
  readonly clock: { offsetMs: number }
  /** Work begins that blocks the thread for long. */
  readonly onLong: () => void
  /** Something failed that no client waits for. */
  readonly onFault: (error: unknown) => void
}

type Transfer =
  | {
      readonly kind: 'export'
      readonly chunks: Iterator<Uint8Array>
      next: IteratorResult<Uint8Array>
    }
  | { readonly kind: 'import'; readonly staging: Staging }

/** The commands of one client, and the end of what it left unfinished. */
export interface ClientCommands {
  readonly commands: Commands
  /** Drops its exports and imports: a tab that died in the middle does not come back for them. */
  dropTransfers(): void
}

/** The commands of a client, working on the database that is open. */
export function hostCommands(database: OpenDatabase): ClientCommands {
  const transfers = new Map<number, Transfer>()
  let lastTransferId = 0

  const importOf = (transferId: number): Staging => {
    const transfer = transfers.get(transferId)
    if (transfer?.kind === 'import') return transfer.staging
    throw new UniverseError('client/protocol', 'there is no such import; start it again')
  }

  const drop = async (transferId: number): Promise<void> => {
    const transfer = transfers.get(transferId)
    transfers.delete(transferId)
    if (transfer?.kind === 'export') transfer.chunks.return?.()
    else await transfer?.staging.drop()
  }

  const commands: Commands = {
    verify: () =>
      outcomeOf(() => {
        database.onLong()
        const faults = database.host.engine.verify()
        // Views found damaged are built anew.
        database.host.noteViews()
        return faults.filter((fault) => fault !== 'ok')
      }),
    unsyncedCount: () => outcomeOf(() => database.host.engine.unsyncedCount()),
    digest: () =>
      outcomeOf(() => {
        database.onLong()
        return database.host.engine.digest()
      }),
    viewStates: () => outcomeOf(() => database.host.engine.viewStates()),
    explainView: (view) =>
      outcomeOf(() => database.host.engine.explainView(view) as LiveExplanation | undefined),
    conflicts: () => outcomeOf(() => database.host.engine.conflicts()),
    dismissConflicts: (conflictIds) =>
      outcomeOf(() => {
        assert(Array.isArray(conflictIds), 'conflicts are dismissed by a list of their ids')
        database.host.engine.dismissConflicts(conflictIds)
        return undefined
      }),
    openExport: () =>
      outcomeOf(() => {
        const { driver } = database
        database.onLong()
        driver.checkpoint()
        const transferId = ++lastTransferId
        const totalBytes = driver.fileBytes()
        const chunks = driver.exportChunks(FILE_CHUNK_BYTES)[Symbol.iterator]()
        // Taken now, because it is the first piece that notes what a later write would change.
        transfers.set(transferId, { kind: 'export', chunks, next: chunks.next() })
        return { transferId, totalBytes }
      }),
    readExport: (transferId) =>
      outcomeOf(() => {
        const transfer = transfers.get(transferId)
        if (transfer?.kind !== 'export') {
          throw new UniverseError('storage/changed', 'the export was broken off; start it again')
        }
        const { done, value } = transfer.next
        if (done) {
          transfers.delete(transferId)
          return undefined
        }
        transfer.next = transfer.chunks.next()
        return value as Uint8Array
      }),
    openImport: () =>
      outcomeOf(async () => {
        const transferId = ++lastTransferId
        transfers.set(transferId, { kind: 'import', staging: await database.store.stage() })
        return transferId
      }),
    writeImport: (transferId, bytes) =>
      outcomeOf(async () => {
        assert(bytes instanceof Uint8Array, 'an import is made of bytes')
        await importOf(transferId).write(bytes)
        return undefined
      }),
    finishImport: (transferId) =>
      outcomeOf(async () => {
        const staging = importOf(transferId)
        try {
          await checkStaged(database, staging)
          await replace(database, staging)
        } finally {
          transfers.delete(transferId)
          await staging.drop()
        }
        return undefined
      }),
    dropTransfer: (transferId) =>
      outcomeOf(async () => {
        await drop(transferId)
        return undefined
      }),
  }
  return {
    commands,
    dropTransfers: () => {
      for (const transferId of [...transfers.keys()]) drop(transferId).catch(database.onFault)
    },
  }
}

/**
 * Opens the staged file as a universe of this module, which also gives it a stream of its own: the
 * file may be a copy of one that still writes.
 */
async function checkStaged(database: OpenDatabase, staging: Staging): Promise<void> {
  const driver = await staging.open()
  database.onLong()
  const faultsOfFile = driver.integrityCheck().filter((fault) => fault !== 'ok')
  if (faultsOfFile.length > 0) {
    driver.close()
    throw damaged(faultsOfFile)
  }
  const engine = await database.openEngine(driver, 'new')
  try {
    const look = () => engine.verify().filter((fault) => fault !== 'ok')
    // Damaged views begin anew when they are found: no fault of the file, as a second look shows.
    const faults = look().length > 0 ? look() : []
    if (faults.length > 0) throw damaged(faults)
    // What the engine wrote must be in the file itself, not in a log beside it.
    if (driver.storage !== 'memory') driver.checkpoint()
  } finally {
    engine.close()
  }
}

function damaged(faults: readonly string[]): UniverseError {
  return new UniverseError(
    'storage/corrupt',
    'the file to import is damaged; nothing was changed, give another copy',
    { details: { faults } },
  )
}

/** Puts the staged file in place. If that fails, the old database goes on. */
async function replace(database: OpenDatabase, staging: Staging): Promise<void> {
  const { host, store, openEngine } = database
  await host.sync.stop()
  host.suspend()
  host.engine.close()
  try {
    await staging.takeOver()
  } finally {
    const driver = await store.open()
    database.driver = driver
    // A copy may still write elsewhere, and a replaced file may have been rolled back.
    host.resume(await openEngine(driver, 'new'))
    host.sync.start()
  }
}
